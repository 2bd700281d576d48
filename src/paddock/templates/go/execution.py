"""The execution of a compiled Go template within limits.

A template is untrusted. The compiled code counts down its output, its passes through loops, its calls of functions and
the size of what these read and build.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, NoReturn

from paddock.templates.errors import TemplateFailed
from paddock.templates.go.values import go_messages, go_tools

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

    def refuse_work(self) -> NoReturn:
        """End a rendering whose functions have no `work` left."""
        raise TemplateFailed("the template builds too much text")

    def charge(self, value: object, price: int) -> None:
        """Count down `work` for a value that a function reads or returns, by `price` for each character or item.

        Raises:
            TemplateFailed: if the rendering has no `work` left.
        """
        size = getattr(value, "__len__", None)
        if size is not None:
            self.work -= price * size()
            if self.work < 0:
                self.refuse_work()


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

Block = tuple[Execute, ...]
"""Statements to execute in turn up to the first jump. Callers loop over them themselves, which saves a call."""


@dataclass(frozen=True)
class CompiledTemplate:
    """A compiled template, to be executed with a `Frame`.

    A statement raises `TemplateFailed` if it fails or exceeds the limits, and `gotpl.TemplateExecutionError` if a
    function or a value refuses what the template asks of it.
    """

    block: Block
    variables: int
    """Number of variables, `$` included."""


@dataclass(frozen=True)
class CompiledProgram:
    """The program of a template that needs the template engine (see `template.Program`)."""

    main: CompiledTemplate
    max_passes: int
    """Most passes through loops in one rendering."""
    cut_after: Callable[[str], "CompiledProgram"]
    """Returns the program up to the first action that prints a field; open blocks are closed behind it."""

    def run(self, data: Mapping[str, Any]) -> str:
        """Render within the limits.

        Raises:
            TemplateFailed: if the template fails or exceeds them.
        """
        values = dict(data)
        output = StringIO()
        try:
            if "Messages" in values:
                values["Messages"] = go_messages(values["Messages"])
                values["Tools"] = go_tools(values["Tools"])
            frame = Frame(Run(output.write, self.max_passes), values, self.main.variables)
            for statement in self.main.block:
                statement(frame)
        except TemplateFailed as error:
            raise TemplateFailed(f"template: {error}") from None
        except Exception as error:  # a young engine on untrusted text: none of its failures may count as ours
            raise TemplateFailed(f"template: {one_line(getattr(error, 'message', error))}") from None
        return output.getvalue()


def one_line(error: object) -> str:
    """Return the message of an error in one line of at most 500 characters."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, MemoryError):
        return "it needs too much memory"
    return " ".join(str(error).split())[:500] or type(error).__name__
