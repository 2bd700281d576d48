"""Where a reply's thinking ends, also when the runner ends it by force."""

import pytest

from paddock.ipc import LiteralText, ThinkingTags
from paddock.parsing.named import NAMED_PARSERS
from paddock.parsing.reply_format import CONTENT_ONLY, USUAL_THINKING_TAGS
from tests.parsing.parsers import format_named, format_of_template, parser_named

HEADERS = {"harmony": "analysis<|message|>"}
"""What a model writes behind the opening tag before it thinks."""
THINKERS = ("harmony", "cohere", "gemma4", "glimmer", "qwen3-thinking", "deepseek3", "olmo3-think", "glm-4.7")
TOOL = {"type": "function", "function": {"name": "note", "parameters": {"type": "object", "properties": {}}}}


def thought(tags: ThinkingTags, header: str) -> str:
    """A reply up to where its thinking is ended for the model."""
    return tags.opening + header + "so it is" + (tags.forced_closing or tags.closing)


@pytest.mark.parametrize("name", THINKERS)
def test_an_answer_behind_thinking_that_was_ended_is_content(name: str) -> None:
    assert NAMED_PARSERS[name].info.has_thinking
    tags = format_named(name).thinking_tags
    parser = parser_named(name, tools=None, think=True, last_message=None)
    parts = [parser.feed(thought(tags, HEADERS.get(name, "")) + '{"a": 1}'), parser.finish()]
    assert "".join(part.content for part in parts).strip() == '{"a": 1}'
    assert "".join(part.thinking for part in parts).strip() == "so it is"


@pytest.mark.parametrize("name", ["glimmer", "harmony"])
def test_a_call_behind_thinking_that_was_ended_is_one(name: str) -> None:
    header = "<|message|>" if name == "harmony" else ""
    call_format, tags = format_named(name).call_format, format_named(name).thinking_tags_before_call
    assert call_format is not None
    assert tags is not None
    (template,) = call_format.constraint([TOOL], "note").calls
    call = "".join(part.text if isinstance(part, LiteralText) else "{}" for part in template.parts)
    parser = parser_named(name, tools=[TOOL], think=True, last_message=None)
    text = thought(tags, header)
    parts = [parser.feed(text + call), parser.finish()]
    assert [found.name for part in parts for found in part.calls] == ["note"]
    assert "".join(part.thinking for part in parts).strip() == "so it is"
    assert "".join(part.content for part in parts) == ""


def test_tags_stand_around_thinking_only_if_the_model_thinks() -> None:
    replies = format_named("qwen3-thinking")
    assert replies.tags_around_thinking(False, "x") is None
    assert replies.tags_around_thinking(True, "x") == USUAL_THINKING_TAGS
    assert replies.tags_around_thinking(True, "x <think>\n") == ThinkingTags("", "</think>")


def test_a_model_that_thinks_unasked_has_tags_in_any_case() -> None:
    replies = format_named("harmony")
    assert replies.tags_around_thinking(False, "x") == replies.thinking_tags
    assert replies.tags_around_thinking(False, "x", before_call=True) == replies.thinking_tags_before_call


def test_a_go_template_without_tags_tells_nothing_of_thinking() -> None:
    assert format_of_template("{{ .Prompt }}").tags_around_thinking(True, "x") is None
    assert CONTENT_ONLY.tags_around_thinking(True, "x") == USUAL_THINKING_TAGS
