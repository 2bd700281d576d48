"""Whether code with its hole filled does what it should. The code runs with few builtins, few steps, little memory."""

import builtins
import re
import sys
from math import prod
from types import FrameType
from typing import Any

from training.example import Hole, Reply

LONGEST_REPLY = 200
MOST_STEPS = 20_000
LARGEST = 10_000

FORBIDDEN = re.compile(r"__|<<|\b(while|import|try|with|lambda|def|class|yield|global|nonlocal|async|await|del)\b")
FILE = "<hole>"


class _Overrun(BaseException):
    """The code takes too long or too much memory. (Not an Exception: the code must not catch it.)"""


def fills(hole: Hole, tests: tuple[str, ...], reply: Reply) -> bool:
    """Tell whether the reply, put into the hole, gives in all tests what the hole's own middle gives."""
    filling = reply.content
    if not filling.strip() or reply.calls or _suspicious(filling):
        return False
    # A parser of replies takes white space off both ends: put back what the middle itself has there.
    lead = hole.middle[: len(hole.middle) - len(hole.middle.lstrip())]
    tail = hole.middle[len(hole.middle.rstrip()) :]
    expected = evaluate(hole.prefix + hole.middle + hole.suffix, tests)
    got = evaluate(hole.prefix + lead + filling.strip() + tail + hole.suffix, tests)
    if expected is None:
        raise ValueError(f"does not run: {hole}")
    try:
        return got is not None and all(_same(a, b) for a, b in zip(got, expected, strict=True))
    except RecursionError:
        return False


def evaluate(code: str, expressions: tuple[str, ...]) -> list[object] | None:
    """Run code, and return the values of the expressions after it; None if anything fails."""
    scope: dict[str, object] = {"__builtins__": BUILTINS, "__name__": "hole"}
    steps = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        if frame.f_code.co_filename != FILE:
            return None
        steps += 1
        values = [*frame.f_locals.values(), *getattr(frame.f_locals.get("self"), "__dict__", {}).values()]
        if steps > MOST_STEPS or any(map(_large, values)):
            raise _Overrun
        return trace

    before = sys.gettrace()
    try:
        program = compile(code, FILE, "exec")
        sys.settrace(trace)
        exec(program, scope)
        return [eval(compile(expression, FILE, "eval"), scope) for expression in expressions]
    except (Exception, _Overrun):
        return None
    finally:
        sys.settrace(before)


def _suspicious(filling: str) -> bool:
    """Tell whether a reply could do more than a small function does: loop without end, or make huge values."""
    return (
        len(filling) > LONGEST_REPLY
        or FORBIDDEN.search(filling) is not None
        or filling.count("*") > 4
        or filling.count("**") > 1
        or prod(max(1, int(number)) for number in re.findall(r"\d+", filling)) > 10**7
    )


def _large(value: object) -> bool:
    if isinstance(value, int):
        return value.bit_length() > LARGEST
    return isinstance(value, str | list | dict | set | tuple) and len(value) > LARGEST


def _same(a: object, b: object) -> bool:
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) < 1e-6
    return a == b


def _range(*limits: int) -> list[int]:
    numbers = range(*limits)
    if len(numbers) > LARGEST:
        raise _Overrun
    return list(numbers)


PLAIN = """abs all any bool dict float int isinstance len list max min reversed round set sorted str sum tuple
__build_class__ IndexError KeyError TypeError ValueError ZeroDivisionError""".split()

BUILTINS: dict[str, object] = {name: getattr(builtins, name) for name in PLAIN} | {
    "range": _range,
    # As lists: an iterator over a list that grows from it would never end.
    "enumerate": lambda items, start=0: list(enumerate(items, start)),
    "zip": lambda *lists: list(zip(*lists, strict=False)),
    "print": lambda *values: None,
}
"""All that the code under test can call."""
