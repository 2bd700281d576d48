import re

import pytest

from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.llava import llava_architecture
from paddock.conversion.errors import ConversionError


@pytest.mark.parametrize(("text", "name"), [("llava", "llama"), ("mistral", "llama"), ("qwen2", "qwen2")])
def test_the_language_model_is_that_of_the_text_part(text: str, name: str) -> None:
    found = llava_architecture(Config({"model_type": text}))
    assert found.name == name
    assert re.search(found.skipped, "vision_tower.encoder.layers.0.mlp.fc1.weight")
    assert not re.search(found.skipped, "language_model.model.layers.0.mlp.up_proj.weight")


def test_another_language_model_is_named() -> None:
    with pytest.raises(ConversionError, match='text model "gpt2" cannot be imported; supported: llama, mistral'):
        llava_architecture(Config({"model_type": "gpt2"}))
