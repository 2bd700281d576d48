from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store import model as model_module
from paddock.library.store.blobs import BlobStore
from paddock.library.store.manifests import (
    CONFIG_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    BrokenModel,
    Layer,
    Manifest,
    StoredManifest,
)
from paddock.library.store.model import read_model


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def stored(blobs: BlobStore, config: bytes, *layers: tuple[str, bytes]) -> StoredManifest:
    """A manifest of these layers, whose blobs are stored."""

    def layer(kind: str, data: bytes) -> Layer:
        return Layer(kind, blobs.put(data)[0], len(data))

    manifest = Manifest(
        2, MANIFEST_TYPE, layer(CONFIG_TYPE, config), [layer(LAYER_TYPE + kind, data) for kind, data in layers]
    )
    return StoredManifest(ModelName.parse("m"), manifest, "0" * 64, 7)


def test_small_blobs_are_read_and_parameters_merged(blobs: BlobStore) -> None:
    manifest = stored(
        blobs,
        b'{"model_family":"llama","rootfs":{"type":"layers"}}',
        ("prompt", b"old"),
        ("template", b"new"),
        ("system", b"S"),
        ("params", b'{"top_k":1,"seed":2}'),
        ("params", b'{"top_k":3,"seed":null}'),
        ("messages", b'[{"role":"user","content":"x"},7]'),
        ("license", b"MIT"),
        ("license", b"\xff"),
    )
    model = read_model(manifest, None, blobs)
    assert (model.config.model_family, model.template, model.system) == ("llama", "new", "S")
    assert model.parameters == {"top_k": 3, "seed": 2}
    assert model.messages == [{"role": "user", "content": "x"}]
    assert model.licenses == ["MIT", "\ufffd"]
    assert (model.parent, model.weights_file, model.modified_ns) == ("", "", 7)
    with pytest.raises(BrokenModel, match="it has no GGUF file"):
        _ = model.gguf


@pytest.mark.parametrize(
    ("config", "kind", "data"),
    [(b"[]", "system", b""), (b"{}", "params", b"{"), (b"{}", "params", b"[]"), (b"{}", "messages", b"{}")],
)
def test_a_malformed_blob_breaks_the_model(blobs: BlobStore, config: bytes, kind: str, data: bytes) -> None:
    with pytest.raises(BrokenModel, match="model 'm:latest' is broken"):
        read_model(stored(blobs, config, (kind, data)), None, blobs)


@pytest.mark.parametrize(
    ("config", "kind", "data", "message"),
    [
        (b"{}", "messages", b"[{}]", "its messages layer: message 1: .*role"),
        (b"{}", "messages", b'[7, {"role": "user", "content": 5}]', "its messages layer: message 2: .*content"),
        (b"{}", "params", b'{"top_k": 1e999}', "its params layer: .*out of range"),
        (b"{}", "params", b"[" * 100_000, "its params layer: "),
        (b"7", "system", b"", "its config: "),
        (b'{"model_format": 7}', "system", b"", "its config: .*model_format"),
    ],
)
def test_what_is_wrong_with_a_layer_is_told_with_its_name(
    blobs: BlobStore, config: bytes, kind: str, data: bytes, message: str
) -> None:
    with pytest.raises(BrokenModel, match=f"^model 'm:latest' is broken: {message}"):
        read_model(stored(blobs, config, (kind, data)), None, blobs)


def test_a_message_without_content_has_an_empty_one(blobs: BlobStore) -> None:
    manifest = stored(blobs, b"{}", ("messages", b'[{"role": "user"}, {"role": "user", "content": null, "x": 1}]'))
    user = {"role": "user", "content": ""}
    assert read_model(manifest, None, blobs).messages == [user, {**user, "x": 1}]


def test_the_texts_of_a_model_have_a_limit_together(blobs: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "MAX_TEXTS", 100)
    assert len(read_model(stored(blobs, b"{}", *[("license", b"x" * 10)] * 10), None, blobs).licenses) == 10
    with pytest.raises(BrokenModel, match="its license layer: with it, its texts have more than"):
        read_model(stored(blobs, b"{}", *[("license", b"x" * 10)] * 11), None, blobs)


def test_a_model_is_current_while_its_config_is_the_same_file(blobs: BlobStore) -> None:
    model = read_model(stored(blobs, b"{}"), None, blobs)
    assert model.is_current() and [path.name for path, _ in model.files] == [
        model.manifest.config.digest.replace(":", "-")
    ]
    blobs.remove(model.manifest.config.digest)
    assert not model.is_current()
