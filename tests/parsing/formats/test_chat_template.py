import pytest

from tests.parsing.parsers import parser_of_chat_template
from tests.parsing.recorded import Result, cuts, parsed

TOOLS = [
    {"type": "function", "function": {"name": "ping", "parameters": {"properties": {"a": {"type": "integer"}}}}},
]
CALL = (("ping", {"a": 1.0}),)

FORMATS = [
    ("<tool_call>", '<tool_call>\n{"name": "ping", "arguments": {"a": 1}}\n</tool_call>'),
    (
        "<tool_call> <function=",
        "<tool_call>\n<function=ping>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>",
    ),
    ("<tool_call> <arg_key>", "<tool_call>ping<arg_key>a</arg_key><arg_value>1</arg_value></tool_call>"),
    (
        "<seed:tool_call>",
        "<seed:tool_call><function=ping><parameter=a>1</parameter></function></seed:tool_call>",
    ),
    ("[TOOL_CALLS]", '[TOOL_CALLS][{"name": "ping", "arguments": {"a": 1}}]'),
    ("[TOOL_CALLS] [ARGS]", '[TOOL_CALLS]ping[ARGS]{"a": 1}'),
    ("<|tool_call|>", '<|tool_call|>[{"name": "ping", "arguments": {"a": 1}}]<|/tool_call|>'),
    ("<TOOLCALL>", '<TOOLCALL>[{"name": "ping", "arguments": {"a": 1}}]</TOOLCALL>'),
    (
        "<|tool_calls_section_begin|>",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.ping:0<|tool_call_argument_begin|>"
        '{"a": 1}<|tool_call_end|><|tool_calls_section_end|>',
    ),
    (
        "<｜tool▁calls▁begin｜>",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>ping\n```json\n"
        '{"a": 1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    ),
    ("<|tool_call_start|>", "<|tool_call_start|>[ping(a=1)]<|tool_call_end|>"),
    ("<function_calls> </function_calls>", "<function_calls>ping(a=1)</function_calls>"),
    ("<start_function_call>", "<start_function_call>call:ping{a:1}<end_function_call>"),
    ('<|tool_call> <|"|>', "<|tool_call>call:ping{a:1}<tool_call|>"),
    ("<|START_ACTION|>", '<|START_ACTION|>[{"tool_name": "ping", "parameters": {"a": 1}}]<|END_ACTION|>'),
    (
        "<|start|> <|channel|> <|message|>",
        '<|channel|>commentary to=functions.ping <|constrain|>json<|message|>{"a": 1}',
    ),
    (
        "<atem:function_calls>",
        ' to=ping<|message|><atem:function_calls><atem:invoke name="ping"><atem:parameter name="a">1</atem:parameter>'
        "</atem:invoke></atem:function_calls><|eot|>",
    ),
    ("{{ tools }}", '{"name": "ping", "parameters": {"a": 1}}'),
]


def taken_apart(jinja: str, text: str, *, tools: bool = True, think: bool | None = None, prompt: str = "") -> Result:
    results = [
        parsed(parser_of_chat_template(jinja, tools=TOOLS if tools else None, think=think, prompt=prompt), pieces)
        for pieces in cuts(text, (), 0)
    ]
    assert all(result == results[0] for result in results)
    return results[0]


@pytest.mark.parametrize(("jinja", "reply"), FORMATS, ids=[jinja for jinja, _ in FORMATS])
def test_a_call_is_read_in_the_format_that_the_template_shows(jinja: str, reply: str) -> None:
    assert taken_apart(jinja, reply) == Result("", "", CALL, False)


@pytest.mark.parametrize("jinja", ["<tool_call> </think>", "[TOOL_CALLS] </think>", "</think>"])
def test_thinking_is_split_off_unless_it_was_declined(jinja: str) -> None:
    text = "<think>\nhm\n</think>\n\nyes"
    assert taken_apart(jinja, text, think=True).content == "yes"
    assert taken_apart(jinja, text).thinking.strip() == "hm"
    assert taken_apart(jinja, text, think=False) == Result(text, "", (), False)


@pytest.mark.parametrize("think", [True, None, False])
def test_thinking_that_the_prompt_has_opened_is_split_off_in_any_case(think: bool | None) -> None:
    result = taken_apart("<tool_call> </think>", "hm</think>yes", think=think, prompt="assistant\n<think>\n")
    assert result == Result("yes", "hm", (), False)


def test_a_broken_call_is_content() -> None:
    text = "Well. <tool_call>{broken}</tool_call>"
    assert taken_apart("<tool_call>", text).content == text
    cut = '<tool_call>{"name": "ping", "arguments": {"a"'
    assert taken_apart("<tool_call>", cut).content == cut


def test_without_tools_the_tags_of_calls_are_text() -> None:
    text = '<tool_call>{"name": "ping", "arguments": {"a": 1}}</tool_call>'
    assert taken_apart("<tool_call>", text, tools=False).content == text


def test_content_stands_before_between_and_behind_calls() -> None:
    call = '<tool_call>{"name": "ping", "arguments": {"a": 1}}</tool_call>'
    result = taken_apart("<tool_call>", f"one {call} two {call}\nthree")
    assert result == Result("one two\nthree", "", CALL * 2, False)
