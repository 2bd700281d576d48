import io
import json
import tarfile

import pytest

from paddock.library.errors import LibraryError
from paddock.library.names import ModelName
from paddock.library.store.library import Library, ModelNotFound
from paddock.registry import RegistryError
from paddock.registry.transfer.archive_export import open_archive
from tests.registry.transfer.test_archive_import import NAME, pack
from tests.registry.transfer.test_push import CONFIG, MODEL, TEMPLATE, digest, make


@pytest.fixture
def packed(library: Library) -> bytes:
    make(library, NAME)
    return pack(library, NAME)


def test_an_archive_is_an_oci_layout(packed: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = json.loads(files["index.json"])["manifests"]
    manifest = files[f"blobs/sha256/{entry['digest'][7:]}"]
    assert digest(manifest) == entry["digest"] and len(manifest) == entry["size"]
    assert entry["annotations"]["org.opencontainers.image.ref.name"].endswith("/team/m:v1")
    for data in (MODEL, TEMPLATE, CONFIG):
        assert files[f"blobs/sha256/{digest(data)[7:]}"] == data


def test_a_model_that_is_not_there_or_not_whole_is_not_exported(library: Library) -> None:
    with pytest.raises(ModelNotFound):
        open_archive(library, ModelName.parse("none"))
    name = make(library, NAME)
    library.blobs.path(digest(MODEL)).write_bytes(b"short")
    with pytest.raises(RegistryError, match="another size"):
        open_archive(library, name)
    library.blobs.remove(digest(MODEL))
    with pytest.raises(LibraryError, match="not found"):
        open_archive(library, name)
