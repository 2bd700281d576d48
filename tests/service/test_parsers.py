"""Replies whose thinking ends by force: what stands behind it reaches the client as content or as a call."""

import pytest

from paddock.ipc import LiteralText, ThinkingTags
from paddock.parsing import call_format_of_parser, facts_of, parser_named
from paddock.service.parsers import TAGS_BEFORE_CALLS, TAGS_OF_PARSER, USUAL_TAGS

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
