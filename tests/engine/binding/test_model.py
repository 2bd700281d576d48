from collections.abc import Iterator

import pytest

from paddock.engine.binding import LlamaModel, LoadError
from paddock.engine.binding.model import TokenTable
from tests.models.llama import tiny_llama


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    model = LlamaModel(str(tiny_llama(tmp_path_factory.mktemp("model") / "tiny.gguf")))
    yield model
    model.close()


def test_a_token_table_reads_each_value_once() -> None:
    asked: list[int] = []

    def read(token: int) -> bytes:
        asked.append(token)
        return b"%d" % token

    table = TokenTable(read)
    assert [table[3], table[5], table[3]] == [b"3", b"5", b"3"]
    assert asked == [3, 5]


def test_bytes_and_ends_of_tokens_are_tables(model: LlamaModel) -> None:
    assert not model.piece(model.eos)
    assert model.piece(model.eos, special=True) == model.special_pieces[model.eos] != b""
    assert model.ends_reply(model.eos) and model.end_tokens[model.eos]
    tokens = model.tokenize("Once upon a time", add_special=False)
    assert b"".join(model.pieces[token] for token in tokens).decode().strip() == "Once upon a time"
    assert not any(model.end_tokens[token] for token in tokens)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(LoadError, match=r"/nowhere/x\.gguf does not exist"):
        LlamaModel("/nowhere/x.gguf")
