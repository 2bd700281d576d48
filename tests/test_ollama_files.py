"""What is known of Ollama's files in one place is what the engine does with them in another."""

from paddock.engine.dialects import texts
from paddock.engine.dialects.projectors import PROJECTORS
from paddock.ollama_files import OF_ENCODERS, OWN_NAMES, WITH_EYES_OR_EARS, WITHOUT


def test_every_encoder_that_is_promised_is_read() -> None:
    assert PROJECTORS.keys() == WITH_EYES_OR_EARS


def test_every_text_that_is_promised_is_read() -> None:
    assert texts.TEXTS.keys() >= WITH_EYES_OR_EARS | WITHOUT | OWN_NAMES


def test_all_know_the_same_names_of_encoders() -> None:
    assert OF_ENCODERS == texts.ENCODERS
