"""The format of Command A: thinking, then sections of text and of calls."""

from paddock.parsing.calls.json_calls import decoded_object
from paddock.parsing.reply import ParseError, ToolCall
from paddock.parsing.stream import Grammar, Out, Reader, Steps, Stops, Trimmed, nowhere

_THINKING, _THINKING_END = "<|START_THINKING|>", Stops("<|END_THINKING|>")
_TEXTS = ("<|START_TEXT|>", "<|START_RESPONSE|>")
_TEXT_END = Stops("<|END_TEXT|>", "<|END_RESPONSE|>", "<|END_OF_TURN_TOKEN|>")
_CALLS = "<|START_ACTION|>"
_CALL_OR_END = Stops("{", "<|END_ACTION|>")


def cohere(*, thinks: bool) -> Grammar:
    """The grammar of replies that begin with thinking, or do not."""

    def grammar(reader: Reader, out: Out) -> Steps[None]:
        if thinks:
            yield from reader.follows(_THINKING)
            yield from reader.until(_THINKING_END, Trimmed(out.thinking, right=True), keep_begun=False)
        while True:
            yield from reader.spaces()
            if (yield from reader.follows(_CALLS)):
                yield from _calls(reader, out)
                continue
            for tag in _TEXTS:
                if (yield from reader.follows(tag)):
                    break
            if not (yield from reader.until(_TEXT_END, out.content)):
                return

    return grammar


def _calls(reader: Reader, out: Out) -> Steps[None]:
    """Read objects up to the end of their section; what is no call is left out."""
    while (yield from reader.until(_CALL_OR_END, nowhere)) == "{":
        reader.put_back("{")
        text, _ = yield from reader.json_object()
        try:
            call = decoded_object(text)
        except ParseError:
            continue
        name, arguments = call.get("tool_name"), call.get("parameters", {})
        if isinstance(name, str) and isinstance(arguments, dict):
            out.calls([ToolCall(name, arguments)])
