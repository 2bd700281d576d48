"""Bodies to structs."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.protocol.json import BadRequest, decode, encode


class Body(msgspec.Struct):
    name: str | None = None
    count: int | None = None


def test_unknown_fields_are_ignored_and_null_is_an_empty_object() -> None:
    assert decode(b'{"name": "a", "else": [1]}', Body) == Body("a")
    assert decode(b"null", Body) == Body()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"count": "1"}', b'{"name": "\xff"}', b"[" * 100_000])
def test_what_does_not_fit_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(body, Body)


@given(st.binary(max_size=30))
def test_any_bytes_are_a_body_or_a_bad_request(body: bytes) -> None:
    try:
        assert isinstance(decode(body, Body), Body)
    except BadRequest as error:
        assert str(error)


def test_what_is_encoded_is_decoded_again() -> None:
    assert decode(encode(Body("é", 3)), Body) == Body("é", 3)
