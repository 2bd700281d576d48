"""Vectors are those of the model's own tokens, whatever else is computed beside them.

What they are compared with is computed apart: each text alone in a context that gives every token's vector.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import ipc
from paddock.engine.binding import Batch, ContextOptions, LlamaModel
from paddock.engine.binding.embedding import EmbeddingContext, Pooling, has_cache
from paddock.engine.embedding.batcher import EmbeddingSettings
from paddock.engine.embedding.embedder import Embedder
from paddock.engine.embedding.tokenizer import portions
from tests.engine.runners import GREEDY, RunnerUnderTest, load
from tests.models.embedders import tiny_bert, tiny_qwen3, tiny_t5_encoder
from tests.models.kinds import KINDS
from tests.models.llama import WORDS, tiny_llama

Vector = npt.NDArray[np.float32]

MAKERS: dict[str, Callable[[Path], Path]] = {
    **KINDS,
    "mean of a decoder": lambda path: tiny_llama(path, context_length=4096, metadata={"llama.pooling_type": 1}),
    "decoder that sees all": lambda path: tiny_llama(
        path, context_length=4096, metadata={"llama.attention.causal": False, "llama.pooling_type": 1}
    ),
    "BERT": lambda path: tiny_bert(path, context_length=2048),
    "encoder of a T5": tiny_t5_encoder,
}


ROUNDING = 2e-3
"""By how much of their length vectors may differ: caches and activations are rounded to 16 bits, in batches of another
shape elsewhere. Most differ by 1e-4, some by 1e-3; a wrong token or pooling makes thirty times as much."""


class Bench:
    """An embedder in this process; `answers` and `failures` have what it sent."""

    def __init__(self, file: Path, *, limit: int = 0, keep: bool = True) -> None:
        self.model = LlamaModel(str(file))
        self.settings = EmbeddingSettings.of(self.model, [], cached=has_cache(self.model), threads=1)
        self.embedder = Embedder(self.settings, limit or self.model.train_context, keep_context=keep)
        self.answers: dict[int, dict[int, ipc.Vector]] = {}
        self.failures: dict[int, ipc.Failed] = {}

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self.embedder.close()
        self.model.close()

    def add(self, number: int, *texts: str, **fields: object) -> None:
        self.embedder.add(ipc.Embed(id=number, texts=texts, **{"normalize": False, **fields}))  # type: ignore[arg-type]

    def step(self, *, concurrent: bool = False) -> None:
        for event in self.embedder.step(concurrent=concurrent):
            if isinstance(event, ipc.Embedded):
                for vector in event.vectors:
                    assert vector.id not in self.failures
                    assert vector.number not in self.answers.setdefault(vector.id, {})
                    self.answers[vector.id][vector.number] = vector
            else:
                self.failures |= {failed.id: failed for failed in event.failed}

    def finish(self, *, concurrent: bool = False) -> int:
        """Compute all there is and return in how many steps."""
        steps = 0
        while self.embedder.busy:
            self.step(concurrent=concurrent)
            steps += 1
        return steps

    def vectors(self, number: int) -> list[Vector]:
        found = self.answers[number]
        return [np.frombuffer(found[i].data, np.float32) for i in range(len(found))]

    def embed(self, *texts: str, concurrent: bool = False, **fields: object) -> list[Vector]:
        self.answers.pop(0, None)
        self.add(0, *texts, **fields)
        self.finish(concurrent=concurrent)
        assert not self.failures
        vectors = self.vectors(0)
        assert len(vectors) == len(texts)
        return vectors

    def of_tokens(self, tokens: Sequence[int]) -> Vector:
        """The vectors of a text's tokens, computed alone and at once."""
        size = max(len(tokens), 32)
        context = EmbeddingContext(self.model, ContextOptions(size, size, 1, 1, pooling=Pooling.NONE))
        batch = Batch(size)
        for position, token in enumerate(tokens):
            batch.add(token, position, 0, True)
        context.decode(batch)
        vectors = np.stack([np.frombuffer(context.of_token(i), np.float32) for i in range(len(tokens))])
        batch.close()
        context.close()
        return vectors

    def expected(self, text: str) -> Vector:
        """What `text` pools to, computed by numpy."""
        vectors = self.of_tokens(self.model.tokenize(text))
        one = vectors[0 if self.settings.pooling is Pooling.CLS else -1]
        return np.asarray(vectors.mean(axis=0) if self.settings.pooling is Pooling.MEAN else one)


def words(seed: int, count: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS.split(), k=count))


def same(one: Vector, other: Vector, tolerance: float = ROUNDING) -> bool:
    return one.shape == other.shape and float(np.linalg.norm(one - other) / np.linalg.norm(other)) < tolerance


@pytest.fixture(scope="module", params=MAKERS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench(MAKERS[request.param](tmp_path_factory.mktemp("embedders") / "model.gguf")) as bench:
        yield bench
        assert not bench.failures


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert") / "bert.gguf")


@pytest.mark.parametrize("count", [0, 1, 7, 130, 500, 700])
@pytest.mark.parametrize("concurrent", [False, True])
def test_a_vector_is_what_the_tokens_pool_to(bench: Bench, count: int, concurrent: bool) -> None:
    text = words(count, count)
    assert same(bench.embed(text, concurrent=concurrent)[0], bench.expected(text))


def test_many_texts_of_different_lengths_keep_their_order_and_equal_those_computed_alone(bench: Bench) -> None:
    lengths = random.Random(1).choices([1, 2, 3, 5, 8, 20, 60, 150, 400, 600], weights=[8] * 6 + [4, 2, 1, 1], k=100)
    texts = [words(number, length) for number, length in enumerate(lengths)]
    together = bench.embed(*texts)
    alone = [bench.embed(text)[0] for text in texts]
    pairs = list(zip(together, alone, strict=True))
    assert [number for number, (one, other) in enumerate(pairs) if not same(one, other)] == []
    assert sum(same(one, other, ROUNDING / 2) for one, other in pairs) > 50
    assert len({vector.tobytes() for vector in alone}) > 90


@pytest.mark.parametrize("pooling", [Pooling.MEAN, Pooling.CLS, Pooling.LAST])
@pytest.mark.parametrize("maker", ["bert", "llama"])
def test_the_file_says_how_to_pool(tmp_path: Path, pooling: Pooling, maker: str) -> None:
    file = tmp_path / "model.gguf"
    if maker == "bert":
        tiny_bert(file, pooling=int(pooling))
    else:
        tiny_llama(file, metadata={"llama.pooling_type": int(pooling)})
    with Bench(file) as bench:
        assert bench.settings.pooling is pooling
        texts = [words(1, 30), words(2, 5), words(3, 12)]
        for text, vector in zip(texts, bench.embed(*texts, concurrent=True), strict=True):
            assert same(vector, bench.expected(text))


@pytest.mark.parametrize("pooling", [None, 0])
def test_a_file_that_says_nothing_gets_the_last_token_or_the_mean_where_each_sees_all(
    tmp_path: Path, pooling: int | None
) -> None:
    with Bench(tiny_bert(tmp_path / "bert.gguf", pooling=pooling)) as bench:
        assert bench.settings.pooling is Pooling.MEAN
        assert same(bench.embed("the dog")[0], bench.expected("the dog"))
    with Bench(tiny_t5_encoder(tmp_path / "t5.gguf")) as bench:
        assert bench.settings.pooling is Pooling.MEAN
    metadata = {} if pooling is None else {"llama.pooling_type": pooling}
    with Bench(tiny_llama(tmp_path / "llama.gguf", metadata=metadata)) as bench:
        assert bench.settings.pooling is Pooling.LAST
        assert same(bench.embed("the dog")[0], bench.expected("the dog"))


def test_vectors_have_length_1_if_asked_for_and_the_models_own_if_not(bert: Path) -> None:
    with Bench(bert) as bench:
        (raw,) = bench.embed("the dog")
        (unit,) = bench.embed("the dog", normalize=True)
        assert abs(np.linalg.norm(raw) - 1) > 0.1
        assert math.isclose(float(np.linalg.norm(unit)), 1, abs_tol=1e-6)
        assert same(unit, raw / np.linalg.norm(raw))


@pytest.mark.parametrize(("dimensions", "length"), [(1, 1), (16, 16), (64, 64), (65, 64), (0, 64), (-3, 64)])
def test_fewer_dimensions_are_the_first_ones_made_length_1_again(bert: Path, dimensions: int, length: int) -> None:
    with Bench(bert) as bench:
        (raw,) = bench.embed("the dog")
        (cut,) = bench.embed("the dog", dimensions=dimensions, normalize=True)
        assert same(cut, raw[:length] / np.linalg.norm(raw[:length]))


def test_a_text_longer_than_asked_for_or_trained_is_cut_between_its_special_tokens(bert: Path) -> None:
    with Bench(bert, limit=20) as bench:
        (cut,) = bench.embed(" ".join(["the dog"] * 500))
        assert bench.answers[0][0].tokens == 20
        assert same(cut, bench.expected(" ".join(["the dog"] * 9)))
        (vector,) = bench.embed(" ".join(["the dog"] * 500), num_ctx=12)
        assert bench.answers[0][0].tokens == 12
        assert same(vector, bench.expected(" ".join(["the dog"] * 5)))
        bench.embed(words(1, 500), num_ctx=5000)  # more than it was trained with
        assert bench.answers[0][0].tokens == 64


def test_a_word_of_thousands_of_letters_is_one_token_and_what_follows_it_counts(bert: Path) -> None:
    with Bench(bert, limit=8) as bench:
        with_dog, without = bench.embed(f"{'ж' * 5000} dog", "ж" * 5000)
        assert not same(with_dog, without)


def test_a_text_that_is_too_long_and_may_not_be_cut_fails_its_request_and_no_other(bert: Path) -> None:
    with Bench(bert) as bench:
        bench.add(1, "the dog", words(1, 500), "the cat", truncate=False)
        bench.add(2, words(1, 500), "the dog")
        bench.finish()
        assert bench.failures == {1: ipc.Failed(1, "the input length exceeds the context length", "too_long")}
        assert len(bench.vectors(2)) == 2


def test_a_text_without_tokens_is_refused(tmp_path: Path) -> None:
    metadata = {"tokenizer.ggml.add_bos_token": False}
    with Bench(tiny_llama(tmp_path / "llama.gguf", metadata=metadata)) as bench:
        bench.add(1, "the dog", "")
        bench.finish()
        assert bench.failures[1] == ipc.Failed(1, "input 1 has no tokens", "invalid")


@pytest.mark.parametrize(
    ("options", "kind", "said"), [({"pooling": 4}, "invalid", "ranks"), ({"weights": math.nan}, "engine", "not finite")]
)
def test_a_model_that_ranks_and_one_that_is_broken_say_so(
    tmp_path: Path, options: dict[str, Any], kind: str, said: str
) -> None:
    with Bench(tiny_bert(tmp_path / "bert.gguf", **options)) as bench:
        bench.add(1, "the dog", "the cat")
        bench.finish()
        assert (bench.failures[1].kind, said in bench.failures[1].message, bench.answers) == (kind, True, {})


def test_hangul_is_read_by_the_parts_of_its_syllables_and_accents_not_at_all_however_they_are_written(
    bert: Path,
) -> None:
    with Bench(bert) as bench:
        whole, other, parts = bench.embed("한가 난", "하가 난", "한가 난")
        assert same(whole, parts)
        assert not same(whole, other)
        assert [bench.answers[0][i].tokens for i in range(3)] == [10, 9, 10]
        plain, composed, decomposed = bench.embed("cafe", "café", "cafe\u0301")
        assert same(plain, composed)
        assert same(plain, decomposed)


def test_short_texts_share_a_batch_and_requests_take_turns_so_that_a_small_one_does_not_wait_for_a_large_one(
    bert: Path,
) -> None:
    with Bench(bert) as bench:
        bench.add(0, *["the dog"] * 60)
        assert bench.finish() == 1
        bench.add(1, *[words(i, 30) for i in range(500)])
        bench.step()
        bench.add(2, "the dog")
        bench.step()
        assert len(bench.vectors(2)) == 1
        assert bench.finish() > 10
        assert len(bench.vectors(1)) == 500


def test_a_long_text_does_not_keep_short_ones_waiting(tmp_path: Path) -> None:
    with Bench(tiny_llama(tmp_path / "llama.gguf", context_length=4096)) as bench:
        bench.add(1, words(1, 3000), words(2, 3000), "the dog")
        bench.step()
        bench.add(2, *["the dog"] * 40)
        for _ in range(3):
            bench.step()
        assert len(bench.vectors(2)) == 40
        assert len(bench.answers.get(1, {})) == 0
        assert bench.finish() > 40
        for text, vector in zip([words(1, 3000), words(2, 3000), "the dog"], bench.vectors(1), strict=True):
            assert same(vector, bench.expected(text))


def test_short_texts_do_not_keep_a_long_one_waiting(tmp_path: Path) -> None:
    with Bench(tiny_llama(tmp_path / "llama.gguf", context_length=4096)) as bench:
        bench.add(1, *["the dog"] * 2000)
        bench.add(2, words(1, 600))
        for _ in range(12):
            bench.step()
        assert len(bench.answers[2]) == 1
        assert bench.embedder.busy


def test_a_text_computed_in_part_keeps_its_cells_when_others_join_it(tmp_path: Path) -> None:
    with Bench(tiny_llama(tmp_path / "llama.gguf", context_length=4096)) as bench:
        bench.add(1, words(1, 509))
        for _ in range(15):
            bench.step(concurrent=True)
        bench.add(2, *["the dog"] * 60)
        bench.finish()
        assert not bench.failures
        assert bench.answers[1][0].tokens > 500
        assert same(bench.vectors(1)[0], bench.expected(words(1, 509)))


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_a_cancelled_request_is_computed_no_further_and_harms_no_other(tmp_path: Path, steps: int) -> None:
    with Bench(tiny_llama(tmp_path / "llama.gguf", context_length=4096)) as bench:
        texts = [words(1, 400), words(2, 10), words(3, 900)]
        bench.add(1, *texts, *texts)
        bench.add(2, *texts)
        for _ in range(steps):
            bench.step()
        bench.embedder.cancel(1)
        before = len(bench.answers.get(1, {}))
        bench.finish()
        assert len(bench.answers.get(1, {})) == before < 6
        for text, vector in zip(texts, bench.vectors(2), strict=True):
            assert same(vector, bench.expected(text))
        bench.embedder.cancel(99)


def test_a_very_long_text_is_computed_at_once_with_less_memory_and_hardly_differs(tmp_path: Path) -> None:
    with Bench(tiny_bert(tmp_path / "bert.gguf", context_length=2048)) as bench:
        text = words(1, 1500)
        assert same(bench.embed(text)[0], bench.expected(text))


@pytest.mark.parametrize("keep", [True, False])
def test_contexts_are_freed_when_there_is_nothing_to_compute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    made: list[EmbeddingContext] = []
    make = EmbeddingSettings.context

    def noted(settings: EmbeddingSettings, longest: int, sequences: int) -> EmbeddingContext:
        made.append(make(settings, longest, sequences))
        return made[-1]

    monkeypatch.setattr(EmbeddingSettings, "context", noted)
    file = tiny_llama(tmp_path / "llama.gguf", context_length=4096)
    with Bench(file, keep=keep) as bench:
        bench.embed("the dog", words(1, 3000), "a cat", words(2, 600), words(3, 2000))
        assert len(made) == 2
        assert sum(context.pointer is not None for context in made) == keep
        bench.embed("the dog")
        assert len(made) == (2 if keep else 3)
        bench.add(1, words(1, 600), "the dog")
        bench.step()
        bench.embedder.cancel(1)
        assert not bench.embedder.busy
        assert sum(context.pointer is not None for context in made) == keep
    assert all(context.pointer is None for context in made)


@pytest.mark.parametrize("maker", ["BERT", "encoder of a T5"])
def test_a_model_that_embeds_and_does_not_generate_is_loaded_and_says_so(tmp_path: Path, maker: str) -> None:
    with RunnerUnderTest(load(MAKERS[maker](tmp_path / "model.gguf"))) as runner:
        assert runner.expect(ipc.Loaded).context_length == 512
        runner.send(ipc.Embed(id=1, texts=("the dog", "a cat")))
        vectors = runner.expect(ipc.Embedded).vectors
        assert [(v.id, v.number, len(v.data)) for v in vectors] == [(1, 0, 256), (1, 1, 256)]
        _, end = runner.complete(ipc.Generate(id=2, prompt="x"))[2]
        assert end == ipc.Failed(2, "this model does not support generate", "invalid")


def test_embedding_does_not_disturb_what_is_generated_concurrently(tmp_path: Path) -> None:
    with RunnerUnderTest(load(tiny_llama(tmp_path / "llama.gguf"))) as runner:
        runner.expect(ipc.Loaded)
        requests = [ipc.Generate(id=n, prompt=words(n, 20), sampling=GREEDY, num_predict=120) for n in range(3)]
        alone = runner.complete(*requests)
        texts = tuple(words(n, 25) for n in range(60))
        runner.send(ipc.Embed(id=10, texts=texts))
        quiet: dict[int, bytes] = {}
        while len(quiet) < len(texts):
            quiet |= {v.number: v.data for v in runner.expect(ipc.Embedded).vectors}
        for request in requests:
            runner.send(request)
        runner.send(ipc.Embed(id=11, texts=texts))
        ended: dict[int, str] = dict.fromkeys(range(3), "")
        vectors: dict[int, bytes] = {}
        running, beside = set(ended), 0
        while running or len(vectors) < len(texts):
            event = runner.receive()
            if isinstance(event, ipc.Step):
                for chunk in event.chunks:
                    ended[chunk.id] += chunk.text
                running -= {end.id for end in event.finished}
            elif isinstance(event, ipc.Embedded):
                vectors |= {v.number: v.data for v in event.vectors}
                beside += bool(running)
        assert beside > 5
        assert ended == {n: text for n, (text, _) in alone.items()}
        for number, data in quiet.items():
            assert same(np.frombuffer(vectors[number], np.float32), np.frombuffer(data, np.float32))


@pytest.mark.parametrize("maker", ["BERT", "mean of a decoder", "full attention", "sliding window", "encoder of a T5"])
def test_a_text_in_windows_gets_the_mean_of_their_vectors_weighted_by_their_tokens(maker: str, tmp_path: Path) -> None:
    with Bench(MAKERS[maker](tmp_path / "model.gguf"), limit=700) as bench:
        around = len(bench.model.tokenize(""))
        ends = around - bool(around and bench.model.tokenize("a")[0] == bench.model.tokenize("")[0])
        for limit, count in ((50, 300), (50, 96), (600, 1500), (700, 20)):
            text = words(count, count)
            whole = bench.model.tokenize(text)
            content, room = whole[around - ends : len(whole) - ends], limit - around
            mean: Vector = np.zeros(64, np.float32)
            total = 0
            for start in range(0, len(content), room):
                part = content[start : start + room]
                tokens = [*whole[: around - ends], *part, *whole[len(whole) - ends :]]
                vectors, pooling = bench.of_tokens(tokens), bench.settings.pooling
                vector = vectors.mean(axis=0) if pooling is Pooling.MEAN else vectors[-1]
                mean = mean + vector / np.linalg.norm(vector) * len(part)
                total += len(tokens)
            (found,) = bench.embed(text, chunk=True, num_ctx=limit)
            assert bench.answers[0][0].tokens == total
            assert abs(np.linalg.norm(found) - 1) < 1e-6
            assert same(found, mean / np.linalg.norm(mean))


def test_windows_keep_the_order_of_texts_and_a_short_text_is_embedded_as_ever(bert: Path) -> None:
    texts = [words(number, length) for number, length in enumerate([3, 900, 1, 62, 63, 500, 8] * 5)]
    with Bench(bert) as bench:
        together = bench.embed(*texts, chunk=True)
        alone = [bench.embed(text, chunk=True)[0] for text in texts]
        assert all(same(one, other) for one, other in zip(together, alone, strict=True))
        for text, vector in zip(texts, together, strict=True):
            assert same(vector, bench.embed(text, normalize=True)[0]) == (len(text.split()) <= 62)
        (cut,) = bench.embed(texts[1], chunk=True, dimensions=8)
        assert (len(cut), round(float(np.linalg.norm(cut)), 5)) == (8, 1)
        assert bench.embed("", chunk=True)[0].shape == (64,)
        bench.add(1, "the dog", num_ctx=2, chunk=True)
        bench.finish()
        assert bench.failures.pop(1) == ipc.Failed(1, "the context is too small for any text", "invalid")


def test_a_request_in_windows_is_cancelled_whole_and_others_take_turns_with_it(bert: Path) -> None:
    with Bench(bert) as bench:
        bench.add(1, words(1, 100_000), chunk=True)
        bench.step()
        bench.add(2, "the dog")
        bench.step()
        assert len(bench.vectors(2)) == 1
        bench.embedder.cancel(1)
        assert not bench.embedder.busy
        assert 1 not in bench.answers


@given(st.text(st.sampled_from("ab \n"), max_size=300), st.integers(1, 40))
def test_portions_are_the_text_and_begin_at_white_space_where_there_is_some(text: str, size: int) -> None:
    found = list(portions(text, size))
    assert "".join(found) == text
    assert all(0 < len(portion) <= size for portion in found) or found == [""]
    assert all(later[0] in " \n" or not set(one[1:]) & set(" \n") for one, later in pairwise(found))


def test_a_qwen3_is_pooled_at_the_end_token_that_it_adds(tmp_path: Path) -> None:
    with Bench(tiny_qwen3(tmp_path / "model.gguf", adds_end=True)) as bench:
        assert bench.settings.pooling is Pooling.LAST
        assert bench.model.tokenize("the dog")[-1] == bench.model.eos
        assert same(bench.embed("the dog", concurrent=True)[0], bench.expected("the dog"))
        (cut,) = bench.embed(" ".join(["the dog"] * 50), num_ctx=21)
        tokens = bench.model.tokenize(" ".join(["the dog"] * 10))
        assert tokens[-1] == bench.model.eos
        assert same(cut, bench.of_tokens(tokens)[-1])
