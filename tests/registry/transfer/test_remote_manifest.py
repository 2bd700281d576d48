import json
from typing import Any

import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.library.store.manifests import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE
from paddock.registry import RegistryError
from paddock.registry.transfer.remote_manifest import OCI_MANIFEST_TYPE, install, parse_remote_manifest

NAME = ModelName.parse("team/m")


def document(config: str, *layers: str, **changes: Any) -> bytes:
    fields = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": config, "size": 2},
        "layers": [{"mediaType": f"{LAYER_TYPE}license", "digest": layer, "size": 1} for layer in layers],
    }
    return json.dumps(fields | changes).encode()


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def test_every_blob_is_a_layer_once_and_the_bytes_are_kept() -> None:
    data = document(digest(1), digest(2), digest(3), digest(2))
    remote = parse_remote_manifest(data, "a registry")
    assert [layer.digest for layer in remote.layers] == [digest(2), digest(3), digest(1)]
    assert remote.data == data


def test_a_manifest_without_a_media_type_is_oci_s() -> None:
    fields = json.loads(document(digest(1)))
    del fields["mediaType"]
    remote = parse_remote_manifest(json.dumps(fields).encode(), "a registry")
    assert remote.manifest.mediaType == OCI_MANIFEST_TYPE == json.loads(remote.data)["mediaType"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"layers": 1}', b"\xff", document("../x"), b"[" * 100_000])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(RegistryError):
        parse_remote_manifest(data, "a registry")


def test_a_manifest_is_installed_byte_for_byte_when_all_layers_are_present(library: Library) -> None:
    config, first, second = (library.blobs.put(data)[0] for data in (b"{}", b"a", b"b"))
    missing = parse_remote_manifest(document(config, digest(9)), "a registry")
    assert install(library, NAME, missing) is None and not library.has(NAME)
    data = document(config, first) + b"\n\n"
    assert install(library, NAME, parse_remote_manifest(data, "a registry")) is False
    assert library.manifests.path(NAME).read_bytes() == data
    assert install(library, NAME, parse_remote_manifest(document(config, second), "a registry")) is True
    assert not library.blobs.exists(first)
