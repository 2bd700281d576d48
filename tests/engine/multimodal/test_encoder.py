"""Images in prompts compute what llama.cpp's own helper computes, alone and in a crowd, cached and not.

Three kinds of projectors: LLaVA's, whose embeddings stand in a row like tokens; Gemma's, which see one another; and
Qwen's, with places in two dimensions. Each token that is sampled has its logits noted; then prompt and reply are
computed anew by the helper, in a fresh context.
"""

import ctypes
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel
from paddock.engine.binding.mtmd import Projector, ProjectorError, _mtmd
from paddock.engine.config import MediaConfig
from paddock.engine.generation.background_prefill import BackgroundPrefill
from paddock.engine.generation.engine import Engine
from paddock.engine.inbox import Inbox
from paddock.engine.kvcache.prefix_cache import PrefixCacheConfig
from paddock.engine.multimodal.encoder import Encoder
from paddock.engine.multimodal.image import decode
from paddock.engine.multimodal.preprocessing import (
    BadMedia,
    MediaRequest,
    ProcessedMedia,
    referenced_media,
    tokenize_with_media,
)
from paddock.engine.scheduler.config import SchedulerConfig
from paddock.engine.scheduler.sequence import PromptTooLong
from paddock.ipc import Failed, Finished, Generate, Sampling
from paddock.signatures import is_audio
from paddock.templates.placeholders import split_placeholders
from tests.engine.engines import TOLERANCE, Logits, RecordedGeneration, words
from tests.models import kinds, projectors


@dataclass
class Pair:
    """A language model and what it sees or hears with."""

    name: str
    model: LlamaModel
    projector: Path


PAIRS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Path]]] = {
    "llava": (kinds.full_attention, projectors.llava),
    "gemma": (kinds.sliding_window, projectors.gemma),
    "qwen": (projectors.qwen_text, projectors.qwen),
    "deep qwen": (projectors.deep_qwen_text, projectors.deep_qwen),
    "hybrid": (kinds.hybrid, projectors.llava),
}


@pytest.fixture(scope="module", params=PAIRS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    text, vision = PAIRS[request.param]
    folder = tmp_path_factory.mktemp("pair")
    model = LlamaModel(str(text(folder / "model.gguf")))
    yield Pair(request.param, model, vision(folder / "projector.gguf"))
    model.close()


def drawn(seed: int, width: int = 60, height: int = 40) -> bytes:
    """An image of coloured noise, as a PNG file."""
    noise = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    image = PIL.Image.fromarray(noise).resize((width, height), PIL.Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


class Bench:
    """An engine in this process, with all its parts but the pipes."""

    def __init__(
        self,
        pair: Pair,
        *,
        cells: int = 2048,
        batch: int = 64,
        running: int = 4,
        offload: bool = False,
        background: bool = False,
        max_image_tokens: int = 512,
        config: MediaConfig | None = None,
    ) -> None:
        self.pair, self.model = pair, pair.model
        options = ContextOptions(cells, batch, 16, 1)
        self.context = Context(pair.model, options)
        self.inbox = Inbox()
        self.encoder = Encoder(
            pair.model,
            str(pair.projector),
            self.inbox.notify,
            threads=1,
            gpu=False,
            max_image_tokens=max_image_tokens,
            config=config,
        )
        self.engine = Engine(
            pair.model,
            self.context,
            running,
            config=SchedulerConfig(cache=PrefixCacheConfig(offload=offload)),
            background=BackgroundPrefill(pair.model, options) if background else None,
            encoder=self.encoder,
        )
        self.number = 0
        self.ended: dict[int, Finished] = {}
        self.failed: list[Failed] = []

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()
        self.context.close()
        self.encoder.close()

    def ask(self, prompt: str, *images: bytes, reply: int = 12, **fields: object) -> RecordedGeneration:
        self.number += 1
        given = {"num_predict": reply, "sampling": Sampling(temperature=0), **fields}
        text, places = split_placeholders(prompt, len(images))
        request = Generate(id=self.number, prompt=text, images=images, placeholders=places, **given)  # type: ignore[arg-type]
        self.encoder.preprocessor.add(MediaRequest(request, None, {n: images[n] for n in referenced_media(places)}))
        ((_, media),) = self.wait()
        assert not isinstance(media, BadMedia), media
        tokens, placeholders = tokenize_with_media(self.model, "", text, places, media)
        known = {seen.file.key: seen.file for seen in media.values()}
        cells = self.context.cells
        noted = RecordedGeneration(request, tokens, self.model, cells, cells, placeholders=placeholders, media=known)
        noted.rows = {}
        self.engine.add(noted)
        return noted

    def wait(self) -> list[tuple[MediaRequest, dict[int, ProcessedMedia] | BadMedia]]:
        """Wait for the files of a request, as the runner does."""
        found = self.encoder.preprocessor.take()
        while not found:
            self.inbox.get()
            found = self.encoder.preprocessor.take()
        return found

    def run(self, steps: int = 10**6) -> None:
        while self.engine.generations and steps:
            step = self.engine.step()
            self.failed += step.failed
            self.ended |= {f.id: f for f in step.finished}
            steps -= 1
            if self.engine.stalled and steps:
                self.inbox.get()

    def answer(self, prompt: str, *images: bytes, **fields: object) -> RecordedGeneration:
        noted = self.ask(prompt, *images, **fields)  # type: ignore[arg-type]
        self.run()
        assert not self.failed
        return noted

    def reused(self, noted: RecordedGeneration) -> int:
        return self.ended[noted.request.id].cached_tokens


def by_helper(pair: Pair, noted: RecordedGeneration) -> dict[int, Logits]:
    """The logits after the prompt and after each token of the reply, by llama.cpp's own helper."""
    mtmd, model = _mtmd(), pair.model
    projector = Projector(str(pair.projector), model)
    context = Context(model, ContextOptions(2048, 512, 1, 1))
    request, whole = noted.request, noted.request.prompt
    for placeholder in reversed(request.placeholders):
        whole = whole[: placeholder.offset] + "<__media__>" + whole[placeholder.offset :]
    text = whole.encode()
    bitmaps = [_bitmap(projector, request.images[placeholder.image]) for placeholder in request.placeholders]
    chunks = mtmd.mtmd_input_chunks_init()
    given = mtmd.mtmd_input_text(text, len(text), True, True)
    found = mtmd.mtmd_tokenize(
        projector.pointer, chunks, ctypes.byref(given), (ctypes.c_void_p * len(bitmaps))(*bitmaps), len(bitmaps)
    )
    assert not found
    place = ctypes.c_int32()
    code = mtmd.mtmd_helper_eval_chunks(
        projector.pointer, context.pointer, chunks, 0, 0, 512, True, ctypes.byref(place)
    )
    assert not code
    batch = Batch(1)
    chunk_count = mtmd.mtmd_input_chunks_size(chunks)
    length = noted.sequence.prompt_length
    rows = {}
    position = place.value
    for index in range(length - 1, len(noted.sequence.tokens)):
        if index >= length:
            batch.clear()
            batch.add(noted.sequence.tokens[index], position, 0, True)
            context.decode(batch)
            position += 1
        elif mtmd.mtmd_input_chunk_get_type(mtmd.mtmd_input_chunks_get(chunks, chunk_count - 1)):
            continue  # the helper has no logits after an image
        rows[index] = context.logits(-1).copy()
    batch.close()
    for bitmap in bitmaps:
        mtmd.mtmd_bitmap_free(bitmap)
    mtmd.mtmd_input_chunks_free(chunks)
    context.close()
    projector.close()
    return rows


def _bitmap(projector: Projector, data: bytes) -> Any:
    """A file as the library takes it: audio is decoded by its own helper, too."""

    def bytes_of(data: bytes) -> Any:
        return ctypes.cast(ctypes.c_char_p(data), ctypes.POINTER(ctypes.c_uint8))

    if is_audio(data):
        return _mtmd().mtmd_helper_bitmap_init_from_buf(projector.pointer, bytes_of(data), len(data), False)
    pixels = decode(data)
    return _mtmd().mtmd_bitmap_init(pixels.width, pixels.height, bytes_of(pixels.data))


def check(pair: Pair, *all_noted: RecordedGeneration) -> None:
    for noted in all_noted:
        assert noted.rows
        fresh = by_helper(pair, noted)
        assert len(fresh) >= len(noted.rows) - 1
        for index in noted.rows.keys() & fresh.keys():
            difference = float(np.abs(fresh[index] - noted.rows[index]).max())
            assert difference < TOLERANCE, f"token {index}: {difference}"


def text(model: LlamaModel, seed: int, count: int) -> str:
    return model.text(words(model, seed, count))


def test_an_image_between_texts(pair: Pair) -> None:
    with Bench(pair) as bench:
        one = bench.answer("the boy [img-0] and a dog", drawn(1))
        other = bench.answer("the boy [img-0] and a dog", drawn(2))
        check(pair, one, other)
        last = one.sequence.prompt_length - 1
        assert np.abs(one.rows[last] - other.rows[last]).max() > 10 * TOLERANCE


def test_an_image_at_the_beginning_and_at_the_end(pair: Pair) -> None:
    with Bench(pair) as bench:
        check(pair, bench.answer("[img-0] a girl", drawn(3)), bench.answer("the ball[img-0]", drawn(4)))


def test_several_images_in_any_order_and_twice(pair: Pair) -> None:
    with Bench(pair) as bench:
        prompt = "one [img-1] two [img-0] three [img-1] four"
        check(pair, bench.answer(prompt, drawn(5), drawn(6, 90, 30)))
        assert bench.encoder.encoded == 2


def test_a_second_question_about_an_image_computes_only_what_is_new(pair: Pair) -> None:
    with Bench(pair) as bench:
        prompt, image = text(pair.model, 1, 40) + "[img-0]", drawn(7, 120, 80)
        first = bench.answer(prompt + text(pair.model, 2, 40), image)
        second = bench.answer(prompt + text(pair.model, 3, 10), image)
        third = bench.answer(prompt + text(pair.model, 4, 10), image)
        check(pair, first, second, third)
        (placeholder,) = third.sequence.placeholders
        # A state can be forked where it was kept: the third asks where the second has branched off.
        assert bench.reused(third) >= placeholder.end
        assert bench.encoder.encoded == 1


def test_other_images_are_not_taken_for_each_other(pair: Pair) -> None:
    with Bench(pair) as bench:
        prompt = text(pair.model, 5, 30) + "[img-0] and so"
        several = [bench.answer(prompt, drawn(seed)) for seed in (8, 9, 8)]
        check(pair, *several)
        assert bench.encoder.encoded == 2
        (placeholder,) = several[1].sequence.placeholders
        assert bench.reused(several[1]) <= placeholder.start


def test_many_at_once_with_images_and_without(pair: Pair) -> None:
    with Bench(pair, running=5) as bench:
        with_images = [
            bench.ask(f"{text(pair.model, seed, 10 + seed)}[img-0] then {seed}", drawn(seed, 100, 60), reply=20)
            for seed in range(10, 14)
        ]
        plain = [bench.ask(text(pair.model, seed, 30), reply=30) for seed in range(3)]
        bench.run()
        assert not bench.failed
        check(pair, *with_images)
        assert len({tuple(noted.sequence.tokens) for noted in plain}) == 3
        assert all(len(noted.rows) == 30 for noted in plain)


def test_a_stream_goes_on_while_an_image_is_encoded(pair: Pair) -> None:
    with Bench(pair) as bench:
        stream = bench.ask("once upon a time", reply=200)
        bench.run(10)
        late = bench.ask("see [img-0] there", drawn(20), reply=3)
        while not late.rows:
            before = len(stream.rows)
            bench.run(1)
            assert len(stream.rows) == before + 1
        bench.run()
        check(pair, late)


def test_a_request_cancelled_while_its_image_is_encoded_leaves_nothing(pair: Pair) -> None:
    with Bench(pair) as bench:
        stream = bench.ask("once upon a time", reply=120)
        bench.run(10)
        for seed in range(30, 34):
            gone = bench.ask("see [img-0] there", drawn(seed, 200, 200))
            bench.run(seed - 28)
            bench.engine.cancel(gone.request.id)
        bench.run(1)
        assert not bench.encoder.busy
        bench.run()
        again = bench.answer("see [img-0] there", drawn(30, 200, 200))
        check(pair, again)
        assert stream.request.id in bench.ended
        assert not bench.encoder._pinned


def test_an_image_that_two_requests_wait_for_is_encoded_once_even_if_the_first_is_cancelled(pair: Pair) -> None:
    with Bench(pair) as bench:
        bench.ask("once upon a time", reply=60)
        bench.run(10)
        first, second = bench.ask("one [img-0] a", drawn(40)), bench.ask("two [img-0] b", drawn(40))
        bench.run(3)
        bench.engine.cancel(first.request.id)
        bench.run()
        check(pair, second)
        assert bench.encoder.encoded == 1


def test_an_image_that_cannot_be_encoded_fails_alone(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytearray:
        raise ProjectorError("it went wrong")

    with Bench(pair) as bench:
        stream = bench.ask("once upon a time", reply=40)
        bench.run(5)
        with monkeypatch.context() as patch:
            patch.setattr(bench.encoder.projector, "encode", fail)
            broken = [bench.ask("see [img-0] there", drawn(43)) for _ in range(2)]
            while bench.engine.generations and len(bench.failed) < len(broken):
                bench.run(1)
        assert {failed.id for failed in bench.failed} == {noted.request.id for noted in broken}
        bench.run()
        assert stream.request.id in bench.ended
        bench.failed.clear()
        check(pair, bench.answer("see [img-0] there", drawn(43)))


def test_evicted_cells_are_computed_again_without_encoding(pair: Pair) -> None:
    with Bench(pair) as bench:
        prompt = "look [img-0] and tell"
        first = bench.answer(prompt, drawn(41))
        bench.engine.scheduler.cache.evict_all()
        again = bench.answer(prompt, drawn(41))
        check(pair, first, again)
        assert bench.reused(again) == 0
        assert bench.encoder.encoded == 1


def test_embeddings_that_are_forgotten_are_encoded_again(pair: Pair) -> None:
    with Bench(pair) as bench:
        prompt = "look [img-0] and tell"
        bench.answer(prompt, drawn(42))
        bench.engine.scheduler.cache.evict_all()
        bench.encoder._cache.clear()
        check(pair, bench.answer(prompt, drawn(42)))
        assert bench.encoder.encoded == 2


def test_a_full_cache_preempts_and_computes_again(pair: Pair) -> None:
    with Bench(pair, cells=256) as bench:
        several = [
            bench.ask(f"{text(pair.model, seed, 20)}[img-0] so", drawn(seed), reply=70) for seed in range(50, 54)
        ]
        bench.run()
        assert not bench.failed
        check(pair, *several)


def test_offloaded_states_compute_the_same(pair: Pair) -> None:
    with Bench(pair, offload=True) as bench:
        images = [drawn(seed, 120, 80) for seed in (60, 61)]
        prompts = [text(pair.model, seed, 60) + "[img-0]" for seed in (60, 61)]
        for turn in range(3):
            several = [bench.ask(prompts[i] + text(pair.model, 10 * turn + i, 15), images[i]) for i in range(2)] + [
                bench.ask(text(pair.model, 70 + turn, 80), images[0])
            ]
            bench.run()
            check(pair, *several[:2])
        assert bench.encoder.encoded == 2


def test_a_context_that_is_full_shifts_images_out_whole(pair: Pair) -> None:
    with Bench(pair) as bench:
        prompt = f"the [img-0] {text(pair.model, 80, 20)}"
        noted = bench.ask(prompt, drawn(80), reply=150, num_ctx=90, num_keep=8)
        other = bench.ask("a [img-0] b", drawn(80), reply=30)
        bench.run()
        assert not bench.failed
        assert bench.ended[noted.request.id].reply_tokens == 150
        assert not noted.sequence.placeholders
        assert all(token >= 0 for token in noted.sequence.tokens)
        check(pair, other)


def test_a_prompt_that_is_too_long_loses_text_but_no_image(pair: Pair) -> None:
    with Bench(pair) as bench:
        for prompt in ("[img-0]" + text(pair.model, 81, 150), text(pair.model, 82, 150) + "[img-0] end"):
            noted = bench.ask(prompt, drawn(82), num_ctx=100)
            assert len(noted.sequence.tokens) < 100
            (placeholder,) = noted.sequence.placeholders
            assert all(token < 0 for token in noted.sequence.tokens[placeholder.start : placeholder.end])
            bench.run()
            assert not bench.failed
        with pytest.raises(PromptTooLong, match="images"):
            bench.ask("[img-0][img-1][img-2][img-3]", *(drawn(n, 120, 120) for n in range(4)), num_ctx=20)


def test_penalties_leave_images_out(pair: Pair) -> None:
    with Bench(pair) as bench:
        penalized = Sampling(temperature=0, repeat_penalty=1.3, repeat_last_n=-1)
        noted = bench.ask("a [img-0] b", drawn(90), sampling=penalized)
        bench.run()
        assert not bench.failed
        assert len(noted.rows) == 12
