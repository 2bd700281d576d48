"""SentencePiece's table of character normalizations (`precompiled_charsmap`).

The first four bytes are the size of a trie; the trie follows, then the replacement texts that it points at, each ended
by a zero byte. The trie is a double array of 32-bit units, as https://github.com/s-yata/darts-clone writes it: from the
unit reached so far, the next byte leads to the unit at the first's offset XOR that byte, if that unit has this label.
"""

from typing import Any

import numpy as np

from paddock.conversion.errors import ConversionError

_HEAD = 4
_LEAF = 1 << 31
"""Flag of a unit whose other bits are the position of a replacement text."""
_BATCH = 4096
MAX_CHARSMAP = 8 << 20
"""Bytes; the table of all of Unicode's compatibility characters has 0.3 MB."""
MAX_SEQUENCE = 256
"""Bytes of a character sequence that is replaced; compatibility characters have four, with combining ones some more."""
_OUTSIDE = "the tokenizer's table of characters (precompiled_charsmap) leads out of itself"
_BYTES = np.arange(1, 256, dtype=np.uint32)

Units = np.ndarray[Any, np.dtype[np.uint32]]


def check_charsmap(data: bytes) -> None:
    """Follow every path through a table's trie: the engine would crash on a path that leads out of it.

    Raises:
        ConversionError: if a path leads out of the trie or does not end.
    """
    size = int.from_bytes(data[:_HEAD], "little")
    texts = data[_HEAD + size :]
    if len(data) > MAX_CHARSMAP:
        raise ConversionError(
            f"the tokenizer's table of characters (precompiled_charsmap) has more than {MAX_CHARSMAP} bytes"
        )
    if len(data) < _HEAD or size < 4 or size % 4 or not texts:
        raise ConversionError("the tokenizer's table of characters (precompiled_charsmap) is cut off")
    units = np.frombuffer(data, "<u4", size // 4, _HEAD)
    seen, last = np.zeros(len(units), bool), texts.rfind(b"\0")
    # Bases at which the next byte is looked up: the index of a unit XOR its offset.
    places = _offsets(units[:1])
    for _ in range(MAX_SEQUENCE):
        if not len(places):
            return
        parts = [_children(units, places[start : start + _BATCH]) for start in range(0, len(places), _BATCH)]
        found = np.unique(np.concatenate(parts))
        found = found[~seen[found]]
        seen[found] = True
        places = found.astype(np.uint32) ^ _offsets(units[found])
        ends = places[(units[found] >> 8 & 1).astype(bool)]
        if (ends >= len(units)).any() or ((units[ends] & ~np.uint32(_LEAF)) > last).any():
            raise ConversionError(_OUTSIDE)
        places = np.unique(places)  # so that each unit is reached once per base
    raise ConversionError("the tokenizer's table of characters (precompiled_charsmap) has no end")


def normalized(table: bytes, letter: str) -> str:
    """Return a letter's replacement in a table (checked, or empty); the letter itself if it has none."""
    if not table:
        return letter
    size = int.from_bytes(table[:_HEAD], "little")
    units = np.frombuffer(table, "<u4", size // 4, _HEAD)
    unit = units[:1]
    place = int(_offsets(unit)[0])
    for byte in letter.encode():
        place ^= byte
        unit = units[place : place + 1]
        if int(unit[0]) & (_LEAF | 0xFF) != byte:
            return letter
        place ^= int(_offsets(unit)[0])
    if not int(unit[0]) >> 8 & 1:
        return letter
    start = _HEAD + size + (int(units[place]) & ~_LEAF)
    return table[start : table.index(b"\0", start)].decode("utf-8", "replace")


def _children(units: Units, places: Units) -> Units:
    """Return the indices of the units to which any byte leads from these bases."""
    numbers = places[:, None] ^ _BYTES
    if (numbers >= len(units)).any():
        raise ConversionError(_OUTSIDE)
    labels = units[numbers] & np.uint32(_LEAF | 0xFF)
    found: Units = numbers[labels == _BYTES]
    return found


def _offsets(units: Units) -> Units:
    found: Units = np.left_shift(units >> np.uint32(10), (units & np.uint32(1 << 9)) >> np.uint32(6), dtype=np.uint32)
    return found
