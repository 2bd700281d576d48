"""What a reply has come to so far, as far as it bears on rules that no grammar has.

Numbers come to an end: a model that has begun to write 0.3333 may never stop by itself. No number is too great to be
one. And a string in a call does not hold the text that ends calls.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

    from paddock.engine.constraints.vocabulary import Vocabulary

MOST_DIGITS = 20
"""In a row: 64-bit integers have as many, doubles say no more with more."""

MOST_DIGITS_OF_TEXT = 100
"""In a row where text and numbers cannot be told apart."""

MOST_EXPONENT_DIGITS = 2
"""1e99 with 20 digits before it is far from the greatest double, 1e308; readers of JSON fail beyond that."""

_QUOTE, _BACKSLASH = b'"\\'
_EXPONENT, _SIGNS = b"eE", b"+-"


class Written:
    """Reads a reply as it is written, and says which tokens should not follow if any other may."""

    def __init__(self, *, is_json: bool, never_in_strings: Sequence[str] = ()) -> None:
        """In a text that `is_json`, what stands between quotes is a string, where digits may go on."""
        self.digits = 0
        """In a row at the end, outside of strings."""
        self._is_json = is_json
        self._never = [text.encode() for text in never_in_strings]
        self._in_exponent = self._in_string = self._escaped = False
        self._tail = b""

    def read(self, piece: bytes) -> None:
        """Take what was written next."""
        for byte in piece:
            self._number(byte)
            if self._escaped:
                self._escaped = False
            elif byte == _QUOTE and self._is_json:
                self._in_string = not self._in_string
            else:
                self._escaped = self._in_string and byte == _BACKSLASH
        if self._never:
            longest = max(map(len, self._never))
            self._tail = (self._tail + piece)[-longest:]

    def undesired(self, vocabulary: "Vocabulary") -> "Iterator[numpy.ndarray[Any, Any] | list[int]]":
        """Yield sets of tokens, as masks or as lists, that should not come next."""
        if not self._in_string:
            if self._in_exponent:
                yield vocabulary.leading_digits > MOST_EXPONENT_DIGITS - self.digits
            elif self.digits >= (MOST_DIGITS if self._is_json else MOST_DIGITS_OF_TEXT):
                yield vocabulary.leading_digits > 0
            if vocabulary.long_exponents:
                yield vocabulary.long_exponents
            return
        for text in self._never:
            begun = (n for n in range(1, len(text)) if self._tail.endswith(text[:n]))
            yield [*vocabulary.containing(text), *(t for n in begun for t in vocabulary.beginning_with(text[n:]))]

    def _number(self, byte: int) -> None:
        if self._in_string:
            self.digits, self._in_exponent = 0, False
        elif 48 <= byte <= 57:
            self.digits += 1
        elif byte in _EXPONENT and self.digits and not self._in_exponent:
            self.digits, self._in_exponent = 0, True
        elif not (byte in _SIGNS and self._in_exponent and not self.digits):
            self.digits, self._in_exponent = 0, False
