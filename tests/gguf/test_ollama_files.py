"""What is known of Ollama's files in one place is what the engine does with them in another."""

from paddock.engine.gguf_compat.language_models import LANGUAGE_MODELS
from paddock.engine.gguf_compat.projectors import PROJECTORS
from paddock.gguf.ollama_files import ENCODER_ARCHITECTURES, RENAMED_ARCHITECTURES, TEXT_ONLY_ARCHITECTURES


def test_every_encoder_that_is_promised_is_read() -> None:
    assert PROJECTORS.keys() == ENCODER_ARCHITECTURES


def test_every_text_that_is_promised_is_read() -> None:
    assert LANGUAGE_MODELS.keys() >= ENCODER_ARCHITECTURES | TEXT_ONLY_ARCHITECTURES | RENAMED_ARCHITECTURES
