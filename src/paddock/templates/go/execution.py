"""The state of one rendering of a Go template: its output, its variables, and what is left of its limits.

A template is untrusted. The compiled code counts down its output, its passes through loops, its calls of functions and
the size of what these read and build.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from paddock.templates.errors import TemplateFailed

MAX_CALLS = 500_000
"""Most calls of functions in one rendering: about a second of work."""
MAX_FUNCTION_WORK = 100_000_000
"""Most characters and items that the functions of one rendering may read and return together."""
MAX_PROMPT = 64_000_000
"""Longest prompt in characters."""


class Run:
    """What is left of the limits, and the function that takes the output."""

    __slots__ = ("calls", "max_passes", "passes", "room", "work", "write")

    def __init__(self, write: Callable[[str], object], max_passes: int) -> None:
        self.write = write
        self.room = MAX_PROMPT
        self.calls = MAX_CALLS
        self.work = MAX_FUNCTION_WORK
        self.passes = self.max_passes = max_passes

    def refuse_output(self) -> NoReturn:
        """End a rendering whose output is longer than its `room`."""
        raise _exceeded("output character", MAX_PROMPT, MAX_PROMPT - self.room)

    def refuse_pass(self) -> NoReturn:
        """End a rendering that has no `passes` left."""
        raise _exceeded("iteration", self.max_passes, self.max_passes + 1)

    def refuse_call(self) -> NoReturn:
        """End a rendering that has no `calls` left."""
        raise _exceeded("function-call", MAX_CALLS, MAX_CALLS + 1)

    def charge(self, value: object, price: int) -> None:
        """Count down `work` for a value that a function reads or returns, by `price` for each character or item.

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
    """The dot and the variables of a template that is executed. The first variable is `$`."""

    __slots__ = ("dot", "run", "variables")

    def __init__(self, run: Run, dot: Any, size: int) -> None:
        self.run = run
        self.dot = dot
        self.variables = [dot] * size


Evaluate = Callable[[Frame], Any]
"""A compiled expression."""

Execute = Callable[[Frame], int]
"""A compiled statement. It returns `NEXT`, or the jump that it ends with."""

NEXT, BREAK, CONTINUE = range(3)
