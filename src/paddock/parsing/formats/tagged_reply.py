"""Replies in sections: thinking between two tags, calls between two others, content around them.

Most families differ only in their tags, in the white space that belongs to the format, and in how a call is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from paddock.parsing.reply import ToolCall
from paddock.parsing.stream import Grammar, Out, Reader, Steps, Stops, Trimmed, nowhere


class Start(Enum):
    """Where a reply begins."""

    CONTENT = "content"
    THINKING = "thinking"
    """The prompt has opened the thinking."""
    EITHER = "either"
    """In the thinking if the reply opens it."""


ReadCalls = Callable[[str, bool], list[ToolCall] | None]
"""Reads the calls in the text between two call tags, told whether the second was there. None: it was no call."""


@dataclass(frozen=True)
class Spaces:
    """Where white space belongs to the format and is dropped."""

    before_content: bool = False
    after_content: bool = False
    before_thinking: bool = False
    after_thinking: bool = False
    between: bool = False
    """After the thinking that a reply begins with."""
    after_call: bool = False


@dataclass(frozen=True)
class Style:
    """How a family of models writes replies."""

    thinking: tuple[str, str] = ("", "")
    """The tags around thinking."""
    label: str = ""
    """A text that follows the opening tag and belongs to it."""
    echoes: str = ""
    """A text that a model may repeat though the prompt ended with it."""
    space_after_echo: bool = True
    """Whether the white space after that belongs to it."""
    reopens: bool = False
    """Whether thinking may begin again within the content."""
    drops_closing: bool = False
    """Whether a closing tag in the content means nothing."""
    calls: tuple[tuple[str, str], ...] = ()
    """Pairs of tags around a call, or around several."""
    each_call: tuple[str, str] = ("", "")
    """The tags around each of several calls."""
    calls_in_thinking: bool = False
    """Whether a call ends the thinking."""
    half_tags_in_calls: bool = True
    half_tags_in_content: bool = True
    half_tags_in_thinking: bool = False
    """Whether the beginning of a tag at the very end of a reply is text; otherwise it is dropped."""
    ignored: tuple[str, ...] = ()
    """Tags that may stand in content and mean nothing."""
    hidden: tuple[str, str] = ("", "")
    """Tags around text that is dropped."""
    spaces: Spaces = Spaces()


def sections(style: Style, start: Start, read_calls: ReadCalls, *, show_thinking: bool = True) -> Grammar:
    """The grammar of replies in a style. Thinking is dropped if it is not to be shown."""
    opening, closing = style.thinking
    calls = dict(style.calls)
    opens_again = opening if style.reopens else ""
    closes_again = closing if style.drops_closing else ""
    in_thinking = Stops(closing, *(calls if style.calls_in_thinking else ()))
    in_content = Stops(*calls, style.hidden[0], *style.ignored, opens_again, closes_again)

    def grammar(reader: Reader, out: Out) -> Steps[None]:
        spaces = style.spaces
        thinks, trims = yield from _begin(style, start, reader, out)
        first = True
        while True:
            if thinks:
                write = Trimmed(out.thinking if show_thinking else nowhere, left=trims, right=spaces.after_thinking)
                stop = yield from reader.until(in_thinking, write, keep_begun=style.half_tags_in_thinking)
            else:
                write = Trimmed(out.content, left=trims, right=spaces.after_content)
                stop = yield from reader.until(in_content, write, keep_begun=style.half_tags_in_content)
            if stop is None:
                return
            if stop in calls:
                yield from _calls(style, (stop, calls[stop]), reader, out, write, read_calls)
                trims = spaces.after_call
            elif stop == closing:
                trims = thinks and first and spaces.between
            elif stop == opening:
                write.flush()
                yield from reader.follows(style.label)
                trims = False
            elif stop == style.hidden[0]:
                yield from reader.until(Stops(style.hidden[1]), nowhere)
            thinks = stop == opening
            first = False

    return grammar


def _begin(style: Style, start: Start, reader: Reader, out: Out) -> Steps[tuple[bool, bool]]:
    """Whether the reply begins with thinking, and whether the white space that comes now is dropped."""
    if start is Start.CONTENT:
        return False, style.spaces.before_content
    tag = style.thinking[0] if start is Start.EITHER else style.echoes
    if not tag:
        return True, style.spaces.before_thinking
    space = yield from reader.spaces()
    if (yield from reader.follows(tag)):
        yield from reader.follows(style.label)
        return True, style.space_after_echo if start is Start.THINKING else style.spaces.before_thinking
    reader.put_back(space)
    if start is Start.EITHER:
        return False, style.spaces.before_content
    return True, style.spaces.before_thinking


def _calls(
    style: Style, tags: tuple[str, str], reader: Reader, out: Out, before: Trimmed, read_calls: ReadCalls
) -> Steps[None]:
    """Read what stands between call tags, the first of which has been read."""
    if not style.each_call[0]:
        yield from _call(style, tags, reader, out, before, read_calls)
        return
    stops = Stops(style.each_call[0], tags[1])
    while (yield from reader.until(stops, nowhere)) == style.each_call[0]:
        yield from _call(style, style.each_call, reader, out, before, read_calls)


def _call(
    style: Style, tags: tuple[str, str], reader: Reader, out: Out, before: Trimmed, read_calls: ReadCalls
) -> Steps[None]:
    body: list[str] = []
    stop = yield from reader.until(Stops(tags[1]), body.append, keep_begun=style.half_tags_in_calls)
    text = "".join(body)
    calls = read_calls(text, stop is not None)
    if calls is None:
        before.flush()
        out.content(tags[0] + text + (stop or ""))
    else:
        out.calls(calls)
