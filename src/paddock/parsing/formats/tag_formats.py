"""How families of models write: where a reply begins, its tags and white space, and how its calls are read."""

from collections.abc import Callable
from dataclasses import dataclass

from paddock.parsing.calls.json_calls import decoded_object, json_call
from paddock.parsing.calls.program_calls import brace_call, python_calls
from paddock.parsing.calls.xml_calls import Functions, argument_tags, function_tag, lenient_argument_tags
from paddock.parsing.formats.tagged_reply import ReadCalls, Spaces, Start, Style
from paddock.parsing.reply import ParseError, Think, ToolCall


@dataclass(frozen=True)
class Request:
    """What of a request bears on the form of the reply."""

    think: Think
    known: Functions
    last_role: str
    prefilled: bool
    """Whether the request ends with the beginning of the answer."""
    prefilled_thinking: bool
    """Whether it ends with the beginning of the thinking."""


@dataclass(frozen=True)
class Begin:
    """When a reply begins with `start`. Otherwise it begins with content."""

    start: Start
    only_if_on: bool = False
    """Only if the request asks for thinking."""
    unless_off: bool = False
    """Not if the request declines it."""
    unless_prefilled: bool = False
    """Not if the prompt ends with the beginning of the answer."""
    unless_tools: bool = False
    unless_after: str = ""
    """Not after a message of this role."""
    only_after: str = ""
    """Only after a message of this role."""

    def of(self, request: Request) -> Start:
        """Where the reply to a request begins."""
        begins = (
            (request.think or not self.only_if_on)
            and not (self.unless_off and request.think is False)
            and not (self.unless_prefilled and request.prefilled)
            and not (self.unless_tools and request.known)
            and not (self.unless_after and request.last_role == self.unless_after)
            and not (self.only_after and request.last_role != self.only_after)
        )
        return self.start if begins else Start.CONTENT


CONTENT = Begin(Start.CONTENT)
THINKING = Begin(Start.THINKING)
EITHER = Begin(Start.EITHER)

MakeReader = Callable[[Functions], ReadCalls]
"""Makes what reads calls of these functions."""


# How calls are read.


def _whole_only(read: Callable[[str], list[ToolCall] | None]) -> ReadCalls:
    """A call that the reply ends in counts if it is complete in itself; else it is left out."""

    def reader(text: str, closed: bool) -> list[ToolCall] | None:
        if closed:
            return read(text)
        try:
            return read(text) or []
        except ParseError:
            return []

    return reader


def or_text(make: MakeReader) -> MakeReader:
    """A reader for which a broken call is text."""

    def maker(known: Functions) -> ReadCalls:
        read = make(known)

        def reader(text: str, closed: bool) -> list[ToolCall] | None:
            try:
                calls = read(text, closed)
                return calls if calls or closed else None
            except ParseError:
                return None

        return reader

    return maker


def as_json(_: Functions) -> ReadCalls:
    """Objects with name and arguments."""
    return _whole_only(json_call)


def as_function_tags(known: Functions) -> ReadCalls:
    """Tags with the names in them."""
    return _whole_only(lambda text: function_tag(text, known))


def as_argument_tags(known: Functions) -> ReadCalls:
    """The name and tags around keys and values."""
    return lambda text, closed: argument_tags(text, known, closed)


def as_lenient_argument_tags(known: Functions) -> ReadCalls:
    """The same, or JSON, as far as it goes."""
    return lambda text, closed: lenient_argument_tags(text, known, closed)


def as_python(_: Functions) -> ReadCalls:
    """Calls as in Python."""
    return _whole_only(python_calls)


def in_braces(quote: str) -> MakeReader:
    """A name and pairs in braces; strings stand between two of `quote`."""
    return lambda _: lambda text, closed: brace_call(text, quote, closed)


def as_separated(_: Functions) -> ReadCalls:
    """A name, a separator and an object."""
    return _whole_only(_separated)


def _separated(text: str) -> list[ToolCall] | None:
    """`name<sep>{…}`, or `function<sep>name` and the arguments, perhaps fenced as a block of code."""
    head, sign, rest = text.partition("<｜tool▁sep｜>")
    name = head.strip()
    if sign and "{" in rest and (before := rest.partition("{")[0].replace("```json", "").strip("` \n")):
        name = before
    arguments = rest[rest.find("{") :].strip("` \n")
    try:
        return [ToolCall(name, decoded_object(arguments))] if sign and name else None
    except ParseError:
        return None


# The styles.

_THINK = ("<think>", "</think>")
_TOOL_CALL = (("<tool_call>", "</tool_call>"),)
QWEN = Style(
    thinking=_THINK,
    calls=_TOOL_CALL,
    calls_in_thinking=True,
    half_tags_in_content=False,
    echoes="<think>",
    spaces=Spaces(after_content=True, after_thinking=True, between=True),
)
DEEPSEEK = Style(
    thinking=_THINK,
    calls=(("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),),
    each_call=("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"),
    echoes="<think>",
    spaces=Spaces(after_thinking=True),
)
LAGUNA = Style(
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
GEMMA = Style(
    thinking=("<|channel>", "<channel|>"),
    label="thought\n",
    calls=(("<|tool_call>", "<tool_call|>"),),
    reopens=True,
    echoes="<|channel>",
    half_tags_in_thinking=True,
    spaces=Spaces(after_thinking=True, after_call=True),
)
LFM = Style(
    thinking=_THINK,
    calls=(("<|tool_call_start|>", "<|tool_call_end|>"),),
    spaces=Spaces(before_thinking=True, after_thinking=True, between=True),
)
OLMO = Style(
    thinking=_THINK,
    echoes="<think>",
    calls=(("<function_calls>", "</function_calls>"),),
    spaces=Spaces(after_thinking=True),
)
FUNCTION_GEMMA = Style(calls=(("<start_function_call>", "<end_function_call>"),), half_tags_in_content=False)
