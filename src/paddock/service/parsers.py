"""Which parser takes a model's replies apart, and which of their tokens are thinking."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from paddock.library.model import Model
from paddock.parsing import (
    Facts,
    ReplyParser,
    facts_of,
    parser_named,
    parser_of_chat_template,
    parser_of_template,
    thinking_tags,
)
from paddock.prompting import Message, PromptFormat

Think = bool | str | None

USUAL_TAGS = ("<think>", "</think>")
TAGS_OF_PARSER = {
    "harmony": ("<|channel|>", "<|channel|>final<|message|>"),
    "cohere": ("<|START_THINKING|>", "<|END_THINKING|>"),
    "gemma4": ("<|channel>", "<channel|>"),
}
"""Where the thinking of a parser's models begins and ends, if not between the usual tags."""


def parser_facts(model: Model) -> Facts | None:
    """What the parser that a model names claims; None if it names none that exists."""
    try:
        return facts_of(model.config.parser) if model.config.parser else None
    except KeyError:
        return None


def parser_for(
    model: Model,
    form: PromptFormat,
    tools: Sequence[Mapping[str, Any]],
    think: Think,
    prompt: str,
    last_message: Message | None = None,
) -> ReplyParser | None:
    """Return the parser for a reply to `prompt`; None where nothing in it can be but content."""
    if parser_facts(model) is not None:
        last = asdict(last_message) if last_message is not None else None
        return parser_named(model.config.parser, tools=tools or None, think=think, last_message=last)
    if not tools and not think:
        return None
    if form.template is not None:
        return parser_of_template(form.template.text, tools=tools or None, think=think, prompt=prompt)
    if form.chat_template is not None:
        return parser_of_chat_template(form.chat_template.source, tools=tools or None, think=think, prompt=prompt)
    return None


def free_tags(model: Model, form: PromptFormat, think: Think, prompt: str) -> tuple[str, str] | None:
    """Return the tags between which a reply in some format is free, since it is thinking; None if there is none.

    The first is "" where the prompt ends with it.
    """
    if not think and model.config.parser != "harmony":
        return None
    opening, closing = TAGS_OF_PARSER.get(model.config.parser, USUAL_TAGS)
    if not model.config.parser and form.template is not None:
        opening, closing = thinking_tags(form.template.text)
    if not closing:
        return None
    return ("" if prompt.rstrip().endswith(opening) else opening), closing
