"""The format of Ministral: `[TOOL_CALLS]name[ARGS]{…}`, and thinking between tags anywhere."""

from paddock.parsing.calls.forced_calls import CallFormat, in_json
from paddock.parsing.calls.json_calls import decoded_object
from paddock.parsing.reply import Functions, ParseError, ReplyRequest, ToolCall
from paddock.parsing.stream import Reader, Sink, Steps, StopTexts, Trimmed

_TAGS = StopTexts("[TOOL_CALLS]", "[THINK]")
_THINKING_END, _NAME_END = StopTexts("[/THINK]"), StopTexts("[ARGS]")

MINISTRAL_CALLS = CallFormat(in_json("[TOOL_CALLS]", "[ARGS]", "", bare_name=True))


def ministral_reply(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
    """Read a reply."""
    while stop := (yield from reader.until(_TAGS, Trimmed(sink.content, right=True), keep_begun=False)):
        if stop == "[THINK]":
            yield from reader.until(_THINKING_END, sink.thinking, keep_begun=False)
        else:
            yield from _call(reader, sink, request.functions)


def _call(reader: Reader, sink: Sink, functions: Functions) -> Steps[None]:
    parts: list[str] = []
    if not (yield from reader.until(_NAME_END, parts.append)):
        return
    name = "".join(parts).strip()
    yield from reader.spaces()
    if (yield from reader.peek(1)) not in ("{", ""):
        raise ParseError(f"the arguments of {name!r} are not a JSON object")
    text, closed = yield from reader.json_object()
    if not closed:
        return
    if name not in functions:
        raise ParseError(f"there is no tool {name!r}")
    sink.calls.append(ToolCall(name, decoded_object(text)))
