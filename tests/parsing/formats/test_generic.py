import pytest

from paddock.parsing.reply import Parsed, ParseError, ReplyParser, ToolCall
from tests.parsing.parsers import parser_of_template
from tests.parsing.recorded import parsed

TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"properties": {"a": {"type": "integer"}}}}}
    for name in ("ping", "ping_all")
]
QWEN = """{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}
{{- if .ToolCalls }}<tool_call>
{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}</tool_call>
{{- end }}{{ end }}"""
BARE = """{{ range .Messages }}{{ if .ToolCalls }}{{ range .ToolCalls }}{"name": "{{ .Function.Name }}"{{ end }}
{{- end }}{{ end }}"""
ANNOUNCED = "{{ range .Messages }}{{ if .ToolCalls }}### Response: {{ .ToolCalls }}{{ end }}{{ end }}"
CALL = '{"name": "ping", "arguments": {"a": 1}}'


def parser(template: str = QWEN, *, think: bool | None = None, prompt: str = "", tools: bool = True) -> ReplyParser:
    return parser_of_template(template, tools=TOOLS if tools else None, think=think, prompt=prompt)


def test_text_comes_out_with_the_piece_that_makes_it_certain() -> None:
    reply = parser()
    assert reply.feed("Hi <") == Parsed("Hi ")
    assert reply.feed("b> <tool") == Parsed("<b> ")
    assert reply.feed("_call>") == Parsed()


def test_a_call_comes_out_with_the_brace_that_closes_it() -> None:
    reply = parser()
    assert reply.feed("<tool_call>" + CALL[:-1]) == Parsed()
    assert reply.feed("}") == Parsed(calls=(ToolCall("ping", {"a": 1}),))
    assert reply.feed(CALL) == Parsed(calls=(ToolCall("ping", {"a": 1}),))
    assert reply.feed("\n</tool_call>") == Parsed()
    assert reply.finish() == Parsed()


def test_thinking_is_split_off_only_where_it_was_asked_for() -> None:
    assert parsed(parser(think=True), ["<think>\nhm</think>\n\nyes"]).thinking == "hm"
    assert parsed(parser(think=True), ["<think>\nhm</think>\n\nyes"]).content == "yes"
    assert parsed(parser(think=False), ["<think>hm</think>yes"]).content == "<think>hm</think>yes"
    assert parsed(parser(think=None), ["<think>hm</think>yes"]).content == "<think>hm</think>yes"


def test_a_prompt_that_ends_with_the_opening_tag_has_opened_the_thinking() -> None:
    result = parsed(parser(think=True, prompt="user: hi\nassistant: <think>\n"), ["hm</think>yes"])
    assert (result.thinking, result.content) == ("hm", "yes")


def test_a_call_inside_the_thinking_is_a_thought() -> None:
    result = parsed(parser(think=True), [f"<think>maybe <tool_call>{CALL}</tool_call></think>no"])
    assert (result.calls, result.content) == ((), "no")


def test_without_tools_nothing_is_looked_for() -> None:
    text = f"<tool_call>{CALL}</tool_call>"
    assert parsed(parser(tools=False), [text]).content == text


def test_an_object_that_no_tag_announces_is_a_call_only_at_the_beginning() -> None:
    assert parsed(parser(BARE), [f"\n{CALL}"]).calls == (("ping", {"a": 1.0}),)
    assert parsed(parser(BARE), [f"[{CALL}, {CALL}]"]).calls == (("ping", {"a": 1.0}),) * 2
    assert parsed(parser(BARE), [f"See: {CALL}"]).content == f"See: {CALL}"
    assert parsed(parser(BARE), ['{"x": 1} is an object']).content == '{"x": 1} is an object'


def test_an_answer_in_brackets_is_not_held_back() -> None:
    reply = parser(BARE)
    assert reply.feed("[1") == Parsed("[1")


def test_text_behind_a_call_that_no_tag_announced_is_content() -> None:
    assert parsed(parser(BARE), [f"{CALL}\n\nDone."]).content == "Done."
    assert parsed(parser(BARE), [f'{CALL}; {{"name": "x"}}']).content == '{"name": "x"}'


def test_a_prompt_that_ends_with_the_tag_makes_it_unnecessary() -> None:
    wrapped = f'{{"tool_calls": [{CALL}, {CALL}]}}'
    assert len(parsed(parser(ANNOUNCED, prompt="x\n### Response:\n"), [wrapped]).calls) == 2
    assert parsed(parser(ANNOUNCED, prompt="x\n### Response:\n"), ["Just text."]).content == "Just text."
    assert parsed(parser(ANNOUNCED), [wrapped]).content == wrapped


@pytest.mark.parametrize(
    "text",
    [
        'ping[ARGS]{"a": 1}',
        'function<sep>ping\n```json\n{"a": 1}\n```',
        'functions.ping:0<arguments>{"a": 1}',
        '{"type": "function", "function": {"name": "ping", "parameters": {"a": 1}}}',
        '[{"tool_name": "ping", "parameters": "{\\"a\\": 1}"}]',
    ],
)
def test_a_name_stands_in_the_object_or_before_it(text: str) -> None:
    assert parsed(parser(), ["<tool_call>" + text]).calls == (("ping", {"a": 1.0}),)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "launch", "arguments": {"a": 1}}',
        'ping {"name": "launch", "arguments": {"a": 1}}',
        '{"name": "ping", "arguments": {"a": NaN}}',
        '{"name": "ping", "arguments": {"a": 1e999}}',
        '{"name": ["ping"], "arguments": {}}',
        'pinging[ARGS]{"a": 1}',
        "no object at all",
    ],
)
def test_what_names_no_known_tool_or_is_no_json_makes_no_call(text: str) -> None:
    assert parsed(parser(), ["<tool_call>" + text]).calls == ()


def test_of_two_names_the_whole_one_counts() -> None:
    assert parsed(parser(), ['<tool_call>ping_all{"a": 1}']).calls == (("ping_all", {"a": 1.0}),)


def test_half_a_character_in_an_escape_is_replaced() -> None:
    reply = parser()
    (call,) = reply.feed('<tool_call>{"name": "ping", "arguments": {"t": "\\ud83d \\ud83d\\ude00"}}').calls
    assert call.arguments == {"t": "\ufffd 😀"}


def test_calls_nested_without_end_are_no_calls() -> None:
    deep = '{"name": "ping", "arguments": ' * 900 + "{}" + "}" * 900
    assert parsed(parser(), ["<tool_call>" + deep]).calls == ()


def test_a_template_of_the_channel_format_gets_its_parser() -> None:
    template = "<|start|>{{ .Role }}<|channel|>{{ .C }}<|message|>"
    reply = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>yes"
    result = parsed(parser(template, prompt="<|start|>assistant"), [reply])
    assert (result.thinking, result.content) == ("hm", "yes")
    prefilled = parser(template, prompt="<|start|>assistant<|channel|>final<|message|>It is")
    assert parsed(prefilled, [" so"]).content == " so"


def test_a_template_nested_without_end_tells_nothing() -> None:
    template = "{{ if .A }}" * 2000 + "{{ end }}" * 2000
    assert parsed(parser(template), ["text"]).content == "text"


def test_an_error_says_what_is_wrong() -> None:
    assert issubclass(ParseError, ValueError)
