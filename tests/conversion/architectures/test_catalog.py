"""Imported checkpoints compute what transformers computes with the same weights."""

from pathlib import Path

import pytest

from paddock.conversion.architectures.catalog import ARCHITECTURES, DECODERS, architecture_of
from paddock.conversion.architectures.config import Config
from paddock.conversion.errors import ConversionError
from tests.conversion.checkpoints import DATA, TOKENS, computed, difference, imported, recorded, write_checkpoint

CASES = sorted(path.stem for path in DATA.glob("*.npz"))
MOST = {"f32": 1e-3, "f16": 1e-2, "bf16": 6e-2}
"""Largest difference that passes, as a fraction of the range of the values."""


@pytest.mark.parametrize("kind", ["f32", "f16"])
@pytest.mark.parametrize("case", CASES)
def test_an_imported_model_computes_what_transformers_does(tmp_path: Path, case: str, kind: str) -> None:
    theirs, config, shapes = recorded(case)
    folder = write_checkpoint(tmp_path / case, config, shapes)
    ours = computed(imported(folder, kind), TOKENS, embeds=theirs.shape[1] == config["hidden_size"])
    assert difference(ours, theirs) < MOST[kind]
    assert (ours.argmax(1) == theirs.argmax(1)).all()


def test_an_unknown_architecture_is_named_with_those_that_are_known() -> None:
    with pytest.raises(ConversionError, match=r'"Fancy" cannot be imported; supported: LlamaForCausalLM, .*LlamaModel'):
        architecture_of(Config({"architectures": ["Fancy"]}))


def test_models_that_write_text_are_listed_before_those_that_embed() -> None:
    embeds = [architecture.embeds for architecture in ARCHITECTURES.values()]
    assert embeds == sorted(embeds)
    assert list(DECODERS) == ["llama", "qwen2", "qwen3", "qwen2moe", "qwen3moe", "gemma", "gemma2", "gemma3", "phi3"]


def test_every_architecture_is_compared_with_transformers() -> None:
    compared = {recorded(case)[1]["architectures"][0] for case in CASES}
    named = {ARCHITECTURES[name].name for name in compared}
    assert {name for name in DECODERS if name not in named} == set()
