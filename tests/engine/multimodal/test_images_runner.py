"""A runner with a projector: what it answers to images, how often it encodes them, what it survives."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock import ipc
from paddock.templates.placeholders import split_placeholders
from tests.engine.multimodal.test_encoder import drawn
from tests.engine.runners import GREEDY, RunnerUnderTest, load
from tests.models import kinds, projectors
from tests.models.projectors import PATCHES


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("images")
    return kinds.full_attention(folder / "model.gguf"), projectors.llava(folder / "projector.gguf")


@pytest.fixture(scope="module")
def runner(files: tuple[Path, Path]) -> Iterator[RunnerUnderTest]:
    model, projector = files
    with RunnerUnderTest(load(model, projector=projector, context_length=1024)) as under_test:
        under_test.expect(ipc.Loaded)
        yield under_test


def ask(number: int, prompt: str, *images: bytes, **fields: object) -> ipc.Generate:
    given = {"sampling": GREEDY, "num_predict": 8, **fields}
    text, places = split_placeholders(prompt, len(images))
    return ipc.Generate(id=number, prompt=text, images=images, placeholders=places, **given)  # type: ignore[arg-type]


def encoded(runner: RunnerUnderTest) -> int:
    """Return how many chunks of images and audio the runner has encoded, from the statistics of a next request."""
    runner.complete(ask(10**6, f"count {random.random()}", num_predict=1))
    return runner.expect(ipc.Statistics).encoded_media


def refused(end: ipc.Finished | ipc.Failed) -> str:
    assert isinstance(end, ipc.Failed)
    assert end.kind in ("invalid", "too_long")
    return end.message


def test_the_same_image_is_encoded_once_for_all(runner: RunnerUnderTest) -> None:
    before = encoded(runner)
    several = runner.complete(*(ask(n, f"question {n} about [img-0] ?", drawn(1)) for n in range(1, 6)))
    assert all(isinstance(end, ipc.Finished) for _, end in several.values())
    assert encoded(runner) == before + 1
    text, end = runner.complete(ask(6, "question 3 about [img-0] ?", drawn(1)))[6]
    assert text == several[3][0]
    assert isinstance(end, ipc.Finished)
    assert end.cached_tokens == end.prompt_tokens - 1
    assert encoded(runner) == before + 1


def test_images_are_measured(runner: RunnerUnderTest) -> None:
    runner.send(ipc.Measure(20, (drawn(2), drawn(3, 300, 200), drawn(2))))
    assert runner.expect(ipc.Measured) == ipc.Measured(20, (PATCHES,) * 3)
    runner.send(ipc.Measure(21, (drawn(2), b"none")))
    (failed,) = runner.expect(ipc.Step).failed
    assert failed.id == 21
    assert "image 2 is not an image" in refused(failed)


def test_what_is_not_an_image_is_refused_and_the_others_go_on(runner: RunnerUnderTest) -> None:
    ends = runner.complete(
        ask(30, "good [img-0]", drawn(4)),
        ask(31, "bad [img-0]", b"hello"),
        ask(32, "bad [img-0] [img-1]", drawn(4), drawn(4)[:50]),
        ask(33, "no mark", drawn(4)),
        ask(34, "too long [img-0]", drawn(4), num_ctx=10),
        ask(35, "text"),
    )
    assert "the image is not an image" in refused(ends[31][1])
    assert "image 2 is damaged" in refused(ends[32][1])
    assert "no place" in refused(ends[33][1])
    assert "of images" in refused(ends[34][1])
    assert all(isinstance(ends[n][1], ipc.Finished) for n in (30, 35))


def test_an_image_without_a_placeholder_is_not_prepared(runner: RunnerUnderTest) -> None:
    _, end = runner.complete(ask(40, "only [img-1]", b"never looked at", drawn(5)))[40]
    assert isinstance(end, ipc.Finished)


def test_a_place_outside_the_prompt_or_of_no_image_is_refused(runner: RunnerUnderTest) -> None:
    for place in ipc.Placeholder(9, 0), ipc.Placeholder(0, 1), ipc.Placeholder(0, -1):
        request = ipc.Generate(id=45, prompt="short", images=(drawn(5),), placeholders=(place,))
        assert "in a prompt of 5 characters with 1 images" in refused(runner.complete(request)[45][1])


def test_a_format_holds_after_an_image(runner: RunnerUnderTest) -> None:
    colors = ipc.JsonSchema('{"enum": ["red", "blue"]}')
    text, end = runner.complete(ask(50, "see [img-0]", drawn(6), constraint=colors))[50]
    assert text in ('"red"', '"blue"')
    assert isinstance(end, ipc.Finished)


def test_requests_cancelled_at_any_moment_leave_it_in_order(runner: RunnerUnderTest) -> None:
    expected = runner.complete(ask(60, "a [img-0] b", drawn(7, 900, 600)))[60][0]
    chance = random.Random(0)
    staying = set()
    for number in range(61, 101):
        runner.send(ask(number, f"gone {number} [img-0] and [img-1]", drawn(number, 500, 500), drawn(number % 3)))
        if chance.random() < 0.5:
            runner.send(ask(1000 + number, "hello", num_predict=2))
            staying.add(1000 + number)
        runner.send(ipc.Cancel(number))
        if chance.random() < 0.2:
            runner.send(ipc.Measure(2000 + number, (drawn(number),)))
            runner.send(ipc.Cancel(2000 + number))
    while staying:
        staying -= {end.id for end in runner.expect(ipc.Step).finished}
    assert runner.complete(ask(101, "a [img-0] b", drawn(7, 900, 600)))[101][0] == expected


def test_a_model_without_a_projector_refuses_images(files: tuple[Path, Path]) -> None:
    with RunnerUnderTest(load(files[0])) as blind:
        blind.expect(ipc.Loaded)
        assert "no images" in refused(blind.complete(ask(1, "[img-0]", drawn(1)))[1][1])


def test_a_projector_that_is_none_ends_the_loading(files: tuple[Path, Path], tmp_path: Path) -> None:
    nonsense = tmp_path / "projector.gguf"
    nonsense.write_bytes(b"nonsense" * 100)
    text = Path(shutil.copy(files[0], tmp_path / "text.gguf"))
    for path in (nonsense, tmp_path / "absent", text, projectors.llava(tmp_path / "wide.gguf", width=96)):
        with RunnerUnderTest(load(files[0], projector=path)) as failing:
            assert isinstance(failing.receive(), ipc.LoadFailed)
            assert failing.process.wait(20) == 1


def test_a_batch_is_as_large_as_an_image_whose_embeddings_attend_to_one_another(tmp_path: Path) -> None:
    model = kinds.sliding_window(tmp_path / "model.gguf")
    projector = projectors.gemma(tmp_path / "projector.gguf", size=112)
    with RunnerUnderTest(load(model, projector=projector, batch_tokens=32)) as small:
        small.expect(ipc.Loaded)
        _, end = small.complete(ask(1, "a [img-0] b", drawn(1)))[1]
        assert isinstance(end, ipc.Finished)
        assert end.prompt_tokens > 64
