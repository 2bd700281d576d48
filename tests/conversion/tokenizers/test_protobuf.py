import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.protobuf import fields


def varint(number: int) -> bytes:
    data = b""
    while number > 0x7F:
        data += bytes([number & 0x7F | 0x80])
        number >>= 7
    return data + bytes([number])


FIELDS = st.tuples(
    st.integers(1, 1000),
    st.one_of(st.integers(0, 2**63), st.binary(max_size=200), st.floats(width=32, allow_nan=False)),
)


@given(st.lists(FIELDS, max_size=8))
def test_fields_are_read_as_they_were_written(written: list[tuple[int, int | bytes | float]]) -> None:
    data = b""
    for number, value in written:
        if isinstance(value, bytes):
            data += varint(number << 3 | 2) + varint(len(value)) + value
        elif isinstance(value, float):
            data += varint(number << 3 | 5) + struct.pack("<f", value)
        else:
            data += varint(number << 3) + varint(value)
    assert list(fields(data)) == written


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ConversionError):
        list(fields(data))


@pytest.mark.parametrize("data", [b"\x0a\x05abc", b"\x0d\0", b"\x0b", b"\x80" * 12, b"\x08"])
def test_a_message_that_ends_too_early_is_refused(data: bytes) -> None:
    with pytest.raises(ConversionError, match=r"tokenizer\.model"):
        list(fields(data))
