import logging
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddock.library.errors import LibraryError
from paddock.library.names import ModelName
from paddock.library.store import manifests
from paddock.library.store.manifests import (
    CONFIG_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    BrokenModel,
    ConfigBlob,
    Layer,
    Manifest,
    ManifestStore,
    parse_manifest,
)

DIGEST = "sha256:" + "a" * 64
MANIFEST = Manifest(
    2,
    MANIFEST_TYPE,
    Layer(CONFIG_TYPE, DIGEST, 152),
    [Layer(LAYER_TYPE + "model", DIGEST, 10, "x:latest"), Layer(LAYER_TYPE + "system", DIGEST, 3)],
)


@pytest.fixture
def store(tmp_path: Path) -> ManifestStore:
    return ManifestStore(tmp_path / "manifests")


def name(text: str) -> ModelName:
    return ModelName.parse(text)


def test_a_manifest_is_written_as_ollama_writes_it(store: ManifestStore) -> None:
    store.write(name("ns/m:t"), MANIFEST)
    path = store.folder / "registry.ollama.ai" / "ns" / "m" / "t"
    assert path.read_text() == (
        f'{{"schemaVersion":2,"mediaType":"{MANIFEST_TYPE}","config":{{"mediaType":"{CONFIG_TYPE}","digest":"{DIGEST}",'
        f'"size":152}},"layers":[{{"mediaType":"{LAYER_TYPE}model","digest":"{DIGEST}","size":10,"from":"x:latest"}},'
        f'{{"mediaType":"{LAYER_TYPE}system","digest":"{DIGEST}","size":3}}]}}\n'
    )
    stored = store.read(name("ns/m:t"))
    assert stored is not None
    assert (stored.manifest, stored.modified_ns) == (MANIFEST, path.stat().st_mtime_ns)
    assert [p.name for p in store.folder.iterdir()] == ["registry.ollama.ai"]


def test_the_config_has_ollamas_keys_in_ollamas_order() -> None:
    config = ConfigBlob(
        "gguf", "llama", ["llama"], "293K", "unknown", requires="0.12.0", architecture="amd64", os="linux"
    )
    assert msgspec.json.encode(config) == (
        b'{"model_format":"gguf","model_family":"llama","model_families":["llama"],"model_type":"293K",'
        b'"file_type":"unknown","requires":"0.12.0","architecture":"amd64","os":"linux"}'
    )
    old = b'{"model_format":"gguf","rootfs":{"type":"layers","diff_ids":["sha256:x"]},"new_key":1}'
    assert msgspec.json.decode(old, type=ConfigBlob).model_format == "gguf"


def test_existing_parts_keep_their_spelling(store: ManifestStore) -> None:
    store.write(name("Example/Stories:Big"), MANIFEST)
    assert store.resolve(name("example/STORIES:big")) == name("Example/Stories:Big")
    assert store.resolve(name("example/STORIES:other")) == name("Example/Stories:other")
    assert store.resolve(name("Other/STORIES")) == name("Other/STORIES")
    store.write(name("stories"), MANIFEST)
    store.path(name("STORIES")).parent.mkdir(parents=True, exist_ok=True)
    assert store.resolve(name("stories")) == name("stories")


def test_deleting_removes_folders_only_when_empty(store: ManifestStore) -> None:
    store.write(name("a:1"), MANIFEST)
    store.write(name("a:2"), MANIFEST)
    assert store.delete(name("a:1"))
    assert not store.delete(name("a:1"))
    assert list(store.names()) == [name("a:2")]
    assert store.delete(name("a:2"))
    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schemaVersion":2}',
        b"[" * 100_000,
        msgspec.json.encode(MANIFEST).replace(b"sha256:aa", b"sha256:../../"),
        msgspec.json.encode(MANIFEST).replace(b":10,", b":-1,"),
        b" " * (4 << 20) + msgspec.json.encode(MANIFEST),
    ],
)
def test_a_broken_manifest_is_an_error_by_name_and_skipped_in_lists(
    store: ManifestStore, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store.write(name("good"), MANIFEST)
    store.write(name("bad"), MANIFEST)
    store.path(name("bad")).write_bytes(data)
    with pytest.raises(BrokenModel, match="model 'bad:latest' is broken: its manifest cannot be read"):
        store.read(name("bad"))
    with caplog.at_level(logging.WARNING):
        assert [stored.name for stored in store.all()] == [name("good")]
    assert "bad:latest" in caplog.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mutated_manifest_is_read_or_refused(data: st.DataObject) -> None:
    original = msgspec.json.encode(MANIFEST)
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, len(original)))
    try:
        manifest = parse_manifest(original[:start] + data.draw(st.binary(max_size=8)) + original[end:])
    except LibraryError:
        return
    assert all(len(digest) == 71 for digest in manifest.digests())


@pytest.mark.parametrize("size", [-1, 2**63, 10**30, 2**62])
def test_sizes_that_no_disk_has_are_refused(size: int) -> None:
    layers = [Layer(LAYER_TYPE + "model", DIGEST, size)] * 3
    with pytest.raises(LibraryError, match="a size is"):
        parse_manifest(msgspec.json.encode(msgspec.structs.replace(MANIFEST, layers=layers)))


def test_a_manifest_has_a_number_of_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MAX_LAYERS", 2)
    assert parse_manifest(msgspec.json.encode(MANIFEST)) == MANIFEST
    with pytest.raises(LibraryError, match="more than 2 layers"):
        parse_manifest(msgspec.json.encode(msgspec.structs.replace(MANIFEST, layers=MANIFEST.layers * 2)))


def test_foreign_files_are_no_models(store: ManifestStore) -> None:
    store.write(name("good"), MANIFEST)
    (store.folder / ".DS_Store").write_text("x")
    (store.path(name("good")).parent / ".DS_Store").write_text("x")
    assert list(store.names(strict=True)) == [name("good")]
    (store.path(name("good")).parent / "b c").write_text("x")
    assert list(store.names()) == [name("good")]
    with pytest.raises(LibraryError, match="is no model's name"):
        list(store.names(strict=True))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that cannot be read")
def test_a_folder_that_cannot_be_listed_is_noticed(store: ManifestStore) -> None:
    store.write(name("good"), MANIFEST)
    folder = store.path(name("good")).parent
    folder.chmod(0)
    try:
        with pytest.raises(OSError, match="good"):
            list(store.names(strict=True))
    finally:
        folder.chmod(0o700)
