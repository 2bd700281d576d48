import tracemalloc
from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.charsmap import MAX_CHARSMAP, MAX_SEQUENCE, check_charsmap, normalized
from tests.conversion.embedders import unigram_tokenizer
from tests.examples import scaled

TABLE = unigram_tokenizer()["normalizer"]


def offset(unit: int) -> int:
    return (unit >> 10) << ((unit & 1 << 9) >> 6)


def walk(table: bytes, text: bytes) -> None:
    """Follow a text through a table as the engine does; raise IndexError where the engine would crash."""
    size = int.from_bytes(table[:4], "little")
    units = [int.from_bytes(table[at : at + 4], "little") for at in range(4, 4 + size, 4)]
    texts = table[4 + size :]
    place = offset(units[0])
    for byte in text:
        place ^= byte
        unit = units[place]
        if unit & (1 << 31 | 0xFF) != byte:
            return
        place ^= offset(unit)
        if unit >> 8 & 1 and 0 not in texts[units[place] & ~(1 << 31) :]:
            raise IndexError


@given(st.data())
@settings(deadline=None, max_examples=scaled(80))
def test_a_corrupt_charsmap_is_refused_or_harmless(data: st.DataObject) -> None:
    table = bytearray(b64decode(unigram_tokenizer()["normalizer"]["precompiled_charsmap"]))
    check_charsmap(bytes(table))
    for _ in range(data.draw(st.integers(1, 4))):
        table[data.draw(st.integers(0, len(table) - 1))] = data.draw(st.integers(0, 255))
    spoiled = bytes(table)
    letters = [*data.draw(st.lists(st.binary(min_size=1, max_size=4), max_size=20)), *(c.encode() for c in "Ａｚ\tﬁ　")]
    try:
        check_charsmap(spoiled)
    except ConversionError as error:
        assert "precompiled_charsmap" in str(error)
        return
    for text in [*letters, *(bytes([byte]) for byte in range(1, 256))]:
        walk(spoiled, text)


def full_width(table: bytes) -> int:
    """Return the position of the unit to which the first byte of full-width letters leads."""
    first = offset(int.from_bytes(table[4:8], "little"))
    of_byte = 4 + 4 * (first ^ 0xEF)
    assert table[of_byte] == 0xEF
    return of_byte


def table_of(units: "np.ndarray[Any, Any]") -> bytes:
    return units.nbytes.to_bytes(4, "little") + units.astype("<u4").tobytes() + b"\0"


def lead(units: "np.ndarray[Any, Any]", place: int, byte: int, to: int) -> None:
    units[place ^ byte] = byte | (place ^ byte ^ to) << 10


def test_a_trie_whose_paths_meet_takes_no_more_memory() -> None:
    units = np.zeros(67 * 256, np.uint32)
    units[0] = 256 << 10
    for first in range(1, 65):
        lead(units, 256, first, 256 * (first + 1))
        for second in range(1, 256):
            lead(units, 256 * (first + 1), second, 256 * 66)
    for third in range(1, 256):
        lead(units, 256 * 66, third, 256 * 66)
    tracemalloc.start()
    try:
        check_charsmap(table_of(units))
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


def test_a_trie_with_an_endless_path_is_refused() -> None:
    units = np.zeros(4 * MAX_SEQUENCE, np.uint32)
    units[0] = 2 << 10
    for place in range(2, 2 * MAX_SEQUENCE + 2, 2):
        lead(units, place, 1, place + 2)
    with pytest.raises(ConversionError, match="has no end"):
        check_charsmap(table_of(units))
    units[MAX_SEQUENCE] = units[MAX_SEQUENCE + 1] = 0
    check_charsmap(table_of(units))


def test_a_letter_is_replaced_as_the_charsmap_says() -> None:
    table = b64decode(TABLE["precompiled_charsmap"])
    assert [normalized(table, letter) for letter in "Ａ\tﬁ　\u2028a"] == ["A", " ", "fi", " ", "\u2028", "a"]
    assert normalized(b"", "Ａ") == "Ａ"


def test_a_trie_with_a_path_out_of_it_is_refused() -> None:
    table = b64decode(unigram_tokenizer()["normalizer"]["precompiled_charsmap"])
    of_byte = full_width(table)
    for place, unit in ((4, b"\xff\xff\xff\x7f"), (of_byte, b"\xef\xfc\xff\x7f")):
        with pytest.raises(ConversionError, match="leads out of itself"):
            check_charsmap(table[:place] + unit + table[place + 4 :])
    with pytest.raises(ConversionError, match="is cut off"):
        check_charsmap(table[: 4 + int.from_bytes(table[:4], "little")])
    with pytest.raises(ConversionError, match="leads out of itself"):
        check_charsmap(table.rstrip(b"\0"))
    with pytest.raises(ConversionError, match="has more than"):
        check_charsmap(table + bytes(MAX_CHARSMAP))
