"""Literals as in programs: quoted strings, numbers, lists, mappings, words."""

import re
from dataclasses import dataclass
from typing import Any

from paddock.parsing.calls.values import is_number, number
from paddock.parsing.reply import ParseError

_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_WORD = re.compile(r"[^,\[\](){}\s]+(?:[ \t]+[^,\[\](){}\s]+)*")
_NAME = re.compile(r"[\w.-]+")
_SPACE = re.compile(r"\s*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_DEEPEST = 100


@dataclass
class Literals:
    """Reads values from `text`, starting at `at`.

    Strings stand between two of one of `quotes`, of which single characters can be escaped. With `mends`, a
    quote or brace that the text ends without is taken as written, and a key without a value is passed over.
    """

    text: str
    quotes: tuple[str, ...] = ('"', "'")
    mends: bool = False
    at: int = 0
    _depth: int = 0

    def spaces(self) -> None:
        """Read over white space."""
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches nothing, too

    def over(self, text: str) -> bool:
        """Read over `text` and the white space before it, if it comes next."""
        self.spaces()
        comes = self.text.startswith(text, self.at)
        self.at += len(text) * comes
        return comes

    def ends(self) -> bool:
        """Return whether nothing but white space is left."""
        self.spaces()
        return self.at >= len(self.text)

    def name(self) -> str:
        """Read a name; return "" if none comes."""
        self.spaces()
        found = _NAME.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found.group() if found else ""

    def pairs(self, sign: str, end: str) -> dict[str, Any]:
        """Read pairs of key and value with `sign` between, separated by commas, up to and with `end`.

        Raises:
            ParseError: if they are not.
        """
        found: dict[str, Any] = {}
        while not self._over_end(end):
            key = self._string() if self._quote() else self.name()
            if self.over(sign):
                found[key] = self.value()
            elif not self.mends or not key:
                raise self._wrong(f"{sign!r} after a name")
            if not self.over(",") and not self._at_end(end):
                raise self._wrong(f"',' or {end!r}")
        return found

    def value(self) -> Any:
        """Read the next value.

        Raises:
            ParseError: if none comes, or they are nested too deeply.
        """
        if quote := self._quote():
            return self._string(quote)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ParseError("the tool call is nested too deeply")
        if self.over("{"):
            value: Any = self.pairs(":", "}")
        elif self.over("["):
            value = []
            while not self._over_end("]"):
                value.append(self.value())
                if not self.over(",") and not self._at_end("]"):
                    raise self._wrong("',' or ']'")
        else:
            value = self._word()
        self._depth -= 1
        return value

    def _word(self) -> Any:
        word = _WORD.match(self.text, self.at)
        if not word:
            raise self._wrong("a value")
        self.at = word.end()
        text = word.group()
        if text in _WORDS:
            return _WORDS[text]
        return number(text) if is_number(text) else text

    def _quote(self) -> str:
        self.spaces()
        return next((quote for quote in self.quotes if self.text.startswith(quote, self.at)), "")

    def _string(self, quote: str = "") -> str:
        quote = quote or self._quote()
        start = self.at + len(quote)
        end = self.text.find(quote, start)
        if len(quote) == 1:
            while end > 0 and _escapes(self.text, start, end):
                end = self.text.find(quote, end + 1)
        if end < 0:
            if not self.mends:
                raise self._wrong(f"{quote!r} at the end of a string")
            self.at = len(self.text)
            return self.text[start:].rstrip("}")
        self.at = end + len(quote)
        inside = self.text[start:end]
        return _ESCAPE.sub(_unescaped, inside) if len(quote) == 1 and "\\" in inside else inside

    def _over_end(self, end: str) -> bool:
        return self.over(end) or (self.mends and self.ends())

    def _at_end(self, end: str) -> bool:
        self.spaces()
        return self.text.startswith(end, self.at) or (self.mends and self.ends())

    def _wrong(self, expected: str) -> ParseError:
        return ParseError(f"the tool call has {self.text[self.at : self.at + 20]!r} where {expected} should stand")


def _escapes(text: str, start: int, end: int) -> bool:
    """Return whether the quote at `end` is escaped, by an odd number of backslashes before it."""
    before = end
    while before > start and text[before - 1] == "\\":
        before -= 1
    return (end - before) % 2 == 1


def _unescaped(found: re.Match[str]) -> str:
    sign = found[1]
    if len(sign) == 5:
        character = chr(int(sign[1:], 16))
        return "\ufffd" if "\ud800" <= character <= "\udfff" else character
    return _ESCAPED.get(sign, sign)
