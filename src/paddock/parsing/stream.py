"""Reading a text that is still being written.

A parser is a generator function over a `Reader`: it reads on as if the text were complete, and each step that needs
more than there is waits (by `yield`) for the next piece. What it does can depend on the text only, never on where the
pieces begin and end.
"""

import re
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from paddock.parsing.reply import Parsed, ParseError, ToolCall

_WORD = re.compile(r"[^\s<]*(?=[\s<])")

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Something that reads: it yields whenever it needs more text, and returns what it read."""

Write = Callable[[str], object]
"""Takes text that has been read."""


class Stops:
    """Texts at which reading stops. Where several begin at one place, the longest counts; empty ones do not."""

    def __init__(self, *texts: str) -> None:
        ordered = sorted(filter(None, texts), key=len, reverse=True)
        self._find = re.compile("|".join(map(re.escape, ordered)) or "(?!)").search
        self._beginnings = frozenset(text[:length] for text in texts for length in range(1, len(text)))
        self._longest = max(map(len, self._beginnings), default=0)

    def first_in(self, text: str) -> tuple[int, str] | None:
        """Where the first one stands in `text`, and which it is."""
        found = self._find(text)
        return (found.start(), found.group()) if found else None

    def begun_in(self, text: str) -> int:
        """How many of the last characters of `text` may be the beginning of one."""
        for length in range(min(self._longest, len(text)), 0, -1):
            if text[-length:] in self._beginnings:
                return length
        return 0


class Reader:
    """The part of a text that is there and not yet read."""

    def __init__(self) -> None:
        self._rest = ""
        self._ended = False

    def add(self, text: str) -> None:
        """Append what was written meanwhile."""
        self._rest += text

    def end(self) -> None:
        """Nothing comes any more."""
        self._ended = True

    def put_back(self, text: str) -> None:
        """Let `text`, which was read last, be read again."""
        self._rest = text + self._rest

    def until(self, stops: Stops, write: Write, *, keep_begun: bool = True) -> Steps[str | None]:
        """Pass text on to `write` up to the first of `stops`, and read over that.

        Returns the stop, None at the end of the text. The beginning of a stop at the very end is text if `keep_begun`,
        else it is dropped.
        """
        while True:
            rest = self._rest
            if found := stops.first_in(rest):
                place, stop = found
                # A longer one may begin at the same place, or before it and reach over it.
                if self._ended or len(rest) - stops.begun_in(rest) > place:
                    self._rest = rest[place + len(stop) :]
                    if place:
                        write(rest[:place])
                    return stop
            begun = stops.begun_in(rest)
            if len(rest) > begun:
                write(rest[: len(rest) - begun])
                self._rest = rest[len(rest) - begun :]
            if self._ended:
                if keep_begun and begun:
                    write(self._rest)
                self._rest = ""
                return None
            yield

    def rest(self, write: Write) -> Steps[None]:
        """Pass everything on to `write`."""
        while True:
            if self._rest:
                write(self._rest)
                self._rest = ""
            if self._ended:
                return
            yield

    def spaces(self, characters: str | None = None) -> Steps[str]:
        """Read over white space, or over the given characters; return it."""
        parts = []
        while True:
            rest = self._rest.lstrip(characters)
            parts.append(self._rest[: len(self._rest) - len(rest)])
            self._rest = rest
            if rest or self._ended:
                return "".join(parts)
            yield

    def word(self) -> Steps[str]:
        """Read up to white space or a tag."""
        while True:
            found = _WORD.match(self._rest)
            if found or self._ended:
                word = found.group() if found else self._rest
                self._rest = self._rest[len(word) :]
                return word
            yield

    def peek(self, length: int) -> Steps[str]:
        """The next characters, fewer at the end. They stay unread."""
        while len(self._rest) < length and not self._ended:
            yield
        return self._rest[:length]

    def follows(self, text: str) -> Steps[bool]:
        """Whether `text` comes next; if so it is read over."""
        while True:
            if self._rest.startswith(text):
                self._rest = self._rest[len(text) :]
                return True
            if self._ended or not text.startswith(self._rest):
                return False
            yield

    def drop_begun(self, text: str) -> bool:
        """Drop what is left if the whole text ended within `text`; return whether it did."""
        begun = self._ended and bool(self._rest) and text.startswith(self._rest)
        if begun:
            self._rest = ""
        return begun

    def json_object(self) -> Steps[tuple[str, bool]]:
        """Read an object from its brace to the brace that closes it; strings are looked through.

        Returns its text, and whether it was closed.
        """
        parts: list[str] = []
        depth, in_string, escaped = 0, False, False
        while True:
            rest = self._rest
            for place, character in enumerate(rest):
                if in_string:
                    if escaped:
                        escaped = False
                    elif character == "\\":
                        escaped = True
                    elif character == '"':
                        in_string = False
                elif character == '"':
                    in_string = True
                elif character == "{":
                    depth += 1
                elif character == "}":
                    depth -= 1
                    if not depth:
                        self._rest = rest[place + 1 :]
                        return "".join(parts) + rest[: place + 1], True
            parts.append(rest)
            self._rest = ""
            if self._ended:
                return "".join(parts), False
            yield


def nowhere(text: str) -> None:
    """A `Write` that drops the text."""


class Out:
    """Collects what a parser has found since the last `take`."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._thinking: list[str] = []
        self._calls: list[ToolCall] = []
        self.content: Write = self._content.append
        self.thinking: Write = self._thinking.append

    def calls(self, calls: Iterable[ToolCall]) -> None:
        """Add calls."""
        self._calls.extend(calls)

    def take(self, error: str = "") -> Parsed:
        """What was collected."""
        parsed = Parsed("".join(self._content), "".join(self._thinking), tuple(self._calls), error)
        self._content.clear()
        self._thinking.clear()
        self._calls.clear()
        return parsed


class Trimmed:
    """Passes text on without the white space at its beginning, or at its end, or both."""

    def __init__(self, write: Write, *, left: bool = False, right: bool = False) -> None:
        self._write = write
        self._left = left
        self._right = right
        self._held: list[str] = []

    def __call__(self, text: str) -> None:
        """Take text."""
        if self._left:
            text = text.lstrip()
            self._left = not text
        if not self._right:
            if text:
                self._write(text)
            return
        kept = text.rstrip()
        if kept:
            self._held.append(kept)
            self._write("".join(self._held))
            self._held.clear()
        if len(kept) < len(text):
            self._held.append(text[len(kept) :])

    def flush(self) -> None:
        """Pass on the white space that is held: it is not at the end."""
        if self._held:
            self._write("".join(self._held))
            self._held.clear()


Grammar = Callable[[Reader, Out], Steps[None]]
"""How a reply is read: takes text from the reader and puts what it finds into `Out`."""


class StreamParser:
    """A `ReplyParser` that reads by a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._reader = Reader()
        self._out = Out()
        self._steps = grammar(self._reader, self._out)
        self._over = False

    def feed(self, text: str) -> Parsed:
        """See `ReplyParser`."""
        self._reader.add(text)
        return self._read_on()

    def finish(self) -> Parsed:
        """See `ReplyParser`."""
        self._reader.end()
        return self._read_on()

    def _read_on(self) -> Parsed:
        if self._over:
            return Parsed()
        error = ""
        try:
            next(self._steps)
        except StopIteration:
            self._over = True
        except ParseError as failure:
            self._over = True
            error = str(failure)
        return self._out.take(error)
