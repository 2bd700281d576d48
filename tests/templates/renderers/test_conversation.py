from typing import Any

import pytest

from paddock.templates import Message
from paddock.templates.renderers.conversation import tools_of, turns_of


def call(id: str, **arguments: Any) -> dict[str, Any]:
    return {"id": id, "function": {"name": "f", "arguments": arguments}}


CONVERSATION = [
    Message("user", "Hi"),
    Message("assistant", "", tool_calls=[call("x", b=1, a={"d": 2, "c": 3}), call("y")]),
    Message("tool", "1", tool_call_id="y"),
    Message("tool", "2", tool_call_id="nobody"),
    Message("assistant", "", tool_calls=[call("z")]),
]


def test_results_stand_with_the_turn_before_them_and_know_their_call() -> None:
    turns = turns_of(CONVERSATION, places_images=False)
    assert turns[1].results == [turns[2], turns[3]]
    assert [turn.answers for turn in turns] == [None, None, turns[1].calls[1], None, None]


def test_a_result_before_any_other_message_belongs_to_no_turn() -> None:
    (turn,) = turns_of([Message("tool", "1")], places_images=False)
    assert (turn.answers, turn.results) == (None, [])


def test_calls_are_counted_over_the_conversation() -> None:
    turns = turns_of(CONVERSATION, places_images=False)
    assert [call.number for turn in turns for call in turn.calls] == [0, 1, 2]


def test_arguments_keep_their_order_and_are_sorted_inside() -> None:
    arguments = turns_of(CONVERSATION, places_images=False)[1].calls[0].arguments
    assert (list(arguments), list(arguments["a"])) == (["b", "a"], ["c", "d"])


@pytest.mark.parametrize(
    ("text", "placed"),
    [("See", "[img-1] See"), ("[img] See", "[img-1] See"), ("", "[img-1]"), ("[img-0] See", "[img-0] See")],
)
def test_images_are_placed_only_for_formats_with_placeholders(text: str, placed: str) -> None:
    messages = [Message("user", "[img]", images=("1",)), Message("user", text, images=("2",))]
    assert [turn.content for turn in turns_of(messages, places_images=True)] == ["[img-0]", placed]
    assert [turn.content for turn in turns_of(messages, places_images=False)] == ["[img]", text]
    assert turns_of(messages, places_images=False)[1].images == 1


def test_a_tool_has_what_ollama_knows_in_its_order() -> None:
    property = {"enum": ["x"], "description": "", "type": ["string"], "minimum": 1, "required": "a"}
    schema = {"properties": {"a": property}, "required": ["a"], "type": "object", "additionalProperties": False}
    function = {"parameters": schema, "description": "Does it.", "name": "ns.f", "strict": True}
    (tool,) = tools_of([{"function": function, "type": "function"}])
    assert list(tool.parameters.items()) == [
        ("type", "object"),
        ("required", ["a"]),
        ("properties", {"a": {"type": "string", "enum": ["x"]}}),
    ]
    assert list(tool.function) == ["name", "description", "parameters"]
    assert list(tool.definition) == ["type", "function"]
    assert (tool.name, tool.namespace) == ("ns.f", "ns")


@pytest.mark.parametrize("given", [{}, {"function": 1}, {"function": {"name": 5, "parameters": "none"}}])
def test_a_tool_that_lacks_parts_has_empty_ones(given: dict[str, Any]) -> None:
    (tool,) = tools_of([given])
    assert (tool.name, tool.description, tool.properties) == ("", "", {})
    assert tool.parameters == {"type": "", "properties": None}
