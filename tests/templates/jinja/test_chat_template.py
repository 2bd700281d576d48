import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.templates import Message, TemplateError, TemplateFailed, TemplateRefused
from paddock.templates.jinja.chat_template import ChatTemplate

HEADERS = """{{- bos_token }}
{%- for message in messages %}
    {%- if message.role == 'assistant' and loop.last %}
        {{- raise_exception('ends with the assistant') }}
    {%- endif %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
"""
ALTERNATING = """{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages %}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}
{{- '<start_of_turn>' ~ message['role'] ~ '\n' ~ message['content'] ~ '<end_of_turn>\n' }}
{%- endfor %}"""
TOOLS = """{%- if tools is not none and tools %}
    {{- '<tools>' }}
    {%- for tool in tools %}{{ tool | tojson }}{% endfor %}
    {{- '</tools>' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set ns.last = ns.last - 1 %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if message.role == 'assistant' %}
        {{- '<a>' }}{% generation %}{{ content.split('</think>')[-1].lstrip('\n') }}{% endgeneration %}
        {%- for call in message.tool_calls or [] %}
            {%- if call.function %}{% set call = call.function %}{% endif %}
            {{- '<call>' ~ call.name ~ ' ' ~ call.arguments | tojson ~ '</call>' }}
        {%- endfor %}
    {%- else %}
        {{- '<' ~ message.role ~ '>' ~ content }}
    {%- endif %}
{%- endfor %}
{%- if enable_thinking is defined and enable_thinking is false %}{{ '<think></think>' }}{% endif %}"""

HI = [Message("user", " Hi ")]


def test_a_chat_is_rendered_with_its_special_tokens_and_the_models_turn_opened() -> None:
    template = ChatTemplate(HEADERS, "<|begin_of_text|>", "<|eot_id|>")
    assert template.render([Message("system", "Be brief."), *HI]) == (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
    )


def test_blocks_leave_neither_their_line_end_nor_the_space_before_them() -> None:
    assert ChatTemplate("a\n    {% if true %}\n  b\n    {% endif %}\nc\n").render(HI) == "a\n  b\nc"


def test_a_system_message_that_the_template_refuses_goes_before_the_first_user_message() -> None:
    messages = [Message("system", "Be brief."), *HI, Message("assistant", "Yes?"), Message("user", "x")]
    assert ChatTemplate(ALTERNATING).render(messages) == (
        "<start_of_turn>user\nBe brief.\n\n Hi <end_of_turn>\n<start_of_turn>assistant\nYes?<end_of_turn>\n"
        "<start_of_turn>user\nx<end_of_turn>\n"
    )


def test_neighbours_of_one_role_that_the_template_refuses_are_joined() -> None:
    messages = [Message("user", "a"), Message("user", "b")]
    assert ChatTemplate(ALTERNATING).render(messages) == "<start_of_turn>user\na\n\nb<end_of_turn>\n"


def test_a_conversation_that_cannot_be_made_acceptable_is_refused_in_the_templates_words() -> None:
    with pytest.raises(TemplateRefused, match=r"^chat template: ends with the assistant$"):
        ChatTemplate(HEADERS).render([*HI, Message("assistant", "a")])


def test_tools_and_calls_are_written_with_their_characters_as_they_are() -> None:
    call = {"function": {"name": "f", "arguments": {"city": "Köln <&>"}}}
    messages = [
        *HI,
        Message("assistant", "<think>x</think>\nok", tool_calls=(call,)),
        Message("tool", "11", tool_name="f"),
    ]
    assert ChatTemplate(TOOLS).render(messages, [{"type": "function"}], think=False) == (
        '<tools>{"type": "function"}</tools><user> Hi <a>ok<call>f {"city": "Köln <&>"}</call><tool>11<think></think>'
    )


@pytest.mark.parametrize(("think", "prompt"), [(None, "undefined|"), (True, "on|"), (False, "off|"), ("low", "on|low")])
def test_the_switch_for_thinking_is_passed_on_if_the_request_has_one(think: bool | str | None, prompt: str) -> None:
    source = "{{ ('on' if enable_thinking else 'off') if enable_thinking is defined else 'undefined' }}|"
    assert ChatTemplate(source + "{{ reasoning_effort }}").render(HI, think=think) == prompt


def test_the_date_of_today_can_be_written() -> None:
    assert ChatTemplate("{{ strftime_now('%Y') }}").render(HI) == time.strftime("%Y")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{% if %}", r"Expected an expression, got 'end of statement block' \(line 1\)"),
        ("a\n{{ x.y.z }}", "'x' is undefined"),
        ("{{ raise_exception('no\nway') }}", "no way"),
        ("{% include 'x' %}", "no loader"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ messages.append(1) }}", "unsafe"),
    ],
)
def test_an_error_in_the_template_is_one_line(source: str, error: str) -> None:
    with pytest.raises(TemplateFailed, match=f"^chat template: .*{error}") as raised:
        ChatTemplate(source).render(HI)
    assert "\n" not in str(raised.value)


GROWING = "{% set ns = namespace(x='aaaa') %}{% for i in range(64) %}{% set ns.x = STEP %}{% endfor %}{{ ns.x }}"


@pytest.mark.thorough
@pytest.mark.parametrize(
    "source",
    [
        "{{ range(1000000000) }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        *(
            GROWING.replace("STEP", step)
            for step in (
                "ns.x ~ ns.x",
                "ns.x + ns.x",
                "ns.x * 1000",
                "[ns.x, ns.x]",
                "ns.x.replace('a', ns.x)",
                "ns.x|replace('a', ns.x)",
                "ns.x.join([ns.x] * 1000)",
                "[ns.x, ns.x]|join",
                "'%s%s' % (ns.x, ns.x)",
                "'{}{}'.format(ns.x, ns.x)",
                "'%s%s'|format(ns.x, ns.x)",
            )
        ),
        "{% set ns = namespace(x=3) %}{% for i in range(64) %}{% set ns.x = ns.x * ns.x %}{% endfor %}{{ ns.x }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 'a' * 10000000000 }}",
        "{{ 'a'.ljust(10000000000) }}",
        "{{ '%10000000000d' % 1 }}",
        "{{ '{:10000000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 10000000000) }}",
        "{{ 'a'|indent(10000000000, true) }}",
        "{{ strftime_now('%1000000000d') }}",
        "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for i in range(100000) %}" + "a" * 100_000 + "{% endfor %}",
        "{% set x = 'a' * 10000000 %}{% for i in range(100000) %}{{ x }}{% endfor %}",
        "{% set x = 'a' * 10000000 %}{% for i in range(100000) %}{% set y = x[1:] %}{% endfor %}",
        "{% set x = 'a' * 10000000 %}{% for i in range(100000) %}{% if 'b' in x %}{% endif %}{% endfor %}",
        "{{ " + "(" * 10_000 + "1" + ")" * 10_000 + " }}",
        "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
        "x" * 1_000_000,
    ],
    ids=lambda source: source[:90],
)
def test_a_template_that_does_too_much_is_refused_soon(source: str) -> None:
    start = time.process_time()
    with pytest.raises(TemplateFailed):
        ChatTemplate(source).render(HI)
    assert time.process_time() - start < 20


def test_a_long_conversation_is_not_too_much() -> None:
    messages = [Message("user" if i % 2 == 0 else "assistant", "word " * 500) for i in range(2001)]
    assert len(ChatTemplate(HEADERS).render(messages)) > 5_000_000


PIECES = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    "for",
    "m",
    "in",
    "messages",
    "endfor",
    "if",
    "else",
    "endif",
    "set",
    "=",
]
PIECES += [
    "macro",
    "endmacro",
    "f(",
    ")",
    ".role",
    "['content']",
    "|",
    "trim",
    "tojson",
    "'a'",
    "1",
    "+",
    "~",
    "*",
    "%",
    "\n",
]
PIECES += [
    "loop",
    "range(3)",
    "namespace(x=1)",
    "generation",
    "endgeneration",
    "is",
    "defined",
    "not",
    "break",
    "==",
    "[1:]",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join) | st.text(max_size=40))
def test_any_text_renders_or_raises_our_own_error(text: str) -> None:
    for source in (text, "{{ " + text, "{% for m in messages %}{{ " + text + " }}{% endfor %}"):
        try:
            prompt = ChatTemplate(source).render([Message("system", "s"), *HI])
        except TemplateError as error:
            assert "\n" not in str(error)
        else:
            assert isinstance(prompt, str)
