import time

import pytest

from paddock.parsing.named import named_parser
from paddock.parsing.reply import Parsed, ReplyParser, ToolCall
from tests.parsing.parsers import parser_named
from tests.parsing.recorded import parsed

SCHEMA = {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}
TOOLS = [{"type": "function", "function": {"name": "ping", "parameters": SCHEMA}}]


def parser(name: str, *, think: bool | str | None = None) -> ReplyParser:
    return parser_named(name, tools=TOOLS, think=think, last_message=None)


def test_an_unknown_name_has_no_parser() -> None:
    assert named_parser("telepathy") is None


def test_a_call_comes_out_with_the_tag_that_closes_it_and_text_before_it_at_once() -> None:
    reply = parser("qwen3")
    assert reply.feed("Hi. \n<tool_call>") == Parsed("Hi.")
    assert reply.feed('{"name": "ping", "arguments": {"a": 1}}\n</tool_call') == Parsed()
    assert reply.feed(">") == Parsed(calls=(ToolCall("ping", {"a": 1}),))


def test_white_space_is_held_until_something_follows() -> None:
    reply = parser("qwen3")
    assert [reply.feed(piece).content for piece in ("a", " ", "\n", "b", " ")] == ["a", "", "", " \nb", ""]
    assert reply.finish() == Parsed()


def test_an_error_comes_once_with_what_was_read_before_it() -> None:
    reply = parser("qwen3")
    failed = reply.feed("Well. <tool_call>{broken}</tool_call> more")
    assert failed.content == "Well."
    assert "not JSON" in failed.error
    assert reply.feed("more") == reply.finish() == Parsed()


def test_a_call_that_the_reply_ends_in_counts_if_it_is_whole() -> None:
    call = '<tool_call>{"name": "ping", "arguments": {"a": 1}}'
    assert parsed(parser("qwen3"), [call + "\n"]).calls == (("ping", {"a": 1.0}),)
    assert parsed(parser("qwen3"), [call[:-1]]).calls == ()


def test_a_value_keeps_what_looks_like_a_tag() -> None:
    value = "<function=f>\n<b>x</b> & </tool>"
    text = f"<tool_call><function=ping><parameter=b>\n{value}\n</parameter></function></tool_call>"
    assert parsed(parser("qwen3-coder"), [text]).calls == (("ping", {"b": value}),)


def test_a_tag_that_the_prompt_ended_with_may_be_repeated() -> None:
    for name in ("qwen3-vl-thinking", "glm-4.7", "olmo3-think", "deepseek3", "cogito"):
        reply = parser_named(name, tools=None, think=True, last_message=None)
        assert parsed(reply, [" \n<think>\nhm</think>yes"]).thinking == "hm", name


def test_each_message_to_a_tool_is_a_call_of_its_own() -> None:
    call = '<|channel|>commentary to=functions.ping<|message|>{"a": 1}'
    reply = parser("harmony")
    assert reply.feed(f"{call}<|call|>").calls == (ToolCall("ping", {"a": 1}),)
    assert reply.feed(f"<|start|>assistant{call}").calls == ()
    assert reply.finish().calls == (ToolCall("ping", {"a": 1}),)


def test_calls_in_one_list_come_out_one_by_one() -> None:
    reply = parser("cohere", think=False)
    assert reply.feed('<|START_ACTION|>[{"tool_name": "ping"}').calls == (ToolCall("ping", {}),)
    assert reply.feed(', {"tool_name": "ping", "parameters": {"a": 1}}').calls == (ToolCall("ping", {"a": 1}),)


NASTY = {
    "qwen3": '<tool_call>{"name": "ping", "arguments": {"b": "' + "x " * 100_000,
    "qwen3-coder": "<tool_call><function=ping>" + "<parameter=a>" * 20_000 + "</function></tool_call>",
    "glm-4.7": "<tool_call>ping" + "<arg_key>" + " \n" * 100_000 + "</tool_call>",
    "laguna": "<user>" + " \n" * 100_000,
    "lfm2": "<|tool_call_start|>[ping(b=" + "[" * 100_000 + "<|tool_call_end|>",
    "olmo3": "<function_calls>ping(b='" + "\\'" * 100_000 + "</function_calls>",
    "gemma4": '<|tool_call>call:ping{b:<|"|>' + "{" * 100_000 + "<tool_call|>",
    "ministral": "[TOOL_CALLS]" + "[ARG" * 50_000,
    "glimmer": " to=ping<|message|><atem:function_calls>" + '<atem:invoke name="' * 10_000 + "</atem:function_calls>",
    "harmony": "<|channel|>" * 20_000,
    "deepseek3": "<｜tool▁calls▁begin｜>" + "<｜tool▁call▁begin｜>" * 5_000,
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", NASTY)
def test_no_reply_takes_more_than_its_length(name: str) -> None:
    text = NASTY[name]
    pieces = [text[place : place + 8] for place in range(0, len(text), 8)]
    started = time.perf_counter()
    parsed(parser(name), pieces)
    parsed(parser(name), [text])
    assert time.perf_counter() - started < 10
