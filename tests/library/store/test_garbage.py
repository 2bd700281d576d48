from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobStore
from paddock.library.store.garbage import GarbageCollector
from paddock.library.store.manifests import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Layer, Manifest, ManifestStore


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def manifests(tmp_path: Path) -> ManifestStore:
    return ManifestStore(tmp_path / "manifests")


def test_only_candidates_that_no_manifest_names_are_removed(blobs: BlobStore, manifests: ManifestStore) -> None:
    used, unused, unknown = (blobs.put(data)[0] for data in (b"used", b"unused", b"unknown"))
    layers = [Layer(f"{LAYER_TYPE}model", used, 4)]
    manifests.write(ModelName.parse("m"), Manifest(2, MANIFEST_TYPE, Layer(CONFIG_TYPE, "", 0), layers))
    garbage = GarbageCollector(blobs, manifests)
    garbage.add_candidates({used, unused})
    assert garbage.collect() == 1
    assert blobs.exists(used) and not blobs.exists(unused) and blobs.exists(unknown)
    manifests.delete(ModelName.parse("m"))
    assert garbage.collect() == 0, "a blob that was in use is no candidate any more"


def test_a_claimed_blob_stays_a_candidate_until_its_claim_is_dropped(
    blobs: BlobStore, manifests: ManifestStore
) -> None:
    digest = blobs.put(b"x")[0]
    assert blobs.claim(digest)
    garbage = GarbageCollector(blobs, manifests)
    garbage.add_candidates({digest})
    assert garbage.collect() == 0 and blobs.exists(digest)
    blobs.claims.drop(digest)
    assert garbage.collect() == 1 and not blobs.exists(digest)


def test_nothing_is_removed_while_the_lock_is_held_or_a_manifest_cannot_be_read(
    blobs: BlobStore, manifests: ManifestStore
) -> None:
    digest = blobs.put(b"x")[0]
    garbage = GarbageCollector(blobs, manifests)
    garbage.add_candidates({digest})
    with blobs.lock.shared():
        assert garbage.collect() == 0
    broken = manifests.path(ModelName.parse("broken"))
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    assert garbage.collect() == 0 and blobs.exists(digest)
    broken.unlink()
    assert garbage.collect() == 1


def test_a_blob_that_the_system_refuses_to_remove_is_tried_again(
    blobs: BlobStore, manifests: ManifestStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = blobs.put(b"x")[0]
    garbage = GarbageCollector(blobs, manifests)
    garbage.add_candidates({digest})

    def refuse(digest: str) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(blobs, "remove", refuse)
        assert garbage.collect() == 0
    assert garbage.collect() == 1
