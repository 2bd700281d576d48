"""Parsers for models that bring only a chat template in Jinja: the tags in its text tell the format."""

from dataclasses import replace

from paddock.parsing.calls.values import functions
from paddock.parsing.formats import tag_formats as styles
from paddock.parsing.formats.cohere import cohere
from paddock.parsing.formats.generic import generic_parser
from paddock.parsing.formats.glimmer import addressed, is_addressed
from paddock.parsing.formats.go_tags import ANY_OBJECT
from paddock.parsing.formats.harmony import harmony, is_harmony, open_channel
from paddock.parsing.formats.tagged_reply import Spaces, Start, Style, sections
from paddock.parsing.reply import ReplyParser, Think, Tools
from paddock.parsing.stream import StreamParser

_THINKING = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("<reasoning>", "</reasoning>"),
)
_BEFORE_JSON = (
    "[TOOL_CALLS]",
    "<|tool_calls_section_begin|>",
    "<|tool_call|>",
    "<TOOLCALL>",
    "<tool_calls>",
    "functools",
)
"""Tags behind which calls stand as JSON, with the name in the object or before it."""

_SPACES = Spaces(after_content=True, before_thinking=True, after_thinking=True, between=True)
_TOOL_CALL = Style(calls=(("<tool_call>", "</tool_call>"),), spaces=_SPACES)
_FORMATS: tuple[tuple[tuple[str, ...], Style, styles.MakeReader], ...] = (
    (("<｜tool▁calls▁begin｜>",), styles.DEEPSEEK, styles.as_separated),
    (("<start_function_call>",), styles.FUNCTION_GEMMA, styles.in_braces("<escape>")),
    (("<|tool_call>", '<|"|>'), styles.GEMMA, styles.in_braces('<|"|>')),
    (("<|tool_call_start|>",), styles.LFM, styles.as_python),
    (
        ("<seed:tool_call>",),
        replace(_TOOL_CALL, calls=(("<seed:tool_call>", "</seed:tool_call>"),)),
        styles.as_function_tags,
    ),
    (("<tool_call>", "<arg_key>"), _TOOL_CALL, styles.as_argument_tags),
    (("<tool_call>", "<function="), _TOOL_CALL, styles.as_function_tags),
    (("<tool_call>",), _TOOL_CALL, styles.as_json),
    (("<function_calls>", "</function_calls>"), styles.OLMO, styles.as_python),
)
"""Tags that a template holds, and what a model writes whose template holds all of them. The first row counts."""


def thinking_tags_of_chat_template(jinja: str) -> tuple[str, str] | None:
    """The tags around what a model with this chat template thinks; None if it shows none of those known."""
    return next((tags for tags in _THINKING if tags[1] in jinja), None)


def parser_of_chat_template(jinja: str, *, tools: Tools | None, think: Think, prompt: str) -> ReplyParser:
    """The parser of a model with this chat template.

    Calls are looked for if there are `tools`; a broken one is content. Thinking is taken apart where the prompt has
    opened it, and where a reply begins with its tag, unless `think` is false.
    """
    known = functions(tools)
    thinking = thinking_tags_of_chat_template(jinja)
    opened = bool(thinking) and prompt.rstrip().endswith(thinking[0]) if thinking else False
    if is_harmony(jinja):
        return StreamParser(harmony(open_channel(prompt)))
    if "<|START_ACTION|>" in jinja:
        return StreamParser(cohere(thinks=prompt.rstrip().endswith("<|START_THINKING|>")))
    if is_addressed(jinja):
        return StreamParser(addressed(known, show_thinking=think is not False))
    split = thinking if opened or think is not False else None
    if tools and (row := next((row for row in _FORMATS if all(tag in jinja for tag in row[0])), None)):
        style, make_reader = row[1], row[2]
        if split and not style.reopens:
            style = replace(style, thinking=split, echoes=split[0])
        start = Start.THINKING if opened else Start.EITHER if split and not style.reopens else Start.CONTENT
        return StreamParser(sections(style, start, styles.or_text(make_reader)(known)))
    tag = next((tag for tag in _BEFORE_JSON if tag in jinja), ANY_OBJECT)
    return generic_parser(split, tag, tools, prompt)
