"""Tokens' bytes to text that can be shown: whole characters only, nothing that may still become a stop string."""

import codecs
from collections.abc import Sequence


class StopMatcher:
    """Finds the first of some stop strings in a text that arrives in pieces.

    It holds back only the longest suffix that could begin a stop string.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [s for s in stops if s]
        self._held = ""
        self.matched: str | None = None
        """The stop string that was found, if one was; nothing is let through after it."""

    def feed(self, text: str) -> str:
        """Take the next piece and return what may be shown now."""
        if self.matched is not None:
            return ""
        if not self._stops:
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
        """Return what was held back: the text has ended, so it became no stop string."""
        held, self._held = self._held, ""
        return held


class TextStream:
    """Bytes of tokens in, text out. Bytes that are no UTF-8 become U+FFFD; a character is never cut."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._matcher = StopMatcher(stops) if stops else None

    @property
    def stopped(self) -> bool:
        """Whether a stop string has been found."""
        return self._matcher is not None and self._matcher.matched is not None

    def feed(self, data: bytes) -> str:
        """Take the bytes of the next token and return the text that may be shown now."""
        text = self._decoder.decode(data)
        return self._matcher.feed(text) if self._matcher is not None and text else text

    def flush(self) -> str:
        """End the text and return what was held back."""
        text = self._decoder.decode(b"", True)
        if self._matcher is None:
            return text
        return self._matcher.feed(text) + self._matcher.flush()
