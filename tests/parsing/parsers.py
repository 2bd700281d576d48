"""Parsers as tests make them: by name, or from the text of a template."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from paddock.parsing.formats.chat_template import format_of_chat_template
from paddock.parsing.formats.generic import ANY_OBJECT, generic_reply
from paddock.parsing.formats.go_template import format_of_go_template
from paddock.parsing.named import named_parser
from paddock.parsing.reply import ReplyParser, ReplyRequest, Think, Tools, functions
from paddock.parsing.reply_format import ReplyFormat
from paddock.parsing.stream import StreamParser
from paddock.templates.go.analysis import analyse


def format_named(name: str) -> ReplyFormat:
    """Return the format that the parser of this name reads.

    Raises:
        KeyError: if there is none.
    """
    parser = named_parser(name)
    if parser is None:
        raise KeyError(name)
    return parser.format


def format_of_template(template: str) -> ReplyFormat:
    """Return the format that a Go template shows."""
    shown = analyse(template)
    return format_of_go_template(template, shown.thinking_tags, shown.tool_call_prefix, shown.call_texts)


def parser_of(
    reply_format: ReplyFormat,
    *,
    tools: Tools | None = None,
    think: Think = None,
    prompt: str = "",
    last_message: Mapping[str, Any] | None = None,
) -> ReplyParser:
    """Return the parser of one reply."""
    assert reply_format.grammar is not None
    last = last_message or {}
    role = str(last.get("role", ""))
    content, thinking = (role == "assistant" and bool(last.get(part)) for part in ("content", "thinking"))
    request = ReplyRequest(functions(tools), think, prompt, role, content, thinking)
    return StreamParser(reply_format.grammar, request)


def parser_named(
    name: str, *, tools: Tools | None = None, think: Think = None, last_message: Mapping[str, Any] | None = None
) -> ReplyParser:
    """Return the parser of this name, for one reply."""
    return parser_of(format_named(name), tools=tools, think=think, last_message=last_message)


def parser_of_calls(template: str, tools: Tools) -> ReplyParser:
    """Return a parser that looks only for calls with the prefix that a Go template shows."""
    grammar = partial(generic_reply, thinking=None, prefix=analyse(template).tool_call_prefix or ANY_OBJECT)
    return StreamParser(grammar, ReplyRequest(functions(tools)))


def parser_of_template(
    template: str, *, tools: Tools | None = None, think: Think = None, prompt: str = ""
) -> ReplyParser:
    """Return the parser of a model with this Go template, for one reply."""
    return parser_of(format_of_template(template), tools=tools, think=think, prompt=prompt)


def parser_of_chat_template(
    jinja: str, *, tools: Tools | None = None, think: Think = None, prompt: str = ""
) -> ReplyParser:
    """Return the parser of a model with this chat template, for one reply."""
    return parser_of(format_of_chat_template(jinja), tools=tools, think=think, prompt=prompt)
