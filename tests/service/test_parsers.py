"""Which parser reads a reply, and where its thinking ends, also when the runner ends it by force."""

from dataclasses import replace
from typing import Any

import pytest

from paddock.ipc import JsonObject, LiteralText, ThinkingTags
from paddock.library.names import ModelName
from paddock.library.store.model import Model
from paddock.parsing import call_format_of_parser, facts_of, parser_named
from paddock.service.errors import RequestError
from paddock.service.models import ModelService
from paddock.service.parsers import (
    TAGS_BEFORE_CALLS,
    TAGS_OF_PARSER,
    USUAL_TAGS,
    forced_call,
    parser_factory,
    parser_facts,
    tags_around_thinking,
)
from paddock.service.requests import ConversationRequest
from paddock.service.resolved import prompt_template
from paddock.templates import Message, PromptTemplate
from tests.service.making import make

HEADERS = {"harmony": "analysis<|message|>"}
"""What a model writes behind the opening tag before it thinks."""
THINKERS = ("harmony", "cohere", "gemma4", "glimmer", "qwen3-thinking", "deepseek3", "olmo3-think", "glm-4.7")
TOOL = {"type": "function", "function": {"name": "note", "parameters": {"type": "object", "properties": {}}}}


def thought(tags: ThinkingTags, header: str) -> str:
    """A reply up to where its thinking is ended for the model."""
    return tags.opening + header + "so it is" + (tags.forced_closing or tags.closing)


@pytest.mark.parametrize("name", THINKERS)
def test_an_answer_behind_thinking_that_was_ended_is_content(name: str) -> None:
    assert facts_of(name).has_thinking
    tags = TAGS_OF_PARSER.get(name, USUAL_TAGS)
    parser = parser_named(name, tools=None, think=True, last_message=None)
    parts = [parser.feed(thought(tags, HEADERS.get(name, "")) + '{"a": 1}'), parser.finish()]
    assert "".join(part.content for part in parts).strip() == '{"a": 1}'
    assert "".join(part.thinking for part in parts).strip() == "so it is"


@pytest.mark.parametrize("name", sorted(TAGS_BEFORE_CALLS))
def test_a_call_behind_thinking_that_was_ended_is_one(name: str) -> None:
    header = "<|message|>" if name == "harmony" else ""
    call_format = call_format_of_parser(name)
    assert call_format is not None
    (template,) = call_format.constraint([TOOL], "note").calls
    call = "".join(part.text if isinstance(part, LiteralText) else "{}" for part in template.parts)
    parser = parser_named(name, tools=[TOOL], think=True, last_message=None)
    text = thought(TAGS_BEFORE_CALLS[name], header)
    parts = [parser.feed(text + call), parser.finish()]
    assert [found.name for part in parts for found in part.calls] == ["note"]
    assert "".join(part.thinking for part in parts).strip() == "so it is"
    assert "".join(part.content for part in parts) == ""


def stored(models: ModelService, weights: str, **fields: Any) -> tuple[Model, PromptTemplate]:
    make(models, "x", files={"x.gguf": weights}, **fields)
    model = models.library.open(ModelName.parse("x"))
    return model, prompt_template(model)


def test_without_tools_and_thinking_a_reply_needs_no_parser(models: ModelService, weights: str) -> None:
    model, form = stored(models, weights, template="{{ .Prompt }}")
    assert parser_factory(model, form, (), False, "x") is None
    assert parser_factory(model, form, [TOOL], False, "x") is not None


def test_each_reply_gets_a_parser_of_its_own(models: ModelService, weights: str) -> None:
    model, form = stored(models, weights, parser="qwen3-thinking")
    new_parser = parser_factory(model, form, (), True, "x", Message("user", "x"))
    assert new_parser is not None
    one, two = new_parser(), new_parser()
    assert one.feed("so</think>").thinking == "so"
    assert two.feed("it").thinking == "it"


def test_a_parser_that_does_not_exist_is_none(models: ModelService, weights: str) -> None:
    model, form = stored(models, weights, parser="nonsense")
    assert parser_facts(model) is None
    assert parser_factory(model, form, (), False, "x") is None


def test_a_forced_call_needs_a_known_format_and_no_other_constraint(models: ModelService, weights: str) -> None:
    model, form = stored(models, weights, template="{{ .Prompt }}", parser="passthrough")
    request = ConversationRequest(model="x", tools=[TOOL], tool_choice="required")
    with pytest.raises(RequestError, match="a call cannot be forced in the format of the parser 'passthrough'"):
        forced_call(model, form, request, ())
    with pytest.raises(RequestError, match="tool_choice requires a call, which cannot be in a format as well"):
        forced_call(model, form, replace(request, constraint=JsonObject()), ())


def test_tags_stand_around_thinking_only_if_the_model_thinks(models: ModelService, weights: str) -> None:
    model, form = stored(models, weights, parser="qwen3-thinking")
    assert tags_around_thinking(model, form, False, "x") is None
    assert tags_around_thinking(model, form, True, "x") == USUAL_TAGS
    opened = tags_around_thinking(model, form, True, "x <think>\n")
    assert opened == ThinkingTags("", "</think>")
