"""A projector prepares an image and encodes it to as many embeddings as it announced."""

from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.engine.binding import LlamaModel, LoadError
from paddock.engine.binding.mtmd import Projector
from tests.models import kinds, projectors
from tests.models.projectors import PATCHES

WIDTH, HEIGHT = 40, 30


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    model = LlamaModel(str(kinds.full_attention(tmp_path_factory.mktemp("mtmd") / "model.gguf")))
    yield model
    model.close()


@pytest.fixture(scope="module")
def projector_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return projectors.llava(tmp_path_factory.mktemp("mtmd") / "projector.gguf")


def pixels(red: int) -> bytes:
    return bytes([red, 0, 200]) * (WIDTH * HEIGHT)


def encoded(projector: Projector, image: bytes) -> "array[float]":
    """Return the embeddings of the one chunk of an image that is not text."""
    prepared = projector.prepare_image(WIDTH, HEIGHT, image)
    try:
        (chunk,) = [number for number, chunk in enumerate(prepared.chunks) if not chunk.text_tokens]
        assert prepared.chunks[chunk].num_embeddings == prepared.num_embeddings == PATCHES
        return array("f", bytes(projector.encode(prepared, chunk)))
    finally:
        prepared.close()


def test_an_image_has_one_embedding_for_each_patch_and_another_image_has_others(
    model: LlamaModel, projector_file: Path
) -> None:
    projector = Projector(str(projector_file), model)
    assert projector.has_vision and not projector.has_audio and not projector.has_dimensions
    first, same, other = (encoded(projector, pixels(red)) for red in (10, 10, 250))
    assert len(first) == PATCHES * projector.width
    assert first == same != other
    projector.close()


def checkpoints(model: LlamaModel, file: Path, goes_on: bool) -> int:
    """Return how often the checkpoint of an encoding is called if it returns `goes_on`."""
    calls: list[bool] = []

    def checkpoint() -> bool:
        calls.append(goes_on)
        return goes_on

    projector = Projector(str(file), model, checkpoint=checkpoint)
    encoded(projector, pixels(1))
    projector.close()
    return len(calls)


def test_a_checkpoint_that_returns_false_ends_the_encoding(model: LlamaModel, projector_file: Path) -> None:
    assert 0 < checkpoints(model, projector_file, False) < checkpoints(model, projector_file, True)


def test_a_file_that_is_no_projector_is_refused_by_its_name(model: LlamaModel, tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(b"no projector")
    with pytest.raises(LoadError):
        Projector(str(path), model)
