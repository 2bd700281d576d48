"""The format of Command A: thinking, then sections of text and of calls."""

from paddock.ipc import ThinkingTags
from paddock.parsing.calls.forced_calls import CallFormat, in_json
from paddock.parsing.calls.json_calls import decoded_object
from paddock.parsing.reply import ParseError, ToolCall
from paddock.parsing.stream import Reader, Sink, Steps, StopTexts, Trimmed, nowhere

_THINKING, _THINKING_END = "<|START_THINKING|>", StopTexts("<|END_THINKING|>")
_TEXTS = ("<|START_TEXT|>", "<|START_RESPONSE|>")
_TEXT_END = StopTexts("<|END_TEXT|>", "<|END_RESPONSE|>", "<|END_OF_TURN_TOKEN|>")
_CALLS = "<|START_ACTION|>"
_CALL_OR_END = StopTexts("{", "<|END_ACTION|>")

COHERE_CALLS = CallFormat(
    in_json('<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": ', ', "parameters": ', "}\n]<|END_ACTION|>")
)
THINKING_TAGS = ThinkingTags(_THINKING, "<|END_THINKING|>")


def cohere_reply(reader: Reader, sink: Sink, *, thinks: bool) -> Steps[None]:
    """Read a reply that begins with thinking, or does not."""
    if thinks:
        yield from reader.follows(_THINKING)
        yield from reader.until(_THINKING_END, Trimmed(sink.thinking, right=True), keep_begun=False)
    while True:
        yield from reader.spaces()
        if (yield from reader.follows(_CALLS)):
            yield from _calls(reader, sink)
            continue
        for tag in _TEXTS:
            if (yield from reader.follows(tag)):
                break
        if not (yield from reader.until(_TEXT_END, sink.content)):
            return


def _calls(reader: Reader, sink: Sink) -> Steps[None]:
    """Read objects up to the end of their section, and leave out those that are no calls."""
    while (yield from reader.until(_CALL_OR_END, nowhere)) == "{":
        reader.put_back("{")
        text, _ = yield from reader.json_object()
        try:
            call = decoded_object(text)
        except ParseError:
            continue
        name, arguments = call.get("tool_name"), call.get("parameters", {})
        if isinstance(name, str) and isinstance(arguments, dict):
            sink.calls.append(ToolCall(name, arguments))
