"""Takes apart what a model writes, while it writes it, into content, thinking and tool calls.

A parser is had by the name in a model's configuration (`parser_named`), or inferred from its Go or Jinja template.
"""

from paddock.parsing.generic import parser_of_template
from paddock.parsing.reply import Parsed, ParseError, ReplyParser, ToolCall

__all__ = ["ParseError", "Parsed", "ReplyParser", "ToolCall", "parser_of_template"]
