"""Which parser splits a model's replies into content, thinking and tool calls, and where their thinking is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from paddock.ipc import ThinkingTags, ToolCalls
from paddock.library.store.model import Model
from paddock.parsing import (
    CallFormat,
    CannotForce,
    Facts,
    ReplyParser,
    call_format_of_chat_template,
    call_format_of_parser,
    call_format_of_template,
    facts_of,
    is_addressed,
    is_harmony,
    parser_named,
    parser_of_chat_template,
    parser_of_template,
    thinking_tags,
    thinking_tags_of_chat_template,
)
from paddock.parsing.reply import Think
from paddock.service.errors import RequestError
from paddock.service.requests import ConversationRequest
from paddock.templates import Message, PromptTemplate

ParserFactory = Callable[[], ReplyParser]
"""Makes the parser of one reply."""

USUAL_TAGS = ThinkingTags("<think>", "</think>")
TAGS_OF_PARSER = {
    "harmony": ThinkingTags(
        "<|channel|>", "<|channel|>final<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"
    ),
    "cohere": ThinkingTags("<|START_THINKING|>", "<|END_THINKING|>"),
    "gemma4": ThinkingTags("<|channel>", "<channel|>"),
    "glimmer": ThinkingTags(" to=self<|message|>", "<|eom|><|start|>assistant to=user<|message|>"),
}
"""Name of a parser → the tags around the thinking of its models, if they are not `USUAL_TAGS`."""
TAGS_BEFORE_CALLS = {
    "harmony": ThinkingTags("<|channel|>analysis", "<|end|><|start|>assistant"),
    "glimmer": ThinkingTags(" to=self<|message|>", "<|eom|><|start|>assistant"),
}
"""The same where a call follows, for models that write their calls into a message of its own."""


def parser_facts(model: Model) -> Facts | None:
    """Return what the parser that a model names can do; None if it names none that exists."""
    try:
        return facts_of(model.config.parser) if model.config.parser else None
    except KeyError:
        return None


def parser_factory(
    model: Model,
    form: PromptTemplate,
    tools: Sequence[Mapping[str, Any]],
    think: Think,
    prompt: str,
    last_message: Message | None = None,
) -> ParserFactory | None:
    """Return a function that makes a parser for a reply to `prompt`; None if such a reply is nothing but content."""
    if parser_facts(model) is not None:
        last = asdict(last_message) if last_message is not None else None
        return partial(parser_named, model.config.parser, tools=tools or None, think=think, last_message=last)
    if not tools and not think:
        return None
    if form.template is not None:
        return partial(parser_of_template, form.template.text, tools=tools or None, think=think, prompt=prompt)
    if form.chat_template is not None:
        source = form.chat_template.source
        return partial(parser_of_chat_template, source, tools=tools or None, think=think, prompt=prompt)
    return None


def forced_call(model: Model, form: PromptTemplate, request: ConversationRequest, stop: Sequence[str]) -> ToolCalls:
    """Return the constraint of a reply that calls a tool, of a request that requires a call.

    The constraint keeps texts that would `stop` the reply out of the arguments.

    Raises:
        RequestError: if the model cannot be held to a call.
    """
    if request.constraint is not None:
        raise RequestError("tool_choice requires a call, which cannot be in a format as well")
    found = call_format(model, form)
    if found is None:
        what = f"the parser {model.config.parser!r}" if model.config.parser else "this model's template"
        raise RequestError(f"tool_choice: a call cannot be forced in the format of {what}")
    try:
        return found.constraint(request.tools, request.required_tool, stop)
    except CannotForce as error:
        raise RequestError(f"tool_choice: {error}") from None


def call_format(model: Model, form: PromptTemplate) -> CallFormat | None:
    """Return the format in which a model calls tools; None if calls in it cannot be forced."""
    if parser_facts(model) is not None:
        return call_format_of_parser(model.config.parser)
    if form.template is not None:
        return call_format_of_template(form.template.text)
    if form.chat_template is not None:
        return call_format_of_chat_template(form.chat_template.source)
    return None


def tags_around_thinking(
    model: Model, form: PromptTemplate, think: Think, prompt: str, *, call: bool = False
) -> ThinkingTags | None:
    """Return the tags around the thinking of a reply, which no constraint binds; None if it does not think.

    What comes after the second tag is constrained. If that is a `call`, it begins with the header of its message.
    """
    parser = model.config.parser or _parser_of_messages(form)
    if not think and parser != "harmony":
        return None
    if call and parser in TAGS_BEFORE_CALLS:
        tags = TAGS_BEFORE_CALLS[parser]
    elif parser:
        tags = TAGS_OF_PARSER.get(parser, USUAL_TAGS)
    elif form.template is not None:
        tags = ThinkingTags(*thinking_tags(form.template.text))
    else:
        found = thinking_tags_of_chat_template(form.chat_template.source) if form.chat_template is not None else None
        tags = ThinkingTags(*found) if found else USUAL_TAGS
    if not tags.closing:
        return None
    return tags._replace(opening="") if prompt.rstrip().endswith(tags.opening) else tags


def _parser_of_messages(form: PromptTemplate) -> str:
    """Return the parser for replies that consist of messages with headers; "" if the template shows no such replies."""
    text = form.template.text if form.template is not None else form.chat_template.source if form.chat_template else ""
    if is_harmony(text):
        return "harmony"
    return "glimmer" if form.template is None and is_addressed(text) else ""
