"""Preparing a file delays only the requests that need it, and ends soon when none does."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from paddock.engine.binding import LlamaModel
from paddock.engine.config import MediaConfig
from paddock.engine.multimodal.audio import decode
from paddock.engine.multimodal.preprocessing import (
    BadMedia,
    MediaFile,
    MediaPreprocessor,
    MediaRequest,
    ProcessedMedia,
    TooMuchMedia,
)
from paddock.ipc import Generate
from tests.audio import recorded, spoken
from tests.engine.multimodal.test_encoder import Bench, Pair, check
from tests.models import kinds, projectors
from tests.models.projectors import CELLS_OF_A_PIECE


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    model = LlamaModel(str(kinds.full_attention(folder / "model.gguf")))
    yield Pair("ultravox", model, projectors.ultravox(folder / "projector.gguf"))
    model.close()


class Gate:
    """Audio is decoded when this is open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.open = threading.Event(), threading.Event()
        monkeypatch.setattr("paddock.engine.multimodal.preprocessing.decode_audio", self._decode)

    def _decode(self, *given: Any) -> Any:
        self.reached.set()
        assert self.open.wait(20)
        return decode(*given)


def forget(bench: Bench) -> None:
    """As others' requests bring it about by and by: of files is known how many cells they take, and no more."""
    bench.engine.scheduler.cache.evict_all()
    bench.encoder._cache.clear()
    for prepared in bench.encoder.preprocessor._prepared.values():
        prepared.close()
    bench.encoder.preprocessor._prepared.clear()


def look_at(preprocessor: MediaPreprocessor, number: int, *files: bytes, num_ctx: int | None = None) -> None:
    request = Generate(id=number, prompt="")
    preprocessor.add(MediaRequest(request, None, dict(enumerate(files)), num_ctx))


def outcome(bench: Bench) -> tuple[int, dict[int, ProcessedMedia] | BadMedia]:
    """Wait for the next request; return its id, and its files or what is wrong with them."""
    ((media, found),) = bench.wait()
    return media.request.id, found


def test_others_go_on_while_an_audio_file_is_prepared_again(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bench(pair) as bench:
        forgotten = spoken(1, 35)
        bench.answer("hear [img-0] there", forgotten, reply=1)
        forget(bench)
        stream = bench.ask("once upon a time", reply=400)
        bench.engine.cancel(bench.ask("hear [img-0] too", spoken(2)).request.id)
        gate = Gate(monkeypatch)
        late = bench.ask("hear [img-0] there", forgotten, reply=3)
        ready = bench.ask("hear [img-0] too", spoken(2), reply=3)
        bench.run(10)
        for _ in range(30):
            before = len(stream.rows)
            bench.run(1)
            assert len(stream.rows) == before + 1
        assert gate.reached.is_set()
        assert (len(ready.rows), len(late.rows)) == (3, 0)
        gate.open.set()
        bench.run()
        assert not bench.failed
        check(pair, late, ready)


def test_a_request_cancelled_while_its_audio_is_prepared_again_ends_at_once(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Bench(pair) as bench:
        forgotten = spoken(3, 35)
        bench.answer("hear [img-0] there", forgotten, reply=1)
        forget(bench)
        gate = Gate(monkeypatch)
        gone = bench.ask("hear [img-0] there", forgotten)
        for _ in range(5):  # the text before the audio takes a step
            if not bench.engine.stalled:
                bench.run(1)
        assert bench.engine.stalled, "the engine would be stepped without a pause"
        assert gate.reached.wait(20)
        bench.engine.cancel(gone.request.id)
        assert not bench.encoder.busy
        assert not gate.open.is_set()
        gate.open.set()
        check(pair, bench.answer("hear [img-0] there", forgotten, reply=3))


def test_a_background_prefill_goes_on_while_audio_is_prepared_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Bench(pair, background=True) as bench:
        forgotten = spoken(5, 35)
        bench.answer("hear [img-0] there", forgotten, reply=1)
        forget(bench)
        stream = bench.ask("once upon a time", reply=400)
        bench.run(3)
        gate = Gate(monkeypatch)
        long = bench.ask("and then there was more " * 60, reply=2)
        bench.run(1)
        assert bench.engine.scheduler.background.job is not None
        late = bench.ask("hear [img-0] there", forgotten, reply=3)
        bench.run(4)
        bench.engine.cancel(stream.request.id)
        while long.request.id not in bench.ended:
            assert not bench.engine.stalled, "the long prompt would wait for the audio"
            bench.run(1)
        assert gate.reached.is_set() and not late.rows
        gate.open.set()
        bench.run()
        check(pair, late)


def test_an_audio_file_that_cannot_be_prepared_again_fails_alone(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    with Bench(pair) as bench:
        forgotten = spoken(4)
        bench.answer("hear [img-0] there", forgotten, reply=1)
        forget(bench)
        stream = bench.ask("once upon a time", reply=60)
        with monkeypatch.context() as patch:
            patch.setattr("paddock.engine.multimodal.preprocessing.decode_audio", fail)
            broken = [bench.ask("hear [img-0] there", forgotten) for _ in range(2)]
            while len(bench.failed) < 2:
                bench.run(1)
        assert {failed.id for failed in bench.failed} == {noted.request.id for noted in broken}
        bench.run()
        assert stream.request.id in bench.ended
        bench.failed.clear()
        check(pair, bench.answer("hear [img-0] there", forgotten))


def test_more_files_than_are_held_ready(pair: Pair) -> None:
    with Bench(pair) as bench:
        files = [spoken(10 + n, 31 if n == 0 else 1) for n in range(MediaConfig().max_prepared_files + 3)]
        prompt = " ".join(f"{n} [img-{n}]" for n in range(len(files)))
        two = bench.ask(prompt, *files, reply=3), bench.ask("other " + prompt, *reversed(files), reply=3)
        bench.run()
        assert not bench.failed
        check(pair, *two)
        assert len(bench.encoder.preprocessor._prepared) <= MediaConfig().max_prepared_files


def test_of_a_request_that_is_gone_no_further_file_is_prepared(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bench(pair) as bench:
        gate = Gate(monkeypatch)
        preprocessor = bench.encoder.preprocessor
        look_at(preprocessor, 1, *(spoken(20 + n) for n in range(4)))
        assert gate.reached.wait(20)
        preprocessor.cancel(1)
        look_at(preprocessor, 2, spoken(24))
        gate.open.set()
        assert outcome(bench)[0] == 2
        assert list(preprocessor._known) == [MediaFile.of(spoken(24)).key]


def test_an_audio_file_that_nobody_needs_any_more_is_not_decoded_to_its_end(pair: Pair) -> None:
    silence = recorded(np.zeros((1500 * 48_000, 1), np.int16), 48_000, form="FLAC")
    assert len(silence) < 1 << 20
    with Bench(pair) as bench:
        preprocessor = bench.encoder.preprocessor
        look_at(preprocessor, 1, silence)
        time.sleep(0.05)
        preprocessor.cancel(1)
        look_at(preprocessor, 2, spoken(25))
        assert outcome(bench)[0] == 2
        assert list(preprocessor._known) == [MediaFile.of(spoken(25)).key]


def test_files_beyond_those_that_fill_the_context_are_not_prepared(pair: Pair) -> None:
    with Bench(pair) as bench:
        preprocessor = bench.encoder.preprocessor
        files = [spoken(30 + n) for n in range(4)]
        look_at(preprocessor, 1, *files, num_ctx=2 * CELLS_OF_A_PIECE)
        _, found = outcome(bench)
        assert isinstance(found, TooMuchMedia)
        assert f"at least {2 * CELLS_OF_A_PIECE} tokens of images and audio" in str(found)
        assert len(preprocessor._known) == 2
        look_at(preprocessor, 2, *files, num_ctx=4 * CELLS_OF_A_PIECE + 1)
        _, found = outcome(bench)
        assert isinstance(found, dict)
