"""What a reply has come to so far, as far as it bears on rules that no grammar has.

Numbers come to an end: a model that has begun to write 0.3333 may never stop by itself. No number is too great to be
one. A string in a call does not hold a text that its parser would take for the end of it. And a long text ends before
it is too long, which would take a grammar hundreds of megabytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

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


MARGIN = 8
"""So many characters before its length is reached a text is to end: it cannot everywhere, after a line end for one."""


@dataclass(frozen=True)
class Between:
    """What stands between two texts of a reply that is not JSON as a whole: JSON, or text of a limited length."""

    before: str
    after: str
    never: tuple[str, ...] = ()
    """What the strings of JSON may not hold."""
    longest: int = 0
    """Characters of text; 0 for JSON."""


class _Bytes(NamedTuple):
    before: bytes
    after: bytes
    never: list[bytes]
    longest: int


class Written:
    """Reads a reply as it is written, and says which tokens should not follow if any other may."""

    def __init__(
        self,
        *,
        is_json: bool,
        never_in_strings: Sequence[str] = (),
        between: Sequence[Between] = (),
        never: Sequence[str] = (),
    ) -> None:
        """In a text that `is_json`, what stands between quotes is a string, where digits may go on."""
        self.digits = 0
        """In a row at the end, outside of strings."""
        self._is_json = is_json
        self._never = [text.encode() for text in never_in_strings]
        """Not in strings."""
        self._nowhere = [text.encode() for text in never]
        self._between = [
            _Bytes(b.before.encode(), b.after.encode(), [text.encode() for text in b.never], b.longest) for b in between
        ]
        self._within: _Bytes | None = None
        """Between which texts the reply is."""
        self._characters = 0
        """Since then."""
        self._in_exponent = self._in_string = self._escaped = False
        texts = [*self._never, *self._nowhere, *(text for b in self._between for text in (b.before, b.after, *b.never))]
        self._longest = max(map(len, texts), default=0)
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
            if self._longest:
                self._tail = (self._tail + bytes((byte,)))[-self._longest :]
                self._enter_or_leave(byte)

    def undesired(self, vocabulary: "Vocabulary") -> "Iterator[numpy.ndarray[Any, Any] | list[int]]":
        """Yield sets of tokens, as masks or as lists, that should not come next."""
        for text in [*self._nowhere, *(self._never if self._in_string else ())]:
            begun = (n for n in range(1, len(text)) if self._tail.endswith(text[:n]))
            yield [*vocabulary.containing(text), *(t for n in begun for t in vocabulary.beginning_with(text[n:]))]
        if self._in_string:
            return
        if self._within is not None and self._within.longest:
            yield from self._too_long(vocabulary, self._within)
        if self._in_exponent:
            yield vocabulary.leading_digits > MOST_EXPONENT_DIGITS - self.digits
        elif self.digits >= (MOST_DIGITS if self._is_json else MOST_DIGITS_OF_TEXT):
            yield vocabulary.leading_digits > 0
        if vocabulary.long_exponents:
            yield vocabulary.long_exponents

    def _too_long(self, vocabulary: "Vocabulary", within: _Bytes) -> "Iterator[numpy.ndarray[Any, Any]]":
        """Yield what would make a text too long: what is longer than the rest of it, then what does not end it."""
        left = within.longest - self._characters
        if left >= vocabulary.most_characters + MARGIN:
            return
        begun = max(n for n in range(len(within.after)) if self._tail.endswith(within.after[:n]))
        # Behind a line end nothing may end: it would be taken for a part of the tag.
        may_end = begun or not self._tail.endswith(b"\n")
        ends = vocabulary.on_the_way_to(within.after[begun:]) if may_end else []
        beyond = vocabulary.characters > max(left, 0)
        late_line_end = vocabulary.ending_lines & (vocabulary.characters > max(left - MARGIN, 0))
        others = vocabulary.characters > (0 if left <= MARGIN else vocabulary.most_characters)
        for tokens in (beyond, late_line_end, others):
            tokens[ends] = False
            yield tokens

    def _enter_or_leave(self, byte: int) -> None:
        """See whether JSON or a text of limited length begins or ends here, where the whole reply is not JSON."""
        within = self._within
        if within is not None:
            self._characters += byte & 0xC0 != 0x80
            if not self._in_string and self._tail.endswith(within.after):
                self._is_json, self._within = False, None
        elif not self._is_json:
            self._within = next((b for b in self._between if self._tail.endswith(b.before)), None)
            if self._within is not None:
                self._is_json, self._never, self._characters = not self._within.longest, self._within.never, 0

    def _number(self, byte: int) -> None:
        if self._in_string:
            self.digits, self._in_exponent = 0, False
        elif 48 <= byte <= 57:
            self.digits += 1
        elif byte in _EXPONENT and self.digits and not self._in_exponent:
            self.digits, self._in_exponent = 0, True
        elif not (byte in _SIGNS and self._in_exponent and not self.digits):
            self.digits, self._in_exponent = 0, False
