"""The format of Glimmer: messages to oneself (thinking), to the user (content) or to a tool (calls)."""

from paddock.ipc import ThinkingTags
from paddock.parsing.calls.bare_values import ValueTags
from paddock.parsing.calls.forced_calls import CallFormat, in_tags
from paddock.parsing.calls.xml_calls import atem, function_name
from paddock.parsing.reply import Functions, ParseError, ReplyRequest, ToolCall
from paddock.parsing.reply_format import ReplyFormat
from paddock.parsing.stream import Reader, Sink, Steps, StopTexts, Write, nowhere

_TURN, _MESSAGE = "<|start|>assistant", "<|message|>"
_NEXT_TURN, _END = StopTexts(_TURN), StopTexts("<|eom|>", "<|eot|>", _TURN)
_CALLS, _CALLS_CLOSE = "<atem:function_calls>", "</atem:function_calls>"
_CALLS_END = StopTexts(_CALLS_CLOSE)


def _reply(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
    """Read a reply, which begins with a header or without one."""
    functions = request.functions
    stop: str | None = ""
    while stop is not None:
        recipient = yield from _header(reader)
        if recipient is None:
            stop = yield from reader.until(_NEXT_TURN, sink.content)
        elif recipient == "self":
            stop = yield from reader.until(_END, sink.thinking if request.think is not False else nowhere)
        else:
            write: Write = sink.content
            function = function_name(recipient, functions)
            if function in functions:
                yield from _call(reader, sink, functions, function)
                write = nowhere
            elif (yield from reader.follows(_CALLS)):
                yield from _unannounced(reader, sink, functions)
            stop = yield from reader.until(_END, write)


def _header(reader: Reader) -> Steps[str | None]:
    """Read the header of a message; return its recipient, `user` if it names none. Without a header, return None."""
    read = yield from reader.spaces()
    for tag in ("<|eom|>", _TURN):
        if (yield from reader.follows(tag)):
            read += tag + (yield from reader.spaces())
    recipient = "user"
    if (yield from reader.follows("to=")):
        recipient = yield from reader.word()
        read += "to=" + recipient + (yield from reader.spaces())
    if (yield from reader.follows(_MESSAGE)):
        return recipient
    reader.put_back(read)
    return None


def _call(reader: Reader, sink: Sink, functions: Functions, function: str) -> Steps[None]:
    """Read a message to a tool.

    Raises:
        ParseError: if it is not a call of that tool.
    """
    yield from reader.spaces()
    if not (yield from reader.follows(_CALLS)):
        raise ParseError(f"the call of {function!r} is not complete")
    calls = _named(atem((yield from _wrapped(reader)), functions), functions)
    if other := [call.name for call in calls if call.name != function]:
        raise ParseError(f"a message to {function!r} calls {other[0]!r}")
    sink.calls += calls


def _unannounced(reader: Reader, sink: Sink, functions: Functions) -> Steps[None]:
    """Read calls at the beginning of a message to the user. They are content unless all call known tools."""
    text = yield from _wrapped(reader)
    try:
        calls = _named(atem(text, functions), functions)
    except ParseError:
        calls = []
    if calls and all(call.name in functions for call in calls):
        sink.calls += calls
    else:
        sink.content(text)


def _wrapped(reader: Reader) -> Steps[str]:
    parts = [_CALLS]
    closed = yield from reader.until(_CALLS_END, parts.append)
    return "".join(parts) + (closed or "")


def _named(calls: list[ToolCall], functions: Functions) -> list[ToolCall]:
    return [ToolCall(function_name(call.name, functions), call.arguments) for call in calls]


GLIMMER = ReplyFormat(
    grammar=_reply,
    call_format=CallFormat(
        in_tags(
            ' to={0}<|message|><atem:function_calls>\n<atem:invoke name="{0}">\n',
            ('<atem:parameter name="', '">'),
            ValueTags(
                "</atem:parameter>\n",
                ("<atem:", "</atem:", "<|message|>", "<|start|>assistant", "<|eom|>", "<|eot|>"),
            ),
            "</atem:invoke>\n</atem:function_calls>",
        )
    ),
    thinking_tags=ThinkingTags(" to=self<|message|>", "<|eom|><|start|>assistant to=user<|message|>"),
    thinking_tags_before_call=ThinkingTags(" to=self<|message|>", "<|eom|><|start|>assistant"),
    is_always_parsed=True,
)
"""The format of a model that names this parser."""
