"""Sizes and switches of a context: those of the command, else those that suit the model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.engine.binding import LlamaModel, LoadError
from paddock.engine.config import EngineConfig
from paddock.engine.loading import choose_options, generating_context, load_model, translated_if_needed
from tests.engine.runners import load
from tests.models import kinds
from tests.models.damaged import without_bytes
from tests.models.embedders import tiny_bert


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kinds.full_attention(tmp_path_factory.mktemp("loading") / "model.gguf")


@pytest.fixture(scope="module")
def model(file: Path) -> Iterator[LlamaModel]:
    loaded = LlamaModel(str(file))
    yield loaded
    loaded.close()


def test_what_the_command_says_is_taken(file: Path, model: LlamaModel) -> None:
    command = load(file, pool_tokens=1024, max_sequences=3, flash_attention="on", batch_tokens=64)
    options = choose_options(command, model, 512, EngineConfig())
    assert options.running == 3
    assert (options.context.cells, options.context.batch_tokens, options.context.flash_attention) == (1024, 64, True)
    assert options.context.sequences == 3 + EngineConfig().cached_sequences


def test_small_models_run_on_one_thread(file: Path, model: LlamaModel) -> None:
    command = load(file, threads=8)
    assert choose_options(command, model, 512, EngineConfig()).context.threads == 1
    assert choose_options(command, model, 512, EngineConfig(single_thread_bytes=0)).context.threads == 8


def test_few_sequences_of_small_models_run_at_once(file: Path, model: LlamaModel) -> None:
    command = load(file, max_sequences=0, pool_tokens=1 << 16, flash_attention="off")
    config = EngineConfig(max_running=9, max_running_small=2)
    assert choose_options(command, model, 512, config).running == 2
    assert choose_options(load(file, max_sequences=0, pool_tokens=1024), model, 512, config).running == 2
    large = EngineConfig(max_running=9, single_thread_bytes=0)
    assert choose_options(command, model, 512, large).running == 9
    assert choose_options(load(file, max_sequences=0, pool_tokens=1024), model, 512, large).running == 2


def test_a_quantized_cache_needs_a_suitable_head_size(file: Path, model: LlamaModel) -> None:
    head_size = model.embedding_length // model.heads
    command = load(file, kv_cache_type="q8_0")
    if head_size % 32:
        with pytest.raises(LoadError, match="head size that 32 divides"):
            choose_options(command, model, 512, EngineConfig())
    else:
        assert choose_options(command, model, 512, EngineConfig()).context.flash_attention


def test_a_model_that_only_embeds_has_no_context_to_generate_in(tmp_path: Path) -> None:
    path = tiny_bert(tmp_path / "bert.gguf")
    model = LlamaModel(str(path))
    options = choose_options(load(path), model, 512, EngineConfig())
    assert generating_context(model, options.context, []) is None
    model.close()


def test_a_file_that_is_missing_cannot_be_loaded(tmp_path: Path) -> None:
    with (
        pytest.raises(LoadError, match="does not exist"),
        translated_if_needed(tmp_path / "none.gguf", lambda _: None),
    ):
        pass


def test_a_sentencepiece_model_without_tokens_for_bytes_is_refused(tmp_path: Path, file: Path) -> None:
    damaged = without_bytes(tmp_path / "model.gguf")
    with pytest.raises(LoadError, match="its vocabulary lacks 162 of the 256 tokens for bytes"):
        load_model(damaged, load(damaged))
    load_model(file, load(file)).close()
