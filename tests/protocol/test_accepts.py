"""Notes of the type that a field takes."""

from typing import Annotated, Any

import msgspec
import pytest

from paddock.protocol.accepts import accepted_type, accepts


class Noted(msgspec.Struct):
    either: Annotated[Any, accepts(int | str)] = None
    plain: int = 0


def test_a_noted_type_is_found_and_an_annotation_without_a_note_is_itself() -> None:
    either, plain = msgspec.structs.fields(Noted)
    assert accepted_type(either.type) == int | str
    assert accepted_type(plain.type) is int
    assert accepted_type(Annotated[int, "other"]) == Annotated[int, "other"]


@pytest.mark.parametrize("value", ["1", '"text"', "[1]", "{}", "null"])
def test_a_note_changes_nothing_in_decoding(value: str) -> None:
    body = f'{{"either": {value}}}'
    assert msgspec.json.decode(body, type=Noted).either == msgspec.json.decode(value)
