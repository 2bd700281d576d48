"""Parsing of a text that is still being generated.

A grammar is a generator function over a `Reader`. It reads as if the text were complete, and yields whenever it needs
more text than there is. The result depends on the text only, never on where its pieces begin and end.
"""

import re
from collections.abc import Callable, Generator
from functools import lru_cache
from typing import TypeVar

from paddock.parsing.reply import Parsed, ParseError, ReplyRequest, ToolCall

_WORD = re.compile(r"[^\s<]*(?=[\s<])")

T = TypeVar("T")
Steps = Generator[None, None, T]
"""A reading in progress: it yields whenever it needs more text, and returns what it read."""

Write = Callable[[str], object]
"""Takes text that has been read."""


class StopTexts:
    """Texts at which reading stops. Where several begin at one place, the longest counts. Empty ones are ignored."""

    def __init__(self, *texts: str) -> None:
        ordered = sorted(filter(None, texts), key=len, reverse=True)
        self.search = re.compile("|".join(map(re.escape, ordered)) or "(?!)").search
        """Finds the first stop text in a text."""
        self.search_first_character = re.compile("|".join({re.escape(text[0]) for text in ordered}) or "(?!)").search
        """Finds the first place in a text at which a stop text may begin."""
        self._beginnings = frozenset(text[:length] for text in texts for length in range(1, len(text)))
        self._longest = max(map(len, self._beginnings), default=0)

    def num_begun(self, text: str) -> int:
        """Return how many of the last characters of `text` may be the beginning of a stop text."""
        place = max(len(text) - self._longest, 0)
        while found := self.search_first_character(text, place):
            place = found.start()
            if text[place:] in self._beginnings:
                return len(text) - place
            place += 1
        return 0


@lru_cache(maxsize=256)
def stop_texts(*texts: str) -> StopTexts:
    """Return the `StopTexts` of these texts, which are prepared once."""
    return StopTexts(*texts)


class Reader:
    """The part of a text that has arrived and is not yet read."""

    def __init__(self) -> None:
        self.unread = ""
        """What has arrived and is not read."""
        self.ended = False
        """Whether nothing more will arrive."""

    def put_back(self, text: str) -> None:
        """Let `text`, which was read last, be read again."""
        self.unread = text + self.unread

    def until(self, stops: StopTexts, write: Write, *, keep_begun: bool = True) -> Steps[str | None]:
        """Pass text on to `write` up to the first of `stops`, and skip that.

        Returns the stop text, None at the end of the text. The beginning of a stop text at the very end is text if
        `keep_begun`, else it is dropped.
        """
        while True:
            rest = self.unread
            if stops.search_first_character(rest) is None:
                if rest:
                    write(rest)
                    self.unread = ""
            else:
                end = len(rest) - stops.num_begun(rest)
                # A longer one may begin at the same place, or before it and reach over it.
                if (found := stops.search(rest)) and (self.ended or end > found.start()):
                    self.unread = rest[found.end() :]
                    if found.start():
                        write(rest[: found.start()])
                    return found.group()
                if end:
                    write(rest[:end])
                    self.unread = rest[end:]
            if self.ended:
                if keep_begun and self.unread:
                    write(self.unread)
                self.unread = ""
                return None
            yield

    def rest(self, write: Write) -> Steps[None]:
        """Pass everything on to `write`."""
        while True:
            if self.unread:
                write(self.unread)
                self.unread = ""
            if self.ended:
                return
            yield

    def spaces(self, characters: str | None = None) -> Steps[str]:
        """Skip white space, or the given characters; return what was skipped."""
        parts = []
        while True:
            rest = self.unread.lstrip(characters)
            parts.append(self.unread[: len(self.unread) - len(rest)])
            self.unread = rest
            if rest or self.ended:
                return "".join(parts)
            yield

    def word(self) -> Steps[str]:
        """Read up to white space or a tag."""
        while True:
            found = _WORD.match(self.unread)
            if found or self.ended:
                word = found.group() if found else self.unread
                self.unread = self.unread[len(word) :]
                return word
            yield

    def peek(self, length: int) -> Steps[str]:
        """Return the next characters, fewer at the end. They stay unread."""
        while len(self.unread) < length and not self.ended:
            yield
        return self.unread[:length]

    def follows(self, text: str) -> Steps[bool]:
        """Return whether `text` comes next; skip it if so."""
        while True:
            if self.unread.startswith(text):
                self.unread = self.unread[len(text) :]
                return True
            if self.ended or not text.startswith(self.unread):
                return False
            yield

    def drop_begun(self, text: str) -> bool:
        """Drop what is left if the whole text ended within `text`; return whether it did."""
        begun = self.ended and bool(self.unread) and text.startswith(self.unread)
        if begun:
            self.unread = ""
        return begun

    def json_object(self) -> Steps[tuple[str, bool]]:
        """Read a JSON object from its brace to the brace that closes it, ignoring braces in strings.

        Returns the text of the object, and whether it was closed.
        """
        parts: list[str] = []
        depth, in_string, escaped = 0, False, False
        while True:
            rest = self.unread
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
                        self.unread = rest[place + 1 :]
                        return "".join(parts) + rest[: place + 1], True
            parts.append(rest)
            self.unread = ""
            if self.ended:
                return "".join(parts), False
            yield


def nowhere(text: str) -> None:
    """Drop the text."""


class Sink:
    """Collects what a grammar has found."""

    def __init__(self) -> None:
        self.content_parts: list[str] = []
        self.thinking_parts: list[str] = []
        self.calls: list[ToolCall] = []
        self.content: Write = self.content_parts.append
        """Adds content."""
        self.thinking: Write = self.thinking_parts.append
        """Adds thinking."""


class Trimmed:
    """Passes text on without the white space at its beginning, at its end, or both."""

    def __init__(self, write: Write, *, left: bool = False, right: bool = False) -> None:
        self._write = write
        self._left = left
        self._right = right
        self._held = ""

    def __call__(self, text: str) -> None:
        """Take a piece of the text."""
        if self._left:
            text = text.lstrip()
            self._left = not text
        if not self._right:
            if text:
                self._write(text)
            return
        kept = text.rstrip()
        if kept:
            self._write(self._held + kept)
            self._held = text[len(kept) :]
        else:
            self._held += text

    def flush(self) -> None:
        """Pass on the white space that is held, because more text follows it."""
        if self._held:
            self._write(self._held)
            self._held = ""


Grammar = Callable[[Reader, Sink, ReplyRequest], Steps[None]]
"""Reads the reply to a request: it takes text from the reader and puts what it finds into the sink."""

NOTHING = Parsed()


class StreamParser:
    """A `ReplyParser` that reads by a grammar."""

    def __init__(self, grammar: Grammar, request: ReplyRequest) -> None:
        self._reader = Reader()
        self._sink = Sink()
        self._steps = grammar(self._reader, self._sink, request)
        self._is_over = False

    def feed(self, text: str) -> Parsed:
        """See `ReplyParser`."""
        if self._is_over:
            return NOTHING
        self._reader.unread += text
        error = ""
        try:
            next(self._steps)
        except StopIteration:
            self._is_over = True
        except ParseError as failure:
            self._is_over = True
            error = str(failure)
        sink = self._sink
        parsed = Parsed("".join(sink.content_parts), "".join(sink.thinking_parts), tuple(sink.calls), error)
        sink.content_parts.clear()
        sink.thinking_parts.clear()
        sink.calls.clear()
        return parsed

    def finish(self) -> Parsed:
        """See `ReplyParser`."""
        self._reader.ended = True
        return self.feed("")
