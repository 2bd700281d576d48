"""Constraints are values: equal ones are found in caches, and each is told by its tag."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock import ipc
from tests.ipc.strategies import of_type

CONSTRAINTS = of_type(ipc.Constraint)


@given(CONSTRAINTS)
def test_a_decoded_constraint_is_equal_and_has_the_same_hash(constraint: ipc.Constraint) -> None:
    decoder: msgspec.msgpack.Decoder[ipc.Constraint] = msgspec.msgpack.Decoder(ipc.Constraint)
    decoded = decoder.decode(msgspec.msgpack.encode(constraint))
    assert decoded == constraint
    assert hash(decoded) == hash(constraint)


@given(st.text(max_size=5))
def test_constraints_of_different_kinds_are_different(text: str) -> None:
    assert len({ipc.JsonSchema(text), ipc.Regex(text), ipc.Lark(text), ipc.JsonObject()}) == 4


@pytest.mark.parametrize("tag", ["json_schema", "regex", "lark", "tool_calls"])
def test_a_constraint_without_its_content_is_refused(tag: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        msgspec.msgpack.Decoder(ipc.Constraint).decode(msgspec.msgpack.encode({"type": tag}))


def test_a_constraint_of_unknown_kind_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'xml'"):
        msgspec.msgpack.Decoder(ipc.Constraint).decode(msgspec.msgpack.encode({"type": "xml"}))
