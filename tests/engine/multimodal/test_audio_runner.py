"""A runner with an audio projector: what it answers to audio, how often it encodes them, what it survives."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from paddock import ipc
from tests.audio import noise, recorded, spoken
from tests.engine.multimodal.test_encoder import drawn
from tests.engine.multimodal.test_images_runner import ask, encoded, refused
from tests.engine.runners import RunnerUnderTest, load
from tests.models import kinds, projectors
from tests.models.projectors import CELLS_OF_A_PIECE


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kinds.full_attention(tmp_path_factory.mktemp("model") / "model.gguf")


@pytest.fixture(scope="module")
def runner(model: Path) -> Iterator[RunnerUnderTest]:
    projector = projectors.ultravox(model.with_name("ears.gguf"))
    with RunnerUnderTest(load(model, projector=projector, context_length=1024)) as under_test:
        under_test.expect(ipc.Loaded)
        yield under_test


def test_the_same_audio_file_is_encoded_once_for_all(runner: RunnerUnderTest) -> None:
    before = encoded(runner)
    several = runner.complete(*(ask(n, f"question {n} about [img-0] ?", spoken(1, 40)) for n in range(1, 6)))
    assert all(isinstance(end, ipc.Finished) for _, end in several.values())
    assert encoded(runner) == before + 2
    text, end = runner.complete(ask(6, "question 3 about [img-0] ?", spoken(1, 40)))[6]
    assert text == several[3][0]
    assert isinstance(end, ipc.Finished)
    assert end.cached_tokens == end.prompt_tokens - 1
    assert encoded(runner) == before + 2


def test_audio_files_are_measured(runner: RunnerUnderTest) -> None:
    runner.send(ipc.Measure(20, (spoken(2), spoken(3, 61), spoken(2))))
    assert runner.expect(ipc.Measured) == ipc.Measured(20, tuple(n * CELLS_OF_A_PIECE for n in (1, 3, 1)))
    runner.send(ipc.Measure(21, (spoken(2), b"RIFFnoneWAVE")))
    (failed,) = runner.expect(ipc.Step).failed
    assert "recording 2 is damaged" in refused(failed)


def test_what_is_not_audio_is_refused_and_the_others_go_on(runner: RunnerUnderTest) -> None:
    silence = recorded(np.zeros((16, 2), np.float32), 8000)
    ends = runner.complete(
        ask(30, "good [img-0]", spoken(4)),
        ask(31, "text [img-0]", b"hello"),
        ask(32, "cut [img-0] [img-1]", spoken(4), recorded(noise(4), form="FLAC")[:60]),
        ask(33, "an image [img-0]", drawn(4)),
        ask(34, "short and silent [img-0]", silence),
        ask(35, "empty [img-0]", recorded(np.zeros((0, 1), np.float32))),
        ask(36, "too much [img-0]", spoken(5, 100), num_ctx=50),
        ask(37, "stereo [img-0]", recorded(noise(4, rate=48_000, channels=2), 48_000, form="MP3")),
    )
    for number in (31, 33):
        message = refused(ends[number][1])
        assert message.startswith("the file is no recording of a known format")
        assert message.endswith("this model takes no images")
    assert "recording 2 is damaged" in refused(ends[32][1])
    assert refused(ends[35][1]) == "the recording holds no sound"
    assert "of images and audio" in refused(ends[36][1])
    too_long = ends[36][1]
    assert isinstance(too_long, ipc.Failed) and too_long.kind == "too_long"
    assert all(isinstance(ends[n][1], ipc.Finished) for n in (30, 34, 37))


def test_requests_cancelled_at_any_moment_leave_it_in_order(runner: RunnerUnderTest) -> None:
    expected = runner.complete(ask(60, "a [img-0] b", spoken(7, 35)))[60][0]
    chance = random.Random(0)
    staying = set()
    for number in range(61, 71):
        runner.send(ask(number, f"gone {number} [img-0] and [img-1]", spoken(number, 31), spoken(number % 3)))
        if chance.random() < 0.5:
            runner.send(ask(1000 + number, "hello", num_predict=2))
            staying.add(1000 + number)
        runner.send(ipc.Cancel(number))
    while staying:
        staying -= {end.id for end in runner.expect(ipc.Step).finished}
    assert runner.complete(ask(101, "a [img-0] b", spoken(7, 35)))[101][0] == expected


def test_a_model_with_vision_only_refuses_audio_files_and_goes_on(model: Path, tmp_path: Path) -> None:
    projector = projectors.llava(tmp_path / "eyes.gguf")
    with RunnerUnderTest(load(model, projector=projector)) as deaf:
        deaf.expect(ipc.Loaded)
        ends = deaf.complete(ask(1, "[img-0]", spoken(1)), ask(2, "see [img-0]", drawn(1)))
        assert "this model takes no audio" in refused(ends[1][1])
        assert isinstance(ends[2][1], ipc.Finished)


def test_a_model_without_a_projector_refuses_audio_files(model: Path) -> None:
    with RunnerUnderTest(load(model)) as deaf:
        deaf.expect(ipc.Loaded)
        assert "no audio" in refused(deaf.complete(ask(1, "[img-0]", spoken(1)))[1][1])


def test_a_model_with_vision_and_audio_takes_both(tmp_path: Path) -> None:
    model = kinds.sliding_window(tmp_path / "model.gguf")
    projector = projectors.gemma_with_ears(tmp_path / "both.gguf")
    with RunnerUnderTest(load(model, projector=projector)) as both:
        both.expect(ipc.Loaded)
        both.send(ipc.Measure(1, (drawn(1), spoken(1))))
        image, audio = both.expect(ipc.Measured).tokens
        assert audio == CELLS_OF_A_PIECE != image
        ends = both.complete(
            ask(2, "see [img-0] and hear [img-1]", drawn(1), spoken(1)),
            ask(3, "[img-0]", b"hello"),
            ask(4, "[img-0] [img-1]", drawn(1), b"RIFFnoneWAVE"),
        )
        assert isinstance(ends[2][1], ipc.Finished)
        assert "the image is not an image" in refused(ends[3][1])
        assert "recording 2 is damaged" in refused(ends[4][1])


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="needs the scheduler's statistics of Linux")
def test_a_runner_sleeps_while_it_waits_for_audio_to_be_decoded(runner: RunnerUnderTest) -> None:
    silence = recorded(np.zeros((1500 * 48_000, 1), np.int16), 48_000, form="FLAC")
    runner.send(ipc.Measure(90, (silence,)))
    runner.send(ipc.Tokenize(91, "Once"))
    runner.expect(ipc.Tokens)
    time.sleep(0.1)
    process = Path(f"/proc/{runner.process.pid}")
    main_thread = process / "task" / process.name / "schedstat"
    all_threads_before = sum(int((task / "schedstat").read_text().split()[0]) for task in (process / "task").iterdir())
    before = main_thread.read_text()
    time.sleep(0.2)
    assert main_thread.read_text() == before
    all_threads = sum(int((task / "schedstat").read_text().split()[0]) for task in (process / "task").iterdir())
    assert all_threads > all_threads_before, "nothing was decoded meanwhile"
    runner.send(ipc.Cancel(90))
    runner.send(ipc.Tokenize(92, "Once"))
    assert runner.expect(ipc.Tokens).id == 92
