"""Replies with tags: thinking between two, calls between two others, and content around them.

Most families differ only in their tags, in the white space that belongs to the format, and in how a call is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from paddock.parsing.reply import ToolCall
from paddock.parsing.stream import Reader, Sink, Steps, Trimmed, nowhere, stop_texts


class Start(Enum):
    """The section in which a reply begins."""

    CONTENT = "content"
    THINKING = "thinking"
    """The prompt has opened the thinking."""
    EITHER = "either"
    """Thinking, if the reply opens it."""


ReadCalls = Callable[[str, bool], list[ToolCall] | None]
"""Reads the calls in the text between two call tags, told whether the second was there; None if it is no call."""


@dataclass(frozen=True)
class Spaces:
    """The places at which white space belongs to the format and is dropped."""

    before_content: bool = False
    after_content: bool = False
    before_thinking: bool = False
    after_thinking: bool = False
    between: bool = False
    """After thinking at the beginning of a reply."""
    after_call: bool = False


@dataclass(frozen=True)
class TagFormat:
    """The tags and white space in the replies of a family of models."""

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


def tagged_reply(
    reader: Reader, sink: Sink, tags: TagFormat, start: Start, read_calls: ReadCalls, *, show_thinking: bool = True
) -> Steps[None]:
    """Read a reply in a tag format. Thinking is dropped if it is not to be shown."""
    opening, closing = tags.thinking
    calls = dict(tags.calls)
    opens_again = opening if tags.reopens else ""
    closes_again = closing if tags.drops_closing else ""
    in_thinking = stop_texts(closing, *(calls if tags.calls_in_thinking else ()))
    in_content = stop_texts(*calls, tags.hidden[0], *tags.ignored, opens_again, closes_again)
    spaces = tags.spaces
    thinks, trims = yield from _begin(tags, start, reader)
    first = True
    while True:
        if thinks:
            write = Trimmed(sink.thinking if show_thinking else nowhere, left=trims, right=spaces.after_thinking)
            stop = yield from reader.until(in_thinking, write, keep_begun=tags.half_tags_in_thinking)
        else:
            write = Trimmed(sink.content, left=trims, right=spaces.after_content)
            stop = yield from reader.until(in_content, write, keep_begun=tags.half_tags_in_content)
        if stop is None:
            return
        if stop in calls:
            yield from _calls(tags, (stop, calls[stop]), reader, sink, write, read_calls)
            trims = spaces.after_call
        elif stop == closing:
            trims = thinks and first and spaces.between
        elif stop == opening:
            write.flush()
            yield from reader.follows(tags.label)
            trims = False
        elif stop == tags.hidden[0]:
            yield from reader.until(stop_texts(tags.hidden[1]), nowhere)
        thinks = stop == opening
        first = False


def _begin(tags: TagFormat, start: Start, reader: Reader) -> Steps[tuple[bool, bool]]:
    """Read the beginning; return whether the reply starts with thinking, and whether white space there is dropped."""
    if start is Start.CONTENT:
        return False, tags.spaces.before_content
    tag = tags.thinking[0] if start is Start.EITHER else tags.echoes
    if not tag:
        return True, tags.spaces.before_thinking
    space = yield from reader.spaces()
    if (yield from reader.follows(tag)):
        yield from reader.follows(tags.label)
        return True, tags.space_after_echo if start is Start.THINKING else tags.spaces.before_thinking
    reader.put_back(space)
    if start is Start.EITHER:
        return False, tags.spaces.before_content
    return True, tags.spaces.before_thinking


def _calls(
    tags: TagFormat, pair: tuple[str, str], reader: Reader, sink: Sink, before: Trimmed, read_calls: ReadCalls
) -> Steps[None]:
    """Read the text between call tags, the first of which has been read."""
    if not tags.each_call[0]:
        yield from _call(tags, pair, reader, sink, before, read_calls)
        return
    stops = stop_texts(tags.each_call[0], pair[1])
    while (yield from reader.until(stops, nowhere)) == tags.each_call[0]:
        yield from _call(tags, tags.each_call, reader, sink, before, read_calls)


def _call(
    tags: TagFormat, pair: tuple[str, str], reader: Reader, sink: Sink, before: Trimmed, read_calls: ReadCalls
) -> Steps[None]:
    body: list[str] = []
    stop = yield from reader.until(stop_texts(pair[1]), body.append, keep_begun=tags.half_tags_in_calls)
    text = "".join(body)
    calls = read_calls(text, stop is not None)
    if calls is None:
        before.flush()
        sink.content(pair[0] + text + (stop or ""))
    else:
        sink.calls += calls
