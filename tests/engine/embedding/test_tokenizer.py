"""Texts become no more tokens than fit: whole, in windows, or as a pair."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.engine.binding import LlamaModel
from paddock.engine.config import EmbeddingConfig
from paddock.engine.embedding.tokenizer import EmbeddingTokenizer, TextRefused
from paddock.ipc import Embed
from tests.models.embedders import tiny_bert

LIMIT = 12
TEXT = "the dog and the cat " * 10


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    loaded = LlamaModel(str(tiny_bert(Path(tmp_path_factory.mktemp("bert")) / "bert.gguf")))
    yield loaded
    loaded.close()


@pytest.fixture
def tokenizer(model: LlamaModel) -> EmbeddingTokenizer:
    return EmbeddingTokenizer(model, LIMIT, EmbeddingConfig(portion_characters=40))


def special(model: LlamaModel, tokenizer: EmbeddingTokenizer) -> tuple[list[int], list[int]]:
    """Return the special tokens before and after a text."""
    tokens = tokenizer.text(Embed(id=1, texts=("the",)), 0)
    assert len(tokens) == 3
    return tokens[:1], tokens[2:]


def test_a_text_that_is_too_long_keeps_its_special_tokens(model: LlamaModel, tokenizer: EmbeddingTokenizer) -> None:
    before, after = special(model, tokenizer)
    tokens = tokenizer.text(Embed(id=1, texts=(TEXT,)), 0)
    assert len(tokens) == LIMIT
    assert (tokens[:1], tokens[-1:]) == (before, after)


def test_a_text_that_may_not_be_truncated_is_refused(tokenizer: EmbeddingTokenizer) -> None:
    with pytest.raises(TextRefused, match="exceeds the context length") as refused:
        tokenizer.text(Embed(id=1, texts=(TEXT,), truncate=False), 0)
    assert refused.value.kind == "too_long"


def test_windows_hold_all_tokens_of_a_text_once(model: LlamaModel, tokenizer: EmbeddingTokenizer) -> None:
    before, after = special(model, tokenizer)
    windows = list(tokenizer.windows(Embed(id=1, texts=(TEXT,)), 0))
    assert [is_last for _, is_last in windows] == [False] * (len(windows) - 1) + [True]
    assert all(len(tokens) <= LIMIT and tokens[:1] == before and tokens[-1:] == after for tokens, _ in windows)
    whole = EmbeddingTokenizer(model, 10_000, EmbeddingConfig()).text(Embed(id=1, texts=(TEXT,)), 0)
    assert [token for tokens, _ in windows for token in tokens[1:-1]] == whole[1:-1]


def test_a_pair_says_where_its_document_starts(model: LlamaModel, tokenizer: EmbeddingTokenizer) -> None:
    tokens, start = tokenizer.query_document_pair(Embed(id=1, texts=("a cat",), query="the dog"), 0)
    query, document = (tokenizer.text(Embed(id=1, texts=(text,)), 0) for text in ("the dog", "a cat"))
    assert tokens[:start] == query
    assert tokens[start:] == document[1:]


def test_of_a_pair_that_is_too_long_the_longer_one_is_truncated(tokenizer: EmbeddingTokenizer) -> None:
    tokens, start = tokenizer.query_document_pair(Embed(id=1, texts=(TEXT,), query="the dog"), 0)
    assert len(tokens) == LIMIT
    assert start == len(tokenizer.text(Embed(id=1, texts=("the dog",)), 0))
    _, start = tokenizer.query_document_pair(Embed(id=1, texts=("the dog",), query=TEXT), 0)
    assert LIMIT - start == len(tokenizer.text(Embed(id=1, texts=("the dog",)), 0)) - 1
