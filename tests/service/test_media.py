import asyncio
from pathlib import Path

import pytest

from paddock.fleet import Lease
from paddock.ipc import Measure
from paddock.library.names import ModelName
from paddock.service.errors import NotSupported
from paddock.service.media import NO_MEDIA, check_takes_media, media_of, media_tokens, raw_with_placeholders
from paddock.service.models import ModelService
from paddock.service.resolved import ResolvedModel
from paddock.templates import Message
from tests.models.llama import tiny_file
from tests.models.projectors import gemma_with_ears, llava, ultravox
from tests.service.making import make
from tests.service.services import ScriptedRunners, services

IMAGE, AUDIO = b"\x89PNG", b"RIFF....WAVEfmt "


def resolved(models: ModelService, weights: str, projector: Path | None) -> ResolvedModel:
    files = {"x.gguf": weights}
    if projector is not None:
        files["p.gguf"] = models.library.blobs.put(projector.read_bytes())[0]
    make(models, "x", files=files)
    model = models.library.open(ModelName.parse("x"))
    return ResolvedModel(model, *models.describe(model))


def test_a_model_without_projector_takes_neither_images_nor_audio(models: ModelService, weights: str) -> None:
    with pytest.raises(NotSupported, match=NO_MEDIA):
        check_takes_media(resolved(models, weights, None), [IMAGE])


def test_a_model_with_vision_takes_images_only(models: ModelService, weights: str, tmp_path: Path) -> None:
    model = resolved(models, weights, llava(tmp_path / "p.gguf"))
    check_takes_media(model, [IMAGE, IMAGE])
    with pytest.raises(NotSupported, match=r"x:latest does not support audio$"):
        check_takes_media(model, [IMAGE, AUDIO])


def test_a_model_with_audio_takes_what_may_be_audio(models: ModelService, weights: str, tmp_path: Path) -> None:
    model = resolved(models, weights, ultravox(tmp_path / "p.gguf"))
    assert "vision" not in model.capabilities
    check_takes_media(model, [AUDIO, b"another format"])  # the runner says what is wrong with the second


def test_a_model_with_both_takes_both(models: ModelService, weights: str, tmp_path: Path) -> None:
    check_takes_media(resolved(models, weights, gemma_with_ears(tmp_path / "p.gguf")), [IMAGE, AUDIO])


def test_a_model_whose_projector_is_missing_says_so(models: ModelService, tmp_path: Path) -> None:
    file = tiny_file(tmp_path / "x.gguf", "llama", {"llama.vision.block_count": 1})
    model = resolved(models, models.library.blobs.put(file.read_bytes())[0], None)
    with pytest.raises(NotSupported, match="comes without the projector that images and audio need"):
        check_takes_media(model, [IMAGE])


def test_files_are_in_the_order_of_the_messages() -> None:
    messages = [Message("user", "", images=[b"1", b"2"]), Message("user", ""), Message("user", "", images=[b"3"])]
    assert media_of(messages) == (b"1", b"2", b"3")


@pytest.mark.parametrize(
    ("prompt", "images", "placed"),
    [
        ("x", 0, "x"),
        ("x", 2, "[img-0][img-1]x"),
        ("a [img] b", 1, "a [img-0] b"),
        ("a [img-1] [img-0]", 2, "a [img-1] [img-0]"),
    ],
)
def test_a_raw_prompt_gets_placeholders_unless_it_has_them(prompt: str, images: int, placed: str) -> None:
    assert raw_with_placeholders(prompt, [IMAGE] * images) == placed


def test_each_file_is_measured_once_however_often_it_is_sent(tmp_path: Path) -> None:
    async def body() -> None:
        async with services(tmp_path / "models", runners) as running:
            model = await running.loader.open("tiny")
            lease: Lease
            with await running.loader.acquire(model, running.loader.options(model, model.options), None) as lease:
                messages = [Message("user", "", images=[IMAGE]), Message("user", "", images=[IMAGE, AUDIO])]
                tokens = await media_tokens(lease, messages)
            assert [tokens(messages), tokens(messages[1:]), tokens([])] == [30, 20, 0]
            assert [c.images for c in runners.commands if isinstance(c, Measure)] == [(IMAGE, AUDIO)]

    runners = ScriptedRunners()
    asyncio.run(body())
