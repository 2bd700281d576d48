import random
from pathlib import Path

import pytest
from tools.fuzz.gguf_parts import KNOWN_KEYS, mutated, take_apart

from paddock.gguf import GgufError, read_header
from tests.models import kinds
from tests.models.llama import tiny_llama


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return tiny_llama(tmp_path_factory.mktemp("gguf") / "tiny.gguf", chat_template="{{ 1 }}").read_bytes()


def test_a_file_that_is_taken_apart_and_put_together_is_the_same(sound: bytes, tmp_path: Path) -> None:
    assert take_apart(sound).build() == sound
    other = kinds.hybrid(tmp_path / "jamba.gguf").read_bytes()
    assert take_apart(other).build() == other
    assert take_apart(sound).architecture == "llama"


def test_mutations_are_the_same_for_the_same_dice_and_leave_the_base_alone(sound: bytes) -> None:
    parts = take_apart(sound)
    made = [mutated(parts, random.Random(number)) for number in range(30)]
    assert made == [mutated(parts, random.Random(number)) for number in range(30)]
    assert parts.build() == sound
    assert len(set(made) - {sound}) >= 25


def test_some_mutations_can_be_read_and_others_cannot(sound: bytes, tmp_path: Path) -> None:
    parts, refused = take_apart(sound), 0
    for number in range(100):
        path = tmp_path / str(number)
        path.write_bytes(mutated(parts, random.Random(number)))
        try:
            read_header(path)
        except GgufError:
            refused += 1
    assert 10 < refused < 90


def test_many_keys_are_known() -> None:
    assert len(KNOWN_KEYS) > 150
    assert "{arch}.rope.dimension_count" in KNOWN_KEYS
