"""The part of the protocol buffers' wire format that a SentencePiece model needs.

The format: https://protobuf.dev/programming-guides/encoding/
"""

import struct
from collections.abc import Iterator

from paddock.conversion.errors import ConversionError

Field = int | bytes | float
"""An integer, the bytes of a string or message, or a float."""


def fields(data: bytes) -> Iterator[tuple[int, Field]]:
    """Yield the fields of a message in order: number, value.

    Raises:
        ConversionError: if `data` is no message.
    """
    position = 0
    while position < len(data):
        key, position = _number(data, position)
        kind = key & 7
        if kind == 0:
            value, position = _number(data, position)
            yield key >> 3, value
            continue
        if kind == 2:
            size, position = _number(data, position)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ConversionError("tokenizer.model is no SentencePiece model")
        end = position + size
        if end > len(data):
            raise ConversionError("tokenizer.model is cut off")
        part = data[position:end]
        yield key >> 3, part if kind == 2 else struct.unpack("<d" if kind == 1 else "<f", part)[0]
        position = end


def _number(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ConversionError("tokenizer.model is no SentencePiece model, or it is cut off")
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if not byte & 0x80:
            return value, position
