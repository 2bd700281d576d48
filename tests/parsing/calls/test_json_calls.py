import pytest

from paddock.parsing.calls.json_calls import decoded, decoded_object, is_call, json_call, named_calls
from paddock.parsing.reply import ParseError, ToolCall


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "1e999", "[" * 101 + "]" * 101, "[" * 10**5])
def test_what_is_no_json_to_hand_on_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        decoded(text)


def test_line_ends_inside_strings_are_allowed() -> None:
    assert decoded('{"a": "x\ny"}') == {"a": "x\ny"}


@pytest.mark.parametrize("text", ["[]", "{}", '{"name": ""}', '{"name": "f", "arguments": [1]}'])
def test_an_object_without_a_name_or_with_other_arguments_is_no_call(text: str) -> None:
    with pytest.raises(ParseError):
        json_call(text)


def test_the_arguments_of_a_call_may_be_left_out_or_be_json_in_a_string() -> None:
    assert json_call(' {"name": "f"} ') == [ToolCall("f", {})]
    assert json_call('{"name": "f", "arguments": "{\\"a\\": 1}"}') == [ToolCall("f", {"a": 1})]


def test_a_hundred_levels_of_nesting_are_allowed() -> None:
    assert decoded("[" * 100 + "]" * 100)


def test_half_a_character_is_replaced_in_keys_and_values() -> None:
    assert decoded('{"\\ud83d": ["\\ude00", "\\ud83d\\ude00"]}') == {"\ufffd": ["\ufffd", "\U0001f600"]}


def test_an_object_is_demanded_where_only_an_object_will_do() -> None:
    with pytest.raises(ParseError, match="not a JSON object"):
        decoded_object("[1]")


def test_calls_of_known_tools_are_found_in_lists_and_under_other_keys() -> None:
    value = {"calls": [{"name": "f", "parameters": {"a": 1}}, {"function": "g", "arguments": '{"b": 2}'}]}
    assert named_calls(value, ["f", "g"]) == [ToolCall("f", {"a": 1}), ToolCall("g", {"b": 2})]
    assert named_calls(value, ["g"]) == [ToolCall("g", {"b": 2})]


def test_only_the_key_tool_name_may_stand_without_arguments() -> None:
    assert named_calls({"tool_name": "f"}, ["f"]) == [ToolCall("f", {})]
    assert named_calls({"name": "f"}, ["f"]) == []


def test_a_name_and_arguments_have_the_form_of_a_call() -> None:
    assert is_call({"name": "unknown", "parameters": None})
    assert not is_call({"name": "f"})
    assert not is_call({"arguments": {}})
