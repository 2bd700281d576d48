"""The format of Glimmer: messages to oneself (thinking), to the user (content) or to a tool (calls)."""

from paddock.parsing.calls.xml_calls import Functions, atem, function_name
from paddock.parsing.reply import ParseError, ToolCall
from paddock.parsing.stream import Grammar, Out, Reader, Steps, Stops, Write, nowhere

_TURN, _MESSAGE = "<|start|>assistant", "<|message|>"
_NEXT_TURN, _END = Stops(_TURN), Stops("<|eom|>", "<|eot|>", _TURN)
_CALLS, _CALLS_CLOSE = "<atem:function_calls>", "</atem:function_calls>"
_CALLS_END = Stops(_CALLS_CLOSE)


def is_addressed(template: str) -> bool:
    """Whether a chat template writes this format."""
    return _CALLS in template


def addressed(known: Functions, *, show_thinking: bool) -> Grammar:
    """The grammar of replies for a request with these functions. The reply begins in a header, or without one."""

    def grammar(reader: Reader, out: Out) -> Steps[None]:
        stop: str | None = ""
        while stop is not None:
            recipient = yield from _header(reader)
            if recipient is None:
                stop = yield from reader.until(_NEXT_TURN, out.content)
            elif recipient == "self":
                stop = yield from reader.until(_END, out.thinking if show_thinking else nowhere)
            else:
                write: Write = out.content
                function = function_name(recipient, known)
                if function in known:
                    yield from _call(reader, out, known, function)
                    write = nowhere
                elif (yield from reader.follows(_CALLS)):
                    yield from _unannounced(reader, out, known)
                stop = yield from reader.until(_END, write)

    return grammar


def _header(reader: Reader) -> Steps[str | None]:
    """Whom the next message is for, the user if nobody is named. None if there is no header: nothing is read then."""
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


def _call(reader: Reader, out: Out, known: Functions, function: str) -> Steps[None]:
    """Read a message to a tool.

    Raises:
        ParseError: if it is not a call of that tool.
    """
    yield from reader.spaces()
    if not (yield from reader.follows(_CALLS)):
        raise ParseError(f"the call of {function!r} is not complete")
    calls = _named(atem((yield from _wrapped(reader)), known), known)
    if other := [call.name for call in calls if call.name != function]:
        raise ParseError(f"a message to {function!r} calls {other[0]!r}")
    out.calls(calls)


def _unannounced(reader: Reader, out: Out, known: Functions) -> Steps[None]:
    """Read calls that a message to nobody in particular begins with; other than of known tools, they are content."""
    text = yield from _wrapped(reader)
    try:
        calls = _named(atem(text, known), known)
    except ParseError:
        calls = []
    if calls and all(call.name in known for call in calls):
        out.calls(calls)
    else:
        out.content(text)


def _wrapped(reader: Reader) -> Steps[str]:
    parts = [_CALLS]
    closed = yield from reader.until(_CALLS_END, parts.append)
    return "".join(parts) + (closed or "")


def _named(calls: list[ToolCall], known: Functions) -> list[ToolCall]:
    return [ToolCall(function_name(call.name, known), call.arguments) for call in calls]
