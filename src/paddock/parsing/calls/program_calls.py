"""Calls written as a program would: `name(key=value)`, or `call:name{key:value}`."""

import re

from paddock.parsing.calls.literals import Literals
from paddock.parsing.reply import ParseError, ToolCall

_CALL = re.compile(r"\s*(call:)?([\w.-]+)\s*(\{)?")


def python_calls(body: str, _known: object = None) -> list[ToolCall] | None:
    """Calls as `name(key=value, …)`: one after the other, or in a list. None if there is something else."""
    literals = Literals(body)
    listed = literals.over("[")
    calls = []
    try:
        while not literals.ends() and not (listed and literals.over("]")):
            name = literals.name()
            if not name or not literals.over("("):
                return None
            calls.append(ToolCall(name, literals.pairs("=", ")")))
            literals.over(",")
    except ParseError:
        return None
    return calls if literals.ends() else None


def brace_call(body: str, quote: str, closed: bool) -> list[ToolCall] | None:
    """A call as `call:name{key:value, …}`, strings between two of `quote`. None if it is none.

    One that is not `closed` is left out if anything is missing; in another, missing ends are taken as written.
    """
    found = _CALL.match(body)
    literals = Literals(body, quotes=(quote, '"'), mends=closed, at=found.end() if found else 0)
    try:
        if found and found[3]:
            calls = [ToolCall(found[2], literals.pairs(":", "}"))]
        else:
            calls = [ToolCall(found[2], {})] if found and found[1] else []
    except ParseError:
        calls = []
    if not closed:
        return calls if literals.ends() else []
    return calls or None
