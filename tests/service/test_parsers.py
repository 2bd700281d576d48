"""How the service finds a model's reply format, and what it does with it."""

from dataclasses import replace
from typing import Any

import pytest

from paddock.ipc import JsonObject
from paddock.library.names import ModelName
from paddock.library.store.model import Model
from paddock.parsing.named import named_parser
from paddock.parsing.reply_format import CONTENT_ONLY
from paddock.service.errors import RequestError
from paddock.service.models import ModelService
from paddock.service.parsers import forced_call, parser_factory, parser_info, reply_format
from paddock.service.requests import ConversationRequest
from paddock.service.template_facts import template_of
from paddock.templates import Message
from paddock.workers.jobs import template_facts
from paddock.workers.messages import TemplateFacts
from tests.service.making import make

TOOL = {"type": "function", "function": {"name": "note", "parameters": {"type": "object", "properties": {}}}}


def stored(models: ModelService, weights: str, **fields: Any) -> Model:
    make(models, "x", files={"x.gguf": weights}, **fields)
    return models.library.open(ModelName.parse("x"))


def facts(model: Model) -> TemplateFacts:
    source = template_of(model)
    return template_facts(source) if source is not None else TemplateFacts()


def test_without_tools_and_thinking_a_reply_needs_no_parser(models: ModelService, weights: str) -> None:
    model = stored(models, weights, template="{{ .Prompt }}")
    replies = reply_format(model, facts(model))
    assert parser_factory(replies, (), False, "x") is None
    assert parser_factory(replies, [TOOL], False, "x") is not None
    assert parser_factory(CONTENT_ONLY, [TOOL], True, "x") is None


def test_each_reply_gets_a_parser_of_its_own(models: ModelService, weights: str) -> None:
    model = stored(models, weights, parser="qwen3-thinking")
    new_parser = parser_factory(reply_format(model, facts(model)), (), True, "x", Message("user", "x"))
    assert new_parser is not None
    one, two = new_parser(), new_parser()
    assert one.feed("so</think>").thinking == "so"
    assert two.feed("it").thinking == "it"


def test_a_request_that_ends_with_the_beginning_of_the_answer_continues_it(models: ModelService, weights: str) -> None:
    model = stored(models, weights, parser="qwen3-vl-thinking")
    replies = reply_format(model, facts(model))
    new_parser = parser_factory(replies, (), True, "x", Message("assistant", "It is"))
    assert new_parser is not None
    assert new_parser().feed(" so").content == " so"


def test_a_parser_comes_before_the_template(models: ModelService, weights: str) -> None:
    model = stored(models, weights, template="{{ .Prompt }}", parser="qwen3")
    parser = named_parser("qwen3")
    assert parser is not None
    assert parser_info(model) == parser.info
    assert reply_format(model, facts(model)) is parser.format


def test_a_parser_that_does_not_exist_is_ignored(models: ModelService, weights: str) -> None:
    model = stored(models, weights, parser="nonsense")
    assert parser_info(model) is None
    assert parser_factory(reply_format(model, facts(model)), (), False, "x") is None


def test_a_forced_call_needs_a_known_format_and_no_other_constraint(models: ModelService, weights: str) -> None:
    model = stored(models, weights, template="{{ .Prompt }}", parser="passthrough")
    replies = reply_format(model, facts(model))
    request = ConversationRequest(model="x", tools=[TOOL], tool_choice="required")
    with pytest.raises(RequestError, match="a call cannot be forced in the format of the parser 'passthrough'"):
        forced_call(model, replies, request, ())
    with pytest.raises(RequestError, match="tool_choice requires a call, which cannot be in a format as well"):
        forced_call(model, replies, replace(request, constraint=JsonObject()), ())
