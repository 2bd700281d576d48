"""The bytes of tokens to text that can be shown: whole characters, and nothing that may become a stop string."""

import codecs
from collections.abc import Sequence


class StopMatcher:
    """Finds the first of some stop strings in a text that arrives in pieces.

    It holds back only the longest suffix that could begin a stop string.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(filter(None, stops))
        self._first_characters = frozenset(stop[0] for stop in self._stops)
        self._held = ""
        self.matched: str | None = None
        """The stop string that was found, if any. After it, nothing is let through."""

    def feed(self, text: str) -> str:
        """Take the next piece, and return the text that can be shown now."""
        if self.matched is not None:
            return ""
        if not self._held and self._first_characters.isdisjoint(text):
            return text
        text = self._held + text
        found = [(at, -len(stop), stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            at, _, self.matched = min(found)
            self._held = ""
            return text[:at]
        keep = max(map(len, self._stops)) - 1
        for start in range(max(0, len(text) - keep), len(text)):
            suffix = text[start:]
            if any(stop.startswith(suffix) for stop in self._stops):
                self._held = suffix
                return text[:start]
        self._held = ""
        return text

    def flush(self) -> str:
        """Return what was held back: the text has ended, so it is no stop string."""
        held, self._held = self._held, ""
        return held


class IncrementalDetokenizer:
    """Turns the bytes of tokens into text. Characters are never cut; bytes that are not UTF-8 become U+FFFD."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._inside_character = False
        """Whether the decoder holds the first bytes of a character."""
        self._matcher = StopMatcher(stops) if stops else None
        self.stopped = False
        """Whether a stop string was found."""

    def feed(self, data: bytes) -> str:
        """Take the bytes of the next token, and return the text that can be shown now."""
        if self._inside_character:
            text = self._decode(data)
        else:
            try:
                text = data.decode()
            except UnicodeDecodeError:
                text = self._decode(data)
        if self._matcher is None or not text:
            return text
        text = self._matcher.feed(text)
        self.stopped = self._matcher.matched is not None
        return text

    def flush(self) -> str:
        """End the text, and return what was held back."""
        text = self._decoder.decode(b"", True)
        if self._matcher is None:
            return text
        return self._matcher.feed(text) + self._matcher.flush()

    def _decode(self, data: bytes) -> str:
        text = self._decoder.decode(data)
        self._inside_character = bool(self._decoder.getstate()[0])
        return text
