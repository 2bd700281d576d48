"""Whatever a model writes, however it is cut: no parser fails, and none depends on the cuts."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.parsing.named import NAMED_PARSERS
from paddock.parsing.reply import ReplyParser
from tests.examples import scaled
from tests.parsing.parsers import parser_named, parser_of_chat_template, parser_of_template
from tests.parsing.recorded import Result, cuts, parsed

PARAMETERS = {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}
TOOLS = [{"type": "function", "function": {"name": name, "parameters": PARAMETERS}} for name in ("ping", "ping_all")]
WORDS = st.sampled_from(
    [
        *(
            "ping",
            "ping_all",
            "a",
            "b",
            "Grüße 🚲",
            " ",
            "\n",
            "\n\n",
            "<",
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            '"',
            "'",
            ",",
        ),
        *(
            '{"name": "ping", "arguments": {"a": 1}}',
            '{"a": 1}',
            '{"tool_name": "ping"}',
            '"}',
            "\\",
            "=",
            ":",
            "1e999",
        ),
        *("ping(a=1, b='x')", "call:ping{a:1}", "<function=ping>", "</function>", "<parameter=a>", "</parameter>"),
        *(
            "<think>",
            "</think>",
            "<tool_call>",
            "</tool_call>",
            "[TOOL_CALLS]",
            "[ARGS]",
            "<escape>",
            '<|"|>',
            " to=ping",
        ),
        *("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "thought\n", "analysis", "final", " to=user"),
        *(
            "<atem:function_calls>",
            '<atem:invoke name="ping">',
            "</atem:invoke>",
            "</atem:function_calls>",
            "assistant",
        ),
    ]
)
GO = (
    "{{ range .Messages }}{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}"
    "{{ if .ToolCalls }}%s{{ end }}{{ end }}"
)
TAGS = ["<tool_call>", "[TOOL_CALLS]", "{", "[", "<|tool_call|>["]
JINJA = [
    "<tool_call>",
    "<tool_call> <function=",
    "<tool_call> <arg_key>",
    "[TOOL_CALLS]",
    "<|tool_call_start|>",
    "tools",
]


def any_reply(name: str) -> st.SearchStrategy[str]:
    """Replies made of the tags of a parser and much that is broken."""
    tokens = list(NAMED_PARSERS[name].info.preserved_tokens)
    pieces = st.one_of(WORDS, st.sampled_from(tokens)) if tokens else WORDS
    begun = pieces.flatmap(lambda text: st.integers(0, len(text)).map(lambda length: text[:length]))
    return st.lists(st.one_of(pieces, pieces, begun), max_size=14).map("".join)


def is_in(part: str, text: str) -> bool:
    """Whether the characters of `part` stand in `text`, in their order."""
    characters = iter(text)
    return all(character in characters for character in part)


def taken_apart(make: Callable[[], ReplyParser], text: str, seed: int) -> Result:
    results = [parsed(make(), pieces) for pieces in cuts(text, (), seed)]
    assert all(result == results[0] for result in results), results
    return results[0]


@pytest.mark.parametrize("name", NAMED_PARSERS)
@settings(deadline=None, max_examples=scaled(60))
@given(data=st.data(), think=st.sampled_from([None, True, False]), with_tools=st.booleans(), seed=st.integers(0, 99))
def test_a_named_parser_never_depends_on_the_cuts(
    name: str, data: st.DataObject, think: bool | None, with_tools: bool, seed: int
) -> None:
    text = data.draw(any_reply(name))
    role = data.draw(st.sampled_from(["user", "tool", "assistant"]))
    last = {"role": role, "content": data.draw(st.sampled_from(["", "It is"])), "thinking": "So"}
    tools = TOOLS if with_tools else None
    result = taken_apart(lambda: parser_named(name, tools=tools, think=think, last_message=last), text, seed)
    assert all(call_name for call_name, _ in result.calls)
    assert is_in(result.content, text)
    assert is_in(result.thinking, text)


@pytest.mark.parametrize("tag", TAGS)
@settings(deadline=None, max_examples=scaled(60))
@given(
    text=any_reply("glm-4.7"), think=st.booleans(), prompt=st.sampled_from(["", "x<think>\n"]), seed=st.integers(0, 99)
)
def test_the_parser_of_a_go_template_never_depends_on_the_cuts(
    tag: str, text: str, think: bool, prompt: str, seed: int
) -> None:
    template = GO % tag
    taken_apart(lambda: parser_of_template(template, tools=TOOLS, think=think, prompt=prompt), text, seed)


@pytest.mark.parametrize("jinja", JINJA)
@settings(deadline=None, max_examples=scaled(60))
@given(
    text=any_reply("glm-4.7"), think=st.booleans(), prompt=st.sampled_from(["", "x<think>\n"]), seed=st.integers(0, 99)
)
def test_the_parser_of_a_chat_template_never_depends_on_the_cuts(
    jinja: str, text: str, think: bool, prompt: str, seed: int
) -> None:
    template = f"{jinja} </think>"
    taken_apart(lambda: parser_of_chat_template(template, tools=TOOLS, think=think, prompt=prompt), text, seed)


@settings(max_examples=scaled(200))
@given(text=any_reply("passthrough"))
def test_a_reply_without_tools_and_thinking_comes_back_as_it_was_written(text: str) -> None:
    result = taken_apart(lambda: parser_of_template("{{ .Prompt }}", tools=None, think=None, prompt=""), text, 0)
    assert result == Result(text, "", (), False)
