"""Takes apart what a model writes, while it writes it, into content, thinking and tool calls.

A parser is had by the name in a model's configuration (`parser_named`), or inferred from its Go or Jinja template; and
so is the notation in which the model can be made to call a tool.
"""

from paddock.parsing.calls.bare_values import CannotForce
from paddock.parsing.calls.call_formats import notation_of_chat_template, notation_of_parser, notation_of_template
from paddock.parsing.calls.forced_calls import CallNotation
from paddock.parsing.formats.chat_tags import parser_of_chat_template, thinking_tags_of_chat_template
from paddock.parsing.formats.generic import parser_of_template
from paddock.parsing.formats.glimmer import is_addressed
from paddock.parsing.formats.go_tags import thinking_tags
from paddock.parsing.formats.harmony import is_harmony
from paddock.parsing.named import Facts, facts_of, parser_named
from paddock.parsing.reply import Parsed, ParseError, ReplyParser, ToolCall

__all__ = [
    "CallNotation",
    "CannotForce",
    "Facts",
    "ParseError",
    "Parsed",
    "ReplyParser",
    "ToolCall",
    "facts_of",
    "is_addressed",
    "is_harmony",
    "notation_of_chat_template",
    "notation_of_parser",
    "notation_of_template",
    "parser_named",
    "parser_of_chat_template",
    "parser_of_template",
    "thinking_tags",
    "thinking_tags_of_chat_template",
]
