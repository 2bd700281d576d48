"""Parsing of replies, while the model generates them, into content, thinking and tool calls.

A model's `ReplyFormat` says how its replies are parsed, and how a call is written that it is forced to make. It is
found by the name of a parser in the model's configuration (`named_parser`), or inferred from its Go or Jinja template.
"""

from paddock.parsing.calls.bare_values import CannotForce
from paddock.parsing.calls.forced_calls import CallFormat
from paddock.parsing.formats.chat_template import (
    format_of_chat_template,
    format_of_markers,
    markers_in,
    thinking_tags_of_markers,
)
from paddock.parsing.formats.go_template import format_of_go_template, format_of_texts
from paddock.parsing.formats.harmony import HARMONY_OF_TEMPLATE, is_harmony
from paddock.parsing.named import NamedParser, ParserInfo, named_parser
from paddock.parsing.reply import Parsed, ParseError, ReplyParser, ReplyRequest, ToolCall, functions
from paddock.parsing.reply_format import CONTENT_ONLY, ReplyFormat
from paddock.parsing.stream import StreamParser

__all__ = [
    "CONTENT_ONLY",
    "HARMONY_OF_TEMPLATE",
    "CallFormat",
    "CannotForce",
    "NamedParser",
    "ParseError",
    "Parsed",
    "ParserInfo",
    "ReplyFormat",
    "ReplyParser",
    "ReplyRequest",
    "StreamParser",
    "ToolCall",
    "format_of_chat_template",
    "format_of_go_template",
    "format_of_markers",
    "format_of_texts",
    "functions",
    "is_harmony",
    "markers_in",
    "named_parser",
    "thinking_tags_of_markers",
]
