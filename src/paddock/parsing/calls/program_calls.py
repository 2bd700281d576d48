"""Calls as in programs: `name(key=value)`, or `call:name{key:value}`."""

import re

from paddock.parsing.calls.literals import Literals
from paddock.parsing.reply import ParseError, ToolCall

_CALL = re.compile(r"\s*(call:)?([\w.-]+)\s*(\{)?")


def python_calls(body: str, _known: object = None) -> list[ToolCall] | None:
    """Read calls as `name(key=value, …)`, one after the other or in a list; return None for anything else."""
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
    """Read a call as `call:name{key:value, …}`, with strings between two of `quote`; return None for anything else.

    If it is not `closed`, it is left out if anything is missing; else missing ends are added.
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
