"""The format of Ministral: `[TOOL_CALLS]name[ARGS]{…}`, and thinking between tags anywhere."""

from paddock.parsing.calls.json_calls import decoded_object
from paddock.parsing.calls.xml_calls import Functions
from paddock.parsing.reply import ParseError, ToolCall
from paddock.parsing.stream import Grammar, Out, Reader, Steps, Stops, Trimmed

_TAGS = Stops("[TOOL_CALLS]", "[THINK]")
_THINKING_END, _NAME_END = Stops("[/THINK]"), Stops("[ARGS]")


def ministral(known: Functions) -> Grammar:
    """The grammar of replies for a request with these functions."""

    def grammar(reader: Reader, out: Out) -> Steps[None]:
        while stop := (yield from reader.until(_TAGS, Trimmed(out.content, right=True), keep_begun=False)):
            if stop == "[THINK]":
                yield from reader.until(_THINKING_END, out.thinking, keep_begun=False)
            else:
                yield from _call(reader, out, known)

    return grammar


def _call(reader: Reader, out: Out, known: Functions) -> Steps[None]:
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
    if name not in known:
        raise ParseError(f"there is no tool {name!r}")
    out.calls([ToolCall(name, decoded_object(text))])
