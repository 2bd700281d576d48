"""Scores of a model that ranks are those of the same network computed with numpy."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gguf
from paddock import ipc
from paddock.engine.binding.embedding import Pooling
from tests.engine.embedding.test_embedder import Bench, words
from tests.models.embedders import tiny_bert, tiny_qwen3, tiny_reranker
from tests.models.llama import tiny_llama

Array = np.ndarray[Any, Any]

TEMPLATE = "the girl: {query} the boy: {document}</s> end: "
ROUNDING = 1e-3
"""Scores may differ by so much: the kernels round to 16 bits what attention mixes."""
LENGTHS = [0, 1, 2, 5, 9, 17, 33, 40]


class Bert:
    """The network of a file, with all its weights as 32-bit floats."""

    def __init__(self, path: Path) -> None:
        self.reader = gguf.GGUFReader(path)
        self.weights = {tensor.name: np.array(tensor.data) for tensor in self.reader.tensors}
        self.layers, self.heads = self._number("block_count"), self._number("attention.head_count")

    def states(self, tokens: list[int], kinds: list[int]) -> Array:
        """The last layer's states of each token."""
        weights = self.weights
        states = weights["token_embd.weight"][tokens] + weights["token_types.weight"][kinds]
        states = self._norm(states + weights["position_embd.weight"][: len(tokens)], "token_embd_norm")
        for layer in range(self.layers):
            name = f"blk.{layer}"
            parts = (self._linear(states, f"{name}.attn_{part}") for part in "qkv")
            query, key, value = (p.reshape(len(tokens), self.heads, -1).swapaxes(0, 1) for p in parts)
            scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            mixed = (shares / shares.sum(-1, keepdims=True) @ value).swapaxes(0, 1).reshape(states.shape)
            states = self._norm(states + self._linear(mixed, f"{name}.attn_output"), f"{name}.attn_output_norm")
            inner = self._linear(states, f"{name}.ffn_up")
            inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
            states = self._norm(states + self._linear(inner, f"{name}.ffn_down"), f"{name}.layer_output_norm")
        return states

    def score(self, tokens: list[int], kinds: list[int]) -> float:
        """What the head says of the first token's state, between 0 and 1."""
        first = self.states(tokens, kinds)[:1]
        if "cls.weight" in self.weights:
            first = np.tanh(self._linear(first, "cls"))
        return float(1 / (1 + np.exp(-self._linear(first, "cls.output")[0, 0])))

    def _linear(self, states: Array, name: str) -> Array:
        product: Array = states @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return product

    def _norm(self, states: Array, name: str) -> Array:
        centred = states - states.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        moved: Array = scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return moved

    def _number(self, key: str) -> int:
        field = self.reader.get_field(f"bert.{key}")
        assert field is not None
        return int(field.contents())


def pair(bench: Bench, question: str, text: str) -> tuple[list[int], list[int]]:
    """The tokens of a pair as BERT was trained with them, and to which part each belongs."""
    one, other = bench.model.tokenize(question), bench.model.tokenize(text)
    return [*one, *other[1:]], [0] * len(one) + [1] * (len(other) - 1)


def scores(bench: Bench, question: str, *texts: str, concurrent: bool = False, **fields: object) -> list[float]:
    vectors = bench.embed(*texts, concurrent=concurrent, query=question, **fields)
    assert {vector.shape for vector in vectors} <= {(1,)}
    return [float(vector[0]) for vector in vectors]


@pytest.fixture(scope="module", params=[True, False], ids=["pooler", "no pooler"])
def ranker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bench, Bert]]:
    file = tiny_reranker(tmp_path_factory.mktemp("rankers") / "model.gguf", pooler=request.param)
    with Bench(file) as bench:
        yield bench, Bert(file)
        assert not bench.failures


@pytest.mark.parametrize("length", [1, 7, 20])
def test_scores_are_the_networks_own(ranker: tuple[Bench, Bert], length: int) -> None:
    bench, network = ranker
    assert bench.settings.pooling is Pooling.RANK
    question, texts = words(-length, length), [words(n, n) for n in LENGTHS]
    expected = [network.score(*pair(bench, question, text)) for text in texts]
    found = scores(bench, question, *texts)
    assert np.abs(np.array(found) - expected).max() < ROUNDING
    assert np.ptp(expected) > 0.02
    swapped = [network.score(*pair(bench, text, question)) for text in texts[1:]]
    assert np.abs(np.array(swapped) - expected[1:]).max() > 10 * ROUNDING


def test_a_pair_that_is_too_long_loses_the_end_of_the_longer_one_first(
    ranker: tuple[Bench, Bert],
) -> None:
    bench, network = ranker
    room = 64 - 3  # the model's context, less the special tokens
    for question_length, given, kept, left in (
        (5, 500, 5, room - 5),
        (500, 5, room - 5, 5),
        (400, 500, 30, 31),
        (50, 40, 31, 30),
    ):
        question, text = words(1, question_length), words(2, given)
        cut = pair(bench, " ".join(question.split()[:kept]), " ".join(text.split()[:left]))
        assert len(cut[0]) == 64
        assert abs(scores(bench, question, text)[0] - network.score(*cut)) < ROUNDING
        assert bench.answers[0][0].tokens == 64
        bench.add(1, text, query=question, truncate=False)
        bench.finish()
        assert bench.failures.pop(1).kind == "too_long"
    cut = pair(bench, "the", "dog a cat")
    assert abs(scores(bench, "the", "dog a cat dog dog", num_ctx=7)[0] - network.score(*cut)) < ROUNDING
    bench.add(1, "the dog", query="the", num_ctx=4)
    bench.finish()
    assert "too small" in bench.failures.pop(1).message


def test_a_table_in_16_bits_is_read_too(tmp_path: Path) -> None:
    with Bench(tiny_reranker(tmp_path / "model.gguf", dtype=np.float16)) as bench:
        network = Bert(tmp_path / "model.gguf")
        question, text = words(1, 9), words(2, 20)
        assert abs(scores(bench, question, text)[0] - network.score(*pair(bench, question, text))) < ROUNDING


def test_a_thousand_texts_and_two_questions_at_once_keep_their_order(ranker: tuple[Bench, Bert]) -> None:
    bench, _ = ranker
    texts = [words(n, n % 30) for n in range(200)]
    alone = {q: [scores(bench, words(q, 4), text)[0] for text in texts[::10]] for q in (-1, -2)}
    for number, question in enumerate(alone, 1):
        bench.add(number, *texts, query=words(question, 4))
    bench.finish()
    for number, question in enumerate(alone, 1):
        found = [float(vector[0]) for vector in bench.vectors(number)]
        assert np.allclose(found[::10], alone[question], atol=ROUNDING)
        bench.answers.pop(number)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (tiny_bert, "this model does not rank texts"),
        (tiny_llama, "this model does not rank texts"),
        (lambda path: tiny_reranker(path, classes=3), "this model sorts texts into 3 classes, it does not rank them"),
    ],
)
def test_a_model_that_is_not_a_reranker_says_so(tmp_path: Path, make: Callable[[Path], Path], said: str) -> None:
    with Bench(make(tmp_path / "model.gguf")) as bench:
        bench.add(1, "the dog", query="the")
        bench.finish()
        assert bench.failures[1] == ipc.Failed(1, said, "invalid")


def test_scores_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    with Bench(tiny_reranker(tmp_path / "model.gguf", weights=math.nan)) as bench:
        bench.add(1, "the dog", query="the")
        bench.finish()
        assert (bench.failures[1].kind, "not finite" in bench.failures[1].message) == ("engine", True)


def test_a_decoder_that_ranks_gets_its_own_template_and_says_how_likely_yes_is(tmp_path: Path) -> None:
    """Like Qwen3-Reranker: `yes` or `no` after the last token, computed in pieces beside others."""
    file = tiny_qwen3(tmp_path / "model.gguf", pooling=4, classes=["yes", "no"], template=TEMPLATE)
    weights = {tensor.name: np.array(tensor.data) for tensor in gguf.GGUFReader(file).tensors}
    with Bench(file) as bench:
        question, texts = words(1, 9), [words(2, 20), words(3, 300), "the dog"]
        for concurrent in (False, True):
            for text, score in zip(texts, scores(bench, question, *texts, concurrent=concurrent), strict=True):
                whole = TEMPLATE.replace("{query}", question).replace("{document}", text)
                last = bench.of_tokens(bench.model.tokenize(whole, add_special=False))[-1]
                yes, no = weights["cls.output.weight"] @ last
                assert abs(score - 1 / (1 + math.exp(no - yes))) < ROUNDING
        (cut,) = scores(bench, question, words(3, 3000), num_ctx=40)
        whole = TEMPLATE.replace("{query}", question).replace("{document}", words(3, 3000))
        tokens = bench.model.tokenize(whole, add_special=False)
        end = bench.model.tokenize(TEMPLATE.partition("{document}")[2], add_special=False)
        last = bench.of_tokens([*tokens[: 40 - len(end)], *end])[-1]
        yes, no = weights["cls.output.weight"] @ last
        assert abs(cut - 1 / (1 + math.exp(no - yes))) < ROUNDING
