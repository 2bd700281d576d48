"""Replies as a grammar reads them, however they are cut."""

from typing import Any

from paddock.parsing.reply import ReplyRequest
from paddock.parsing.stream import Grammar, StreamParser
from tests.parsing.recorded import Result, cuts, parsed

FUNCTIONS: dict[str, dict[str, Any]] = {
    name: {"name": name, "parameters": {"properties": {"a": {"type": "integer"}}}} for name in ("ping", "pong")
}
CALL = (("ping", {"a": 1.0}),)


def read_however_cut(grammar: Grammar, reply: str, request: ReplyRequest | None = None) -> Result:
    """Return what a grammar reads in a reply; see that it reads the same in the reply's pieces."""
    request = request or ReplyRequest(FUNCTIONS)
    whole = parsed(StreamParser(grammar, request), [reply])
    for pieces in cuts(reply, (), len(reply)):
        assert parsed(StreamParser(grammar, request), pieces) == whole, pieces
    return whole
