"""Parsing of replies, while the model writes them, into content, thinking and tool calls.

A model's parser is found by the name in its configuration (`parser_named`), or inferred from its Go or Jinja template.
The format in which the model can be forced to call a tool is found in the same ways.
"""

from paddock.parsing.calls.bare_values import CannotForce
from paddock.parsing.calls.call_formats import (
    call_format_of_chat_template,
    call_format_of_parser,
    call_format_of_template,
)
from paddock.parsing.calls.forced_calls import CallFormat
from paddock.parsing.formats.chat_tags import parser_of_chat_template, thinking_tags_of_chat_template
from paddock.parsing.formats.generic import parser_of_template
from paddock.parsing.formats.glimmer import is_addressed
from paddock.parsing.formats.go_tags import thinking_tags
from paddock.parsing.formats.harmony import is_harmony
from paddock.parsing.named import Facts, facts_of, parser_named
from paddock.parsing.reply import Parsed, ParseError, ReplyParser, ToolCall

__all__ = [
    "CallFormat",
    "CannotForce",
    "Facts",
    "ParseError",
    "Parsed",
    "ReplyParser",
    "ToolCall",
    "call_format_of_chat_template",
    "call_format_of_parser",
    "call_format_of_template",
    "facts_of",
    "is_addressed",
    "is_harmony",
    "parser_named",
    "parser_of_chat_template",
    "parser_of_template",
    "thinking_tags",
    "thinking_tags_of_chat_template",
]
