"""What is known of Ollama's files in one place is what the engine does with them in another."""

from paddock.engine.gguf_compat import language_models as texts
from paddock.engine.gguf_compat.projectors import PROJECTORS
from paddock.gguf.ollama_files import ENCODERS_READ, ONLY_TEXT_READ, OWN_NAMES


def test_every_encoder_that_is_promised_is_read() -> None:
    assert PROJECTORS.keys() == ENCODERS_READ


def test_every_text_that_is_promised_is_read() -> None:
    assert texts.TEXTS.keys() >= ENCODERS_READ | ONLY_TEXT_READ | OWN_NAMES
