from typing import Any

import pytest

from paddock.parsing.calls.xml_calls import argument_tags, atem, function_name, function_tag, lenient_argument_tags
from paddock.parsing.reply import ParseError, ToolCall

KNOWN: dict[str, dict[str, Any]] = {
    "f": {"parameters": {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}}
}
OPEN_VALUE = "f<arg_key>a</arg_key><arg_value>1</arg_value><arg_key>b</arg_key><arg_value>x"


def test_a_function_tag_has_values_of_their_types_without_their_line_ends() -> None:
    body = "\n<function=f>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\n 2\n\n</parameter></function>"
    assert function_tag(body, KNOWN) == [ToolCall("f", {"a": 1, "b": " 2\n"})]


@pytest.mark.parametrize(
    "body",
    [
        "f",
        "<function=f><parameter=a>1</parameter>",
        "<function=f>text</function>",
        "<function=f><parameter=a>1</function>",
    ],
)
def test_a_function_tag_that_is_broken_is_refused(body: str) -> None:
    with pytest.raises(ParseError):
        function_tag(body, KNOWN)


def test_one_of_two_adjacent_argument_tags_may_be_missing() -> None:
    calls = [ToolCall("f", {"a": 1, "b": "x"})]
    assert argument_tags(OPEN_VALUE + "</arg_value>", KNOWN, True) == calls
    assert argument_tags("f<arg_key>a<arg_value>1</arg_value><arg_key>b<arg_value>x", KNOWN, True) == calls


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("f<arg_key>b</arg_key><arg_value>x</arg_value>", "a is missing"),
        ("g<arg_key>a</arg_key><arg_value>1</arg_value>", "no such tool"),
        (OPEN_VALUE, "an argument without a value"),
        ("<arg_key>a</arg_key>", "no function name"),
    ],
)
def test_a_call_that_the_reply_ends_in_must_be_complete(body: str, error: str) -> None:
    with pytest.raises(ParseError, match=error):
        argument_tags(body, KNOWN, False)


def test_the_lenient_reader_leaves_out_an_argument_that_is_cut_off() -> None:
    assert lenient_argument_tags(OPEN_VALUE, KNOWN, False) == [ToolCall("f", {"a": 1})]


@pytest.mark.parametrize("body", ['{"name": "f", "arguments": {"a": 1}}', 'f {"a": 1}', '<tool_call>f_file{"a": 1}'])
def test_the_lenient_reader_takes_json_whole_or_behind_the_name(body: str) -> None:
    assert lenient_argument_tags(body, KNOWN, True) == [ToolCall("f", {"a": 1})]


def test_the_lenient_reader_takes_an_unknown_name_without_arguments_for_text() -> None:
    assert lenient_argument_tags("hello", KNOWN, True) is None
    assert lenient_argument_tags("f", KNOWN, True) == [ToolCall("f", {})]
    with pytest.raises(ParseError):
        lenient_argument_tags("f{broken", KNOWN, True)


def test_atem_calls_keep_the_white_space_of_their_values() -> None:
    call = '<atem:invoke name="tools.f">\n<atem:parameter name="b"> x\n</atem:parameter>\n</atem:invoke>'
    body = f"<atem:function_calls>\n{call}\n</atem:function_calls>"
    assert atem(body, KNOWN) == [ToolCall("f", {"b": " x\n"})]
    for broken in (body[:-1], body.replace(call, ""), body.replace(call, "text")):
        with pytest.raises(ParseError):
            atem(broken, KNOWN)


def test_a_namespace_is_dropped_only_if_what_is_left_is_known() -> None:
    assert [function_name(name, KNOWN) for name in ("f", "ns.f", "ns.g")] == ["f", "f", "ns.g"]
