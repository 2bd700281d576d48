import pytest

from paddock.parsing.calls.program_calls import brace_call, python_calls
from paddock.parsing.reply import ToolCall


def test_calls_as_in_python_stand_in_a_list_or_one_after_the_other() -> None:
    calls = [ToolCall("a.b", {"x": [1]}), ToolCall("c", {})]
    assert python_calls("[a.b(x=[1]), c()]") == calls
    assert python_calls("\n a.b( x = [1] )\n\nc()\n") == calls


@pytest.mark.parametrize("text", ["f", "f(", "f(1)", "f(a=)", "f(a=1) and more", "(a=1)"])
def test_other_text_is_no_call_as_in_python(text: str) -> None:
    assert python_calls(text) is None


def test_a_call_in_braces_is_mended_only_if_it_was_closed() -> None:
    assert brace_call("call:f{a:%x%,b:%y", "%", True) == [ToolCall("f", {"a": "x", "b": "y"})]
    assert brace_call("call:f{a:%x%,b:%y", "%", False) == []
    assert brace_call("call:f{a:1,b,c:2}", "%", True) == [ToolCall("f", {"a": 1, "c": 2})]
    assert brace_call("hello", "%", True) is None


def test_a_call_in_braces_may_have_strings_in_plain_quotes_too() -> None:
    assert brace_call('f{a:%"%,b:"%"}', "%", True) == [ToolCall("f", {"a": '"', "b": "%"})]


def test_a_name_announced_as_a_call_needs_no_braces() -> None:
    assert brace_call("call:f", "%", True) == [ToolCall("f", {})]
    assert brace_call("f", "%", True) is None
