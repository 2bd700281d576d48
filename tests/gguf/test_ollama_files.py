"""What is known of Ollama's files in one place is what the engine does with them in another."""

from paddock.engine.gguf_compat.language_models import LANGUAGE_MODELS
from paddock.engine.gguf_compat.projectors import PROJECTORS
from paddock.gguf.ollama_files import ENCODER_ARCHITECTURES, RENAMED_ARCHITECTURES, TEXT_ONLY_ARCHITECTURES


def test_every_encoder_that_is_promised_has_a_translation() -> None:
    assert PROJECTORS.keys() == ENCODER_ARCHITECTURES


def test_every_language_model_that_is_promised_has_a_translation() -> None:
    assert LANGUAGE_MODELS.keys() >= ENCODER_ARCHITECTURES | TEXT_ONLY_ARCHITECTURES | RENAMED_ARCHITECTURES
