"""One rendering of a Go template under way: what it has written, and what it may still do.

A template is a stranger's program. Its writing, its passes through loops, its calls of functions and what these read
and build are each counted down, by the code in `go_compile`, as they happen.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from paddock.templates.errors import TemplateFailed

MAX_CALLS = 500_000
"""Calls of functions in one rendering: about a second of work."""
MAX_WORK = 100_000_000
"""Characters and items that the functions of one rendering may read and write together."""
MAX_PROMPT = 64_000_000
"""Longest prompt in characters."""


class Run:
    """What is left of the limits, and where to write."""

    __slots__ = ("calls", "max_passes", "passes", "room", "work", "write")

    def __init__(self, write: Callable[[str], object], max_passes: int) -> None:
        self.write = write
        self.room = MAX_PROMPT
        self.calls = MAX_CALLS
        self.work = MAX_WORK
        self.passes = self.max_passes = max_passes

    def refuse_output(self) -> NoReturn:
        """End a rendering with less than no `room`."""
        raise _exceeded("output character", MAX_PROMPT, MAX_PROMPT - self.room)

    def refuse_pass(self) -> NoReturn:
        """End a rendering that has no `passes` left for one more."""
        raise _exceeded("iteration", self.max_passes, self.max_passes + 1)

    def refuse_call(self) -> NoReturn:
        """End a rendering that has no `calls` left for one more."""
        raise _exceeded("function-call", MAX_CALLS, MAX_CALLS + 1)

    def charge(self, value: object, price: int) -> None:
        """Pay for a function's look at a value, or for making it.

        Raises:
            TemplateFailed: if the rendering has no `work` left.
        """
        size = getattr(value, "__len__", None)
        if size is not None:
            self.work -= price * size()
            if self.work < 0:
                raise TemplateFailed("the template builds too much text")


def _exceeded(what: str, limit: int, requested: int) -> TemplateFailed:
    return TemplateFailed(f"{what} budget exceeded: limit {limit}, requested {requested}")


class Frame:
    """A template's own values while it runs: its dot and its variables by their number, the first of which is `$`."""

    __slots__ = ("dot", "run", "variables")

    def __init__(self, run: Run, dot: Any, size: int) -> None:
        self.run = run
        self.dot = dot
        self.variables = [dot] * size


Evaluate = Callable[[Frame], Any]
"""An expression."""

Execute = Callable[[Frame], int]
"""A statement. It returns `NEXT`, or the jump it ends with."""

NEXT, BREAK, CONTINUE = range(3)
