"""Parsers for models that name none: the format is inferred from the model's template."""

import re
from collections.abc import Sequence
from functools import lru_cache

from paddock.parsing.calls.json_calls import decoded, is_call, named_calls
from paddock.parsing.calls.values import functions
from paddock.parsing.formats.go_tags import ANY_OBJECT, thinking_tags, tool_tag
from paddock.parsing.formats.harmony import harmony, is_harmony, open_channel
from paddock.parsing.reply import ParseError, ReplyParser, Think, ToolCall, Tools
from paddock.parsing.stream import Out, Reader, Steps, Stops, StreamParser, Trimmed

_OBJECT = Stops("{")


def parser_of_template(template: str, *, tools: Tools | None, think: Think, prompt: str) -> ReplyParser:
    """The parser of a model with this Go template.

    Thinking is taken apart if `think` asks for it and the template shows its tags. Calls are looked for if there are
    `tools`. `prompt` is what the model was given: it may end with the tag that opens the thinking, or the calls.
    """
    if is_harmony(template):
        return StreamParser(harmony(open_channel(prompt)))
    opening, closing, tag = _tags(template)
    thinking = (opening, closing) if think and opening and closing else None
    return generic_parser(thinking, tag, tools, prompt)


def generic_parser(thinking: tuple[str, str] | None, tag: str, tools: Tools | None, prompt: str) -> ReplyParser:
    """A reply that may begin with thinking between two tags, and may hold calls as JSON after a third."""
    end = prompt.rstrip()

    def grammar(reader: Reader, out: Out) -> Steps[None]:
        if thinking:
            yield from leading_thinking(reader, out, *thinking, opened=end.endswith(thinking[0]))
        if tools:
            yield from _calls_after(tag, reader, out, list(functions(tools)), opened=end.endswith(tag))
        else:
            yield from reader.rest(out.content)

    return StreamParser(grammar)


def leading_thinking(reader: Reader, out: Out, opening: str, closing: str, *, opened: bool) -> Steps[None]:
    """Read the thinking that a reply begins with, and the white space around it."""
    if not opened:
        spaces = yield from reader.spaces()
        opened = yield from reader.follows(opening)
        if not opened and not reader.drop_begun(opening):
            out.content(spaces)
        if not opened:
            return
    write = Trimmed(out.thinking, left=True)
    yield from reader.until(Stops(closing), write, keep_begun=False)
    yield from reader.spaces()


def _calls_after(tag: str, reader: Reader, out: Out, names: Sequence[str], *, opened: bool) -> Steps[None]:
    bare = tag in ("{", "[")
    if bare or opened:
        out.content((yield from reader.spaces()))
        if (yield from _begins_with_object(reader)):
            yield from _bare_calls(reader, out, names)
            return
    if bare:
        yield from reader.rest(out.content)
    elif (yield from reader.until(Stops(tag), out.content, keep_begun=False)):
        yield from _tagged_calls(reader, out, names)


def _begins_with_object(reader: Reader) -> Steps[bool]:
    """Whether an object comes, or a list of them. Nothing is read."""
    read = ""
    if (yield from reader.follows("[")):
        read = "[" + (yield from reader.spaces())
    begins = (yield from reader.peek(1)) == "{"
    reader.put_back(read)
    return begins


def _tagged_calls(reader: Reader, out: Out, names: Sequence[str]) -> Steps[None]:
    """Calls up to the end of the reply; what stands between and behind them belongs to the format."""
    text = "…"
    while text:
        text, calls = yield from _next_object(reader, names)
        out.calls(calls)


def _bare_calls(reader: Reader, out: Out, names: Sequence[str]) -> Steps[None]:
    """Calls that no tag announces. From the first object on that is none, the reply is content."""
    while True:
        text, calls = yield from _next_object(reader, names)
        if not calls:
            out.content(text)
            break
        out.calls(calls)
        yield from reader.spaces(" \t\r\n,;]")
        if (yield from reader.peek(1)) != "{":
            break
    yield from reader.rest(out.content)


def _next_object(reader: Reader, names: Sequence[str]) -> Steps[tuple[str, list[ToolCall]]]:
    """Read up to the end of the next JSON object. Returns what was read, nothing at the end, and the calls in it."""
    before: list[str] = []
    if not (yield from reader.until(_OBJECT, before.append)):
        return "".join(before), []
    reader.put_back("{")
    lead = "".join(before)
    text, closed = yield from reader.json_object()
    return lead + text, _calls(lead, text, names) if closed else []


def _calls(lead: str, text: str, names: Sequence[str]) -> list[ToolCall]:
    """The calls in an object, or the call whose arguments it is: then the name stands in the text before it."""
    try:
        value = decoded(text)
    except ParseError:
        return []
    calls = named_calls(value, names)
    if not calls and not is_call(value) and (name := _last_named(lead, names)):
        return [ToolCall(name, value)]
    return calls


def _last_named(text: str, names: Sequence[str]) -> str:
    """The known name that ends last in a text; of those that end together, the longest."""
    found = [(match.end(), len(name), name) for name in names for match in _word(name).finditer(text)]
    return max(found)[2] if found else ""


@lru_cache(maxsize=256)
def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w.-])")


@lru_cache(maxsize=64)
def _tags(template: str) -> tuple[str, str, str]:
    try:
        return *thinking_tags(template), tool_tag(template)
    except RecursionError:
        return "", "", ANY_OBJECT
