"""The format of models that name no parser: perhaps thinking between two tags, then text, then calls as JSON."""

import re
from collections.abc import Sequence
from functools import lru_cache

from paddock.parsing.calls.json_calls import decoded, is_call, named_calls
from paddock.parsing.reply import ParseError, ReplyRequest, ToolCall
from paddock.parsing.stream import Reader, Sink, Steps, StopTexts, Trimmed, stop_texts

ANY_OBJECT = "{"
"""The prefix of calls where a template shows none: any JSON object may be a call."""

_OBJECT = StopTexts(ANY_OBJECT)


def generic_reply(
    reader: Reader,
    sink: Sink,
    request: ReplyRequest,
    *,
    thinking: tuple[str, str] | None,
    prefix: str,
    may_think_unasked: bool = False,
) -> Steps[None]:
    """Read a reply that may begin with thinking between two tags, and may contain calls as JSON after a prefix.

    Thinking is looked for if the request asks for it; if the model `may_think_unasked`, unless the request declines it,
    or if the prompt has opened it all the same. Calls are looked for if the request has tools; the end of the prompt
    may be their prefix.
    """
    prompt = request.prompt.rstrip()
    if thinking:
        opened = prompt.endswith(thinking[0])
        if request.think or (may_think_unasked and (opened or request.think is None)):
            yield from leading_thinking(reader, sink, *thinking, opened=opened)
    if not request.functions:
        yield from reader.rest(sink.content)
        return
    names = list(request.functions)
    bare = prefix in ("{", "[")
    if bare or prompt.endswith(prefix):
        sink.content((yield from reader.spaces()))
        if (yield from _begins_with_object(reader)):
            yield from _bare_calls(reader, sink, names)
            return
    if bare:
        yield from reader.rest(sink.content)
    elif (yield from reader.until(stop_texts(prefix), sink.content, keep_begun=False)):
        text = prefix
        while text:  # text between and after the calls belongs to the format
            text, calls = yield from _next_object(reader, names)
            sink.calls += calls


def leading_thinking(reader: Reader, sink: Sink, opening: str, closing: str, *, opened: bool) -> Steps[None]:
    """Read the thinking that a reply begins with, and the white space around it."""
    if not opened:
        spaces = yield from reader.spaces()
        opened = yield from reader.follows(opening)
        if not opened and not reader.drop_begun(opening):
            sink.content(spaces)
        if not opened:
            return
    yield from reader.until(stop_texts(closing), Trimmed(sink.thinking, left=True), keep_begun=False)
    yield from reader.spaces()


def _begins_with_object(reader: Reader) -> Steps[bool]:
    """Return whether an object comes next, or a list of them. Nothing is read."""
    read = ""
    if (yield from reader.follows("[")):
        read = "[" + (yield from reader.spaces())
    begins = (yield from reader.peek(1)) == "{"
    reader.put_back(read)
    return begins


def _bare_calls(reader: Reader, sink: Sink, names: Sequence[str]) -> Steps[None]:
    """Read calls without a prefix. From the first object that is no call, the reply is content."""
    while True:
        text, calls = yield from _next_object(reader, names)
        if not calls:
            sink.content(text)
            break
        sink.calls += calls
        yield from reader.spaces(" \t\r\n,;]")
        if (yield from reader.peek(1)) != "{":
            break
    yield from reader.rest(sink.content)


def _next_object(reader: Reader, names: Sequence[str]) -> Steps[tuple[str, list[ToolCall]]]:
    """Read up to the end of the next JSON object; return the text read, empty at the end, and the calls in it."""
    before: list[str] = []
    if not (yield from reader.until(_OBJECT, before.append)):
        return "".join(before), []
    reader.put_back("{")
    lead = "".join(before)
    text, closed = yield from reader.json_object()
    return lead + text, _calls(lead, text, names) if closed else []


def _calls(lead: str, text: str, names: Sequence[str]) -> list[ToolCall]:
    """Return the calls in an object, or the call whose arguments it is and whose name is in the text before it."""
    try:
        value = decoded(text)
    except ParseError:
        return []
    calls = named_calls(value, names)
    if not calls and not is_call(value) and (name := _last_named(lead, names)):
        return [ToolCall(name, value)]
    return calls


def _last_named(text: str, names: Sequence[str]) -> str:
    """Return the known name that ends last in a text; of those that end together, the longest."""
    found = [(match.end(), len(name), name) for name in names for match in _word(name).finditer(text)]
    return max(found)[2] if found else ""


@lru_cache(maxsize=256)
def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w.-])")
