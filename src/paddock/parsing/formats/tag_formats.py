"""Tag formats of families of models: where a reply begins, its tags and white space, and how its calls are read."""

from collections.abc import Callable
from dataclasses import dataclass

from paddock.parsing.calls.json_calls import decoded_object, json_call
from paddock.parsing.calls.program_calls import brace_call, python_calls
from paddock.parsing.calls.xml_calls import argument_tags, function_tag, lenient_argument_tags
from paddock.parsing.formats.tagged_reply import ReadCalls, Spaces, Start, TagFormat
from paddock.parsing.reply import Functions, ParseError, ReplyRequest, ToolCall


@dataclass(frozen=True)
class StartRule:
    """The condition under which a reply begins with `start`. Otherwise it begins with content."""

    start: Start
    only_if_on: bool = False
    """Only if the request asks for thinking."""
    unless_off: bool = False
    """Not if the request declines thinking."""
    unless_prefilled: bool = False
    """Not if the prompt ends with the beginning of the answer."""
    unless_tools: bool = False
    unless_after: str = ""
    """Not after a message of this role."""
    only_after: str = ""
    """Only after a message of this role."""

    def start_of(self, request: ReplyRequest) -> Start:
        """Return the section in which the reply to a request begins."""
        begins = (
            (request.think or not self.only_if_on)
            and not (self.unless_off and request.think is False)
            and not (self.unless_prefilled and request.prefilled)
            and not (self.unless_tools and request.functions)
            and not (self.unless_after and request.last_role == self.unless_after)
            and not (self.only_after and request.last_role != self.only_after)
        )
        return self.start if begins else Start.CONTENT


CONTENT = StartRule(Start.CONTENT)
THINKING = StartRule(Start.THINKING)
EITHER = StartRule(Start.EITHER)

MakeReader = Callable[[Functions], ReadCalls]
"""Returns a reader of calls of these functions."""


# Readers of calls.


def _whole_only(read: Callable[[str], list[ToolCall] | None]) -> ReadCalls:
    """Return a reader that leaves out a call without its closing tag, unless the call is complete."""

    def reader(text: str, closed: bool) -> list[ToolCall] | None:
        if closed:
            return read(text)
        try:
            return read(text) or []
        except ParseError:
            return []

    return reader


def or_text(make: MakeReader) -> MakeReader:
    """Return a reader for which a broken call is text."""

    def maker(functions: Functions) -> ReadCalls:
        read = make(functions)

        def reader(text: str, closed: bool) -> list[ToolCall] | None:
            try:
                calls = read(text, closed)
                return calls if calls or closed else None
            except ParseError:
                return None

        return reader

    return maker


def as_json(_functions: Functions) -> ReadCalls:
    """Return a reader of JSON objects with name and arguments."""
    return _whole_only(json_call)


def as_function_tags(functions: Functions) -> ReadCalls:
    """Return a reader of tags that contain the names of function and parameters."""
    return _whole_only(lambda text: function_tag(text, functions))


def as_argument_tags(functions: Functions) -> ReadCalls:
    """Return a reader of a name, followed by tags around keys and values."""
    return lambda text, closed: argument_tags(text, functions, closed)


def as_lenient_argument_tags(functions: Functions) -> ReadCalls:
    """Return a reader of the same, or of JSON, up to where either breaks off."""
    return lambda text, closed: lenient_argument_tags(text, functions, closed)


def as_python(_functions: Functions) -> ReadCalls:
    """Return a reader of calls as in Python."""
    return _whole_only(python_calls)


def in_braces(quote: str) -> MakeReader:
    """Return a reader of a name and pairs in braces, with strings between two of `quote`."""
    return lambda _: lambda text, closed: brace_call(text, quote, closed)


def as_separated(_functions: Functions) -> ReadCalls:
    """Return a reader of a name, a separator and an object."""
    return _whole_only(_separated)


def _separated(text: str) -> list[ToolCall] | None:
    """Read `name<sep>{…}`, or `function<sep>name` and the arguments, perhaps fenced as a block of code."""
    head, sign, rest = text.partition("<｜tool▁sep｜>")
    name = head.strip()
    if sign and "{" in rest and (before := rest.partition("{")[0].replace("```json", "").strip("` \n")):
        name = before
    arguments = rest[rest.find("{") :].strip("` \n")
    try:
        return [ToolCall(name, decoded_object(arguments))] if sign and name else None
    except ParseError:
        return None


# The tags of families of models.

_THINK = ("<think>", "</think>")
_TOOL_CALL = (("<tool_call>", "</tool_call>"),)
QWEN = TagFormat(
    thinking=_THINK,
    calls=_TOOL_CALL,
    calls_in_thinking=True,
    half_tags_in_content=False,
    echoes="<think>",
    spaces=Spaces(after_content=True, after_thinking=True, between=True),
)
DEEPSEEK = TagFormat(
    thinking=_THINK,
    calls=(("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),),
    each_call=("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"),
    echoes="<think>",
    spaces=Spaces(after_thinking=True),
)
LAGUNA = TagFormat(
    thinking=_THINK,
    calls=(*_TOOL_CALL, ("<user>", "</user>")),
    calls_in_thinking=True,
    half_tags_in_calls=False,
    reopens=True,
    drops_closing=True,
    echoes="<think>",
    space_after_echo=False,
    half_tags_in_thinking=True,
    spaces=Spaces(before_content=True, after_content=True, before_thinking=True, after_thinking=True, between=True),
)
GEMMA = TagFormat(
    thinking=("<|channel>", "<channel|>"),
    label="thought\n",
    calls=(("<|tool_call>", "<tool_call|>"),),
    reopens=True,
    echoes="<|channel>",
    half_tags_in_thinking=True,
    spaces=Spaces(after_thinking=True, after_call=True),
)
LFM = TagFormat(
    thinking=_THINK,
    calls=(("<|tool_call_start|>", "<|tool_call_end|>"),),
    spaces=Spaces(before_thinking=True, after_thinking=True, between=True),
)
OLMO = TagFormat(
    thinking=_THINK,
    echoes="<think>",
    calls=(("<function_calls>", "</function_calls>"),),
    spaces=Spaces(after_thinking=True),
)
FUNCTION_GEMMA = TagFormat(calls=(("<start_function_call>", "<end_function_call>"),), half_tags_in_content=False)
