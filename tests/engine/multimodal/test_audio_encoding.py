"""Audio in prompts computes what llama.cpp's own helper computes, alone and in a crowd, cached and not.

The helper decodes the files, too. See `tests.engine.multimodal.test_encoder`, which does the same for images.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from paddock.engine.binding import LlamaModel
from paddock.engine.config import MediaConfig
from paddock.engine.multimodal.preprocessing import BadMedia, MediaRequest
from paddock.ipc import Generate
from tests.audio import spoken
from tests.engine.engines import TOLERANCE
from tests.engine.multimodal.test_encoder import Bench, Pair, check, drawn, text
from tests.models import kinds, projectors
from tests.models.projectors import CELLS_OF_A_PIECE

PAIRS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Path]]] = {
    "ultravox": (kinds.full_attention, projectors.ultravox),
    "sees, too": (kinds.sliding_window, projectors.gemma_with_ears),
    "dimensions": (projectors.qwen_text, projectors.ultravox),
    "hybrid": (kinds.hybrid, projectors.ultravox),
}
PLAIN, BOTH = ["ultravox"], ["sees, too"]


@pytest.fixture(scope="module", params=PAIRS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    language, ears = PAIRS[request.param]
    folder = tmp_path_factory.mktemp("pair")
    model = LlamaModel(str(language(folder / "model.gguf")))
    yield Pair(request.param, model, ears(folder / "projector.gguf"))
    model.close()


def test_an_audio_file_between_texts(pair: Pair) -> None:
    with Bench(pair) as bench:
        one = bench.answer("the boy [img-0] and a dog", spoken(1))
        other = bench.answer("the boy [img-0] and a dog", spoken(2))
        check(pair, one, other)
        last = one.sequence.prompt_length - 1
        assert np.abs(one.rows[last] - other.rows[last]).max() > 10 * TOLERANCE


def test_audio_files_of_several_pieces_at_the_beginning_and_at_the_end(pair: Pair) -> None:
    with Bench(pair) as bench:
        first, last = bench.answer("[img-0] a girl", spoken(3, 65)), bench.answer("the ball[img-0]", spoken(4, 40))
        check(pair, first, last)
        assert [placeholder.num_tokens for placeholder in first.sequence.placeholders] == [CELLS_OF_A_PIECE] * 3
        assert len(last.sequence.placeholders) == 2
        assert bench.encoder.encoded == 5


def test_a_second_question_about_an_audio_file_computes_only_what_is_new(pair: Pair) -> None:
    with Bench(pair) as bench:
        prompt, file = text(pair.model, 1, 40) + "[img-0]", spoken(5, 35)
        first = bench.answer(prompt + text(pair.model, 2, 40), file)
        second = bench.answer(prompt + text(pair.model, 3, 10), file)
        third = bench.answer(prompt + text(pair.model, 4, 10), file)
        check(pair, first, second, third)
        *_, placeholder = third.sequence.placeholders
        assert bench.reused(third) >= placeholder.end
        assert bench.encoder.encoded == 2


@pytest.mark.parametrize("pair", PLAIN, indirect=True)
def test_evicted_cells_are_computed_again_without_encoding(pair: Pair) -> None:
    with Bench(pair) as bench:
        first = bench.answer("hear [img-0] and tell", spoken(6))
        bench.engine.scheduler.cache.evict_all()
        again = bench.answer("hear [img-0] and tell", spoken(6))
        check(pair, first, again)
        assert bench.reused(again) == 0
        assert bench.encoder.encoded == 1


@pytest.mark.parametrize("pair", BOTH, indirect=True)
def test_images_and_audio_files_in_one_prompt(pair: Pair) -> None:
    with Bench(pair) as bench:
        check(pair, bench.answer("see [img-1] hear [img-0] see [img-2]", spoken(7), drawn(7), drawn(8)))
        assert bench.encoder.encoded == 3


@pytest.mark.parametrize("pair", PLAIN, indirect=True)
def test_many_at_once_with_audio_files_and_without(pair: Pair) -> None:
    with Bench(pair, running=5) as bench:
        heard = [
            bench.ask(f"{text(pair.model, seed, 10 + seed)}[img-0] then {seed}", spoken(seed, 3), reply=20)
            for seed in range(10, 14)
        ]
        plain = [bench.ask(text(pair.model, seed, 30), reply=30) for seed in range(3)]
        bench.run()
        assert not bench.failed
        check(pair, *heard)
        assert all(len(noted.rows) == 30 for noted in plain)


@pytest.mark.parametrize("pair", PLAIN, indirect=True)
def test_a_stream_goes_on_while_an_audio_file_is_encoded(pair: Pair) -> None:
    with Bench(pair) as bench:
        stream = bench.ask("once upon a time", reply=200)
        bench.run(10)
        late = bench.ask("hear [img-0] there", spoken(20, 65), reply=3)
        while not late.rows:
            before = len(stream.rows)
            bench.run(1)
            assert len(stream.rows) == before + 1
        bench.run()
        check(pair, late)


@pytest.mark.parametrize("pair", PLAIN, indirect=True)
def test_an_audio_file_in_one_part_that_is_too_large_is_refused(pair: Pair) -> None:
    config = MediaConfig(max_chunk_embeddings=CELLS_OF_A_PIECE - 1)
    with Bench(pair, config=config) as bench:
        preprocessor = bench.encoder.preprocessor
        preprocessor.add(MediaRequest(Generate(id=1, prompt="[img-0]"), None, {0: spoken(21, 2)}))
        ((_, bad),) = bench.wait()
        assert isinstance(bad, BadMedia)
        assert str(bad) == "the recording of 2 seconds is longer than this model hears at once"
