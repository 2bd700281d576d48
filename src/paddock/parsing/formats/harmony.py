"""The channel format of gpt-oss: messages with a header that says whom they are for and on which channel."""

import re

from paddock.parsing.calls.json_calls import decoded_object
from paddock.parsing.reply import ToolCall
from paddock.parsing.stream import Grammar, Out, Reader, Steps, Stops, nowhere

_START, _MESSAGE = Stops("<|start|>"), Stops("<|message|>")
_END = Stops("<|end|>", "<|call|>", "<|return|>")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
_RECIPIENT = re.compile(r"\bto=([^\s<]+)")


def harmony(begins: str) -> Grammar:
    """The grammar of replies that begin in a header, or in a message on the channel `begins`.

    `analysis` is thinking, every other channel is content; a message to a recipient is a call.
    """

    def grammar(reader: Reader, out: Out) -> Steps[None]:
        channel, recipient = begins, ""
        while True:
            if not channel:
                header: list[str] = []
                if not (yield from reader.until(_MESSAGE, header.append)):
                    return
                channel, recipient = _parts("".join(header))
            if recipient:
                body: list[str] = []
                yield from reader.until(_END, body.append, keep_begun=False)
                out.calls([ToolCall(recipient, decoded_object("".join(body)))])
            else:
                write = out.thinking if channel == "analysis" else out.content
                yield from reader.until(_END, write, keep_begun=False)
            if not (yield from reader.until(_START, nowhere)):
                return
            channel = ""

    return grammar


def is_harmony(template: str) -> bool:
    """Whether a template, in whatever language, writes this format."""
    return all(tag in template for tag in ("<|start|>", "<|channel|>", "<|message|>"))


def open_channel(prompt: str) -> str:
    """The channel of the message that a prompt ends within; empty if it ends in a header."""
    header, sign, body = prompt.rpartition("<|start|>")[2].partition("<|message|>")
    return _parts(header)[0] if sign and "<|end|>" not in body else ""


def _parts(header: str) -> tuple[str, str]:
    """The channel and the recipient that a header names."""
    channel, recipient = _CHANNEL.search(header), _RECIPIENT.search(header)
    return channel[1] if channel else "final", recipient[1].removeprefix("functions.") if recipient else ""
