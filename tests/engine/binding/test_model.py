"""What a loaded model says of itself, and its vocabulary."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.engine.binding import LlamaModel, LoadError
from paddock.engine.binding.model import TokenTable
from tests.models.llama import tiny_llama


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    model = LlamaModel(str(tiny_llama(tmp_path_factory.mktemp("model") / "model.gguf", context_length=96)))
    yield model
    model.close()


def test_the_numbers_of_the_file_are_the_models(model: LlamaModel) -> None:
    assert model.train_context == 96
    assert not model.is_recurrent and not model.is_hybrid and model.has_decoder
    assert model.size > 0 and model.vocabulary_size > model.eos >= 0
    assert model.description.startswith("llama")


def test_text_survives_tokenization(model: LlamaModel) -> None:
    text = "once upon a time, Grüße \U0001f600"
    tokens = model.tokenize(text, add_special=False)
    assert model.text(tokens).strip() == text
    assert model.tokenize(text) == [model.bos, *tokens]


def test_a_special_token_has_bytes_only_where_special_tokens_are_shown(model: LlamaModel) -> None:
    assert model.piece(model.eos) == b""
    spelled = model.piece(model.eos, special=True)
    assert spelled
    assert model.tokenize(spelled.decode(), add_special=False) == [model.eos]
    assert model.eos not in model.tokenize(spelled.decode(), add_special=False, parse_special=False)


def test_only_the_end_token_ends_a_reply(model: LlamaModel) -> None:
    assert model.ends_reply(model.eos)
    assert not model.ends_reply(model.tokenize("once", add_special=False)[0])


def test_a_table_reads_each_token_once() -> None:
    read: list[int] = []

    def double(token: int) -> int:
        read.append(token)
        return 2 * token

    table = TokenTable(double)
    assert [table[3], table[3], table[4]] == [6, 6, 8]
    assert read == [3, 4]


def test_a_file_that_is_missing_or_no_model_is_an_error_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="does not exist"):
        LlamaModel(str(tmp_path / "none.gguf"))
    (tmp_path / "bad.gguf").write_bytes(b"no model")
    with pytest.raises(LoadError):
        LlamaModel(str(tmp_path / "bad.gguf"))


def test_a_file_that_is_no_adapter_is_refused_and_the_model_stays_usable(model: LlamaModel, tmp_path: Path) -> None:
    (tmp_path / "adapter.gguf").write_bytes(b"no adapter")
    with pytest.raises(LoadError):
        model.add_adapter(str(tmp_path / "adapter.gguf"))
    assert model.tokenize("once")


def test_no_weights_are_laid_out_for_amx_whose_kernels_crash(packaged: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "paddock.engine.native")
    LlamaModel(str(packaged)).close()
    buffers = [record.message for record in caplog.records if "model buffer size" in record.message]
    assert buffers
    assert not [buffer for buffer in buffers if "AMX" in buffer]
