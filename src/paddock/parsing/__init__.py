"""Takes apart what a model writes, while it writes it, into content, thinking and tool calls.

A parser is had by the name in a model's configuration (`parser_named`), or inferred from its Go or Jinja template.
"""

from paddock.parsing.chat_tags import parser_of_chat_template
from paddock.parsing.generic import parser_of_template
from paddock.parsing.go_tags import thinking_tags
from paddock.parsing.named import Facts, facts_of, parser_named
from paddock.parsing.reply import Parsed, ParseError, ReplyParser, ToolCall

__all__ = [
    "Facts",
    "ParseError",
    "Parsed",
    "ReplyParser",
    "ToolCall",
    "facts_of",
    "parser_named",
    "parser_of_chat_template",
    "parser_of_template",
    "thinking_tags",
]
