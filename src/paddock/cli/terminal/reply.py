"""A model's reply: streamed text with word wrap, thinking set apart from it, and the statistics at the end."""

import sys
from typing import Any, TextIO

from paddock.cli.terminal.screen import is_terminal, terminal_width
from paddock.cli.terminal.wordwrap import WordWrap
from paddock.durations import format_duration

_SECOND = 1_000_000_000
_GREY, _PLAIN = "\x1b[90m", "\x1b[0m"


class ReplyPrinter:
    """Writes the chunks of one reply to standard output as they arrive."""

    def __init__(self, *, wordwrap: bool, hide_thinking: bool = False, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._terminal = is_terminal(self._out)
        self._wrap = WordWrap(0) if wordwrap and self._terminal else None
        self._hide_thinking = hide_thinking
        self._thinking = False
        self._line_ended = True

    def feed(self, content: str, thinking: str = "") -> None:
        """Write the next chunk."""
        if thinking and not self._hide_thinking:
            if not self._thinking:
                self._thinking = True
                self._out.write(f"{self._grey()}Thinking...\n")
            self._text(thinking)
        if content:
            if self._thinking:
                self._end_thinking()
            self._text(content)
        self._out.flush()

    def end(self) -> None:
        """End the reply with an empty line."""
        if self._thinking:
            self._end_thinking()
        self._out.write("\n\n")
        self._out.flush()

    def _end_thinking(self) -> None:
        self._thinking = False
        self._out.write(("" if self._line_ended else "\n") + f"...done thinking.{_PLAIN if self._terminal else ''}\n\n")
        if self._wrap is not None:
            self._wrap = WordWrap(0)

    def _text(self, text: str) -> None:
        if self._wrap is not None:
            self._wrap.width = terminal_width(self._out)
            self._out.write(self._wrap.feed(text))
        else:
            self._out.write(text)
        self._line_ended = text.endswith("\n")

    def _grey(self) -> str:
        return _GREY if self._terminal else ""


def statistics(metrics: dict[str, Any]) -> str:
    """Return the lines of `--verbose` from a reply's last object, without those that the server did not measure."""
    lines = []
    for title, key in (("total", "total_duration"), ("load", "load_duration")):
        if nanoseconds := metrics.get(key, 0):
            lines.append((f"{title} duration:", format_duration(nanoseconds)))
    for title, key in (("prompt eval", "prompt_eval"), ("eval", "eval")):
        count, nanoseconds = metrics.get(f"{key}_count", 0), metrics.get(f"{key}_duration", 0)
        if count:
            lines.append((f"{title} count:", f"{count} token(s)"))
        if nanoseconds:
            lines.append((f"{title} duration:", format_duration(nanoseconds)))
            lines.append((f"{title} rate:", f"{count / nanoseconds * _SECOND:.2f} tokens/s"))
    return "".join(f"{title:<21} {value}\n" for title, value in lines)
