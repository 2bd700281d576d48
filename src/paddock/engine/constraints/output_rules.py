"""Rules for a reply that no grammar expresses, or only at too high a price.

- Numbers end: a model that has begun to write 0.3333 may never stop by itself. Exponents stay so small that every
  reader of JSON can hold the number.
- Strings in a tool call do not contain a text that its parser would take for the end of the call.
- Text with a length limit ends in time; a grammar for it would take hundreds of megabytes.

The rules only discourage: a token that breaks one is left out as long as the grammar allows any other.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from paddock.engine.constraints.tokenizer_info import TokenizerInfo
from paddock.ipc import Region

if TYPE_CHECKING:
    import numpy

MAX_DIGITS = 20
"""Most digits in a row. 64-bit integers have as many, and doubles are no more precise."""

MAX_DIGITS_OF_TEXT = 100
"""Most digits in a row where text and numbers cannot be told apart."""

MAX_EXPONENT_DIGITS = 2
"""Most digits of an exponent: 1e99 after 20 digits is far from the greatest double, 1e308, beyond which readers of JSON
fail."""

END_MARGIN = 8
"""Characters before its length limit at which a text should end: it cannot end everywhere, such as after a new line."""

_QUOTE, _BACKSLASH = b'"\\'
_EXPONENT, _SIGNS = b"eE", b"+-"


class _Region(NamedTuple):
    """A `Region` in bytes."""

    before: bytes
    after: bytes
    avoided: list[bytes]
    max_characters: int


class OutputRules:
    """Follows a reply byte by byte and says which tokens are discouraged next."""

    def __init__(
        self,
        *,
        is_json: bool,
        never_in_strings: Sequence[str] = (),
        avoided: Sequence[str] = (),
        regions: Sequence[Region] = (),
    ) -> None:
        """Start at the beginning of a reply. If it `is_json`, quotes enclose strings, in which digits may go on.

        Strings should not contain `never_in_strings`, and nothing should contain `avoided`.
        """
        self.digits = 0
        """Number of digits in a row at the end of the reply, outside of strings."""
        self._is_json = is_json
        self._never_in_strings = [text.encode() for text in never_in_strings]
        self._avoided = [text.encode() for text in avoided]
        self._regions = [
            _Region(r.before.encode(), r.after.encode(), [text.encode() for text in r.avoided], r.max_characters)
            for r in regions
        ]
        self._region: _Region | None = None
        """The region that the end of the reply is in."""
        self._characters = 0
        """Number of characters since that began."""
        self._in_exponent = self._in_string = self._escaped = False
        texts = [*self._never_in_strings, *self._avoided]
        texts += [text for r in self._regions for text in (r.before, r.after, *r.avoided)]
        self._tail_length = max(map(len, texts), default=0)
        self._tail = b""
        """The end of the reply, as long as the longest text that is looked for."""

    def read(self, piece: bytes) -> None:
        """Follow the reply by `piece`, the text of its next token."""
        for byte in piece:
            self._read_number(byte)
            if self._escaped:
                self._escaped = False
            elif byte == _QUOTE and self._is_json:
                self._in_string = not self._in_string
            else:
                self._escaped = self._in_string and byte == _BACKSLASH
            if self._tail_length:
                self._tail = (self._tail + bytes((byte,)))[-self._tail_length :]
                self._enter_or_leave_region(byte)

    def discouraged_tokens(self, tokens: TokenizerInfo) -> "Iterator[numpy.ndarray[Any, Any] | list[int]]":
        """Yield sets of tokens, as masks or as lists, that should not come next; the most important set first."""
        for text in [*self._avoided, *(self._never_in_strings if self._in_string else ())]:
            begun = (n for n in range(1, len(text)) if self._tail.endswith(text[:n]))
            yield [*tokens.containing(text), *(t for n in begun for t in tokens.starting_with(text[n:]))]
        if self._in_string:
            return
        if self._region is not None and self._region.max_characters:
            yield from self._too_long(tokens, self._region)
        if self._in_exponent:
            yield tokens.leading_digits > MAX_EXPONENT_DIGITS - self.digits
        elif self.digits >= (MAX_DIGITS if self._is_json else MAX_DIGITS_OF_TEXT):
            yield tokens.leading_digits > 0
        if tokens.long_exponents:
            yield tokens.long_exponents

    def _too_long(self, tokens: TokenizerInfo, region: _Region) -> "Iterator[numpy.ndarray[Any, Any]]":
        """Yield the tokens that exceed the length limit of a text; near the limit, then all that do not end it."""
        left = region.max_characters - self._characters
        if left >= tokens.max_characters + END_MARGIN:
            return
        begun = max(n for n in range(len(region.after)) if self._tail.endswith(region.after[:n]))
        # After a new line the text cannot end: the parser would take the new line for part of the tag.
        may_end = begun or not self._tail.endswith(b"\n")
        ends = tokens.leading_to(region.after[begun:]) if may_end else []
        beyond = tokens.characters > max(left, 0)
        late_line_end = tokens.ending_lines & (tokens.characters > max(left - END_MARGIN, 0))
        others = tokens.characters > (0 if left <= END_MARGIN else tokens.max_characters)
        for discouraged in (beyond, late_line_end, others):
            discouraged[ends] = False
            yield discouraged

    def _enter_or_leave_region(self, byte: int) -> None:
        """Notice whether a region begins or ends with `byte`."""
        region = self._region
        if region is not None:
            self._characters += byte & 0xC0 != 0x80
            if not self._in_string and self._tail.endswith(region.after):
                self._is_json, self._region = False, None
        elif not self._is_json:
            self._region = region = next((r for r in self._regions if self._tail.endswith(r.before)), None)
            if region is not None:
                self._is_json, self._never_in_strings, self._characters = not region.max_characters, region.avoided, 0

    def _read_number(self, byte: int) -> None:
        if self._in_string:
            self.digits, self._in_exponent = 0, False
        elif 48 <= byte <= 57:
            self.digits += 1
        elif byte in _EXPONENT and self.digits and not self._in_exponent:
            self.digits, self._in_exponent = 0, True
        elif not (byte in _SIGNS and self._in_exponent and not self.digits):
            self.digits, self._in_exponent = 0, False
