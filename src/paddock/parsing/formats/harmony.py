"""The channel format of gpt-oss: messages with a header that names their recipient and their channel."""

import re

from paddock.ipc import ThinkingTags
from paddock.parsing.calls.forced_calls import CallFormat, in_json
from paddock.parsing.calls.json_calls import decoded_object
from paddock.parsing.reply import ReplyRequest, ToolCall
from paddock.parsing.reply_format import ReplyFormat
from paddock.parsing.stream import Grammar, Reader, Sink, Steps, StopTexts, nowhere

_START, _MESSAGE = StopTexts("<|start|>"), StopTexts("<|message|>")
_END = StopTexts("<|end|>", "<|call|>", "<|return|>")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
_RECIPIENT = re.compile(r"\bto=([^\s<]+)")


HARMONY_TAGS = ("<|start|>", "<|channel|>", "<|message|>")
"""The texts that only a template of this format contains all of."""


def is_harmony(template: str) -> bool:
    """Return whether a template, in Go's language or in Jinja, renders this format."""
    return all(tag in template for tag in HARMONY_TAGS)


def _after_prompt(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
    """Read a reply that may continue a message of the prompt."""
    header, sign, body = request.prompt.rpartition("<|start|>")[2].partition("<|message|>")
    return _messages(reader, sink, _channel_and_recipient(header)[0] if sign and "<|end|>" not in body else "")


def _after_messages(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
    """Read a reply that may continue the last message of the request."""
    if request.last_role != "assistant":
        return _messages(reader, sink, "")
    prefilled = "final" if request.prefilled else "analysis" if request.prefilled_thinking else ""
    return _messages(reader, sink, prefilled)


def _messages(reader: Reader, sink: Sink, channel: str) -> Steps[None]:
    """Read messages, the first of which begins with its header, or within its text on the given channel.

    `analysis` is thinking, every other channel is content; a message to a recipient is a call.
    """
    recipient = ""
    while True:
        if not channel:
            header: list[str] = []
            if not (yield from reader.until(_MESSAGE, header.append)):
                return
            channel, recipient = _channel_and_recipient("".join(header))
        if recipient:
            body: list[str] = []
            yield from reader.until(_END, body.append, keep_begun=False)
            sink.calls.append(ToolCall(recipient, decoded_object("".join(body))))
        else:
            write = sink.thinking if channel == "analysis" else sink.content
            yield from reader.until(_END, write, keep_begun=False)
        if not (yield from reader.until(_START, nowhere)):
            return
        channel = ""


def _channel_and_recipient(header: str) -> tuple[str, str]:
    channel, recipient = _CHANNEL.search(header), _RECIPIENT.search(header)
    return channel[1] if channel else "final", recipient[1].removeprefix("functions.") if recipient else ""


def _format(grammar: Grammar, *, is_always_parsed: bool) -> ReplyFormat:
    return ReplyFormat(
        grammar=grammar,
        call_format=CallFormat(
            in_json("<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "", bare_name=True),
            ("<|end|>", "<|call|>", "<|return|>"),
        ),
        thinking_tags=ThinkingTags(
            "<|channel|>", "<|channel|>final<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"
        ),
        thinking_tags_before_call=ThinkingTags("<|channel|>analysis", "<|end|><|start|>assistant"),
        thinks_unasked=True,
        is_always_parsed=is_always_parsed,
    )


HARMONY = _format(_after_messages, is_always_parsed=True)
"""The format of a model that names this parser."""
HARMONY_OF_TEMPLATE = _format(_after_prompt, is_always_parsed=False)
"""The format of a model whose template renders it."""
