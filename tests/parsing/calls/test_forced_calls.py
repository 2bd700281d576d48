"""A call that a model is made to write is read back by its parser, and its arguments fit their schema."""

import importlib
import re
from functools import cache
from random import Random
from typing import Any, cast

import pytest

from paddock.engine.binding import Model
from paddock.engine.constraints import BadConstraint, GrammarCache, GrammarMatcher, TokenizerInfo
from paddock.ipc import Constraint
from paddock.parsing import (
    CannotForce,
    ReplyParser,
    call_format_of_chat_template,
    call_format_of_parser,
    call_format_of_template,
    parser_named,
    parser_of_chat_template,
    parser_of_template,
)
from paddock.parsing.named import NAMES
from tests.parsing.formats.test_chat_tags import FORMATS
from tests.parsing.recorded import FIXTURES, needs_fixtures
from tests.schemas import Schemas

Validator: Any = importlib.import_module("jsonschema").Draft202012Validator

END = 0
CONTROLS = ["[TOOL_CALLS]", "[ARGS]", "<|START_ACTION|>", "<|END_ACTION|>", "<|channel|>", "<|message|>"]
CONTROLS += ["<|constrain|>", "<|tool_call_start|>", "<｜tool▁sep｜>", "<｜tool▁call▁begin｜>", "<｜tool▁calls▁end｜>"]
TAGS = [
    "\n</parameter>\n",
    "</parameter>",
    "</arg_value>",
    "</arg_value>\n",
    "</tool_call>",
    "</function>",
    "<tool_call>",
]
TAGS += [
    "</function_calls>",
    "<end_function_call>",
    "<tool_call|>",
    "<｜tool▁call▁end｜>",
    "\n```",
    '"}',
    "null",
    "<|end|>",
]
TAGS += [
    *("<parameter=", "<function=", "<arg_key>", "</arg_key>", "<arg_value>", "</user>", "</seed:tool_call>"),
    *("</TOOLCALL>", "</tool_calls>", "<|/tool_call|>", "<|tool_call_end|>", "<|tool_calls_section_end|>"),
    *("<｜tool▁calls▁end｜>", "<|END_ACTION|>", "<escape>", '<|"|>', "}}", "]", ")]", "[TOOL_CALLS]", "[ARGS]"),
    *("<|call|>", "<|return|>", "<|message|>", "<|channel|>", "functools[", "<|tool_call|>", "```", "</think>"),
    *("<atem:parameter", "</atem:parameter>", "</atem:invoke>", "<|eom|>", "<|eot|>", "<|start|>assistant"),
    # Some tags are cut into several tokens.
    *("</arg_val", "ue>", "</para", "meter>", "</tool_", "call>", "</atem:para", "</arg_value", ">", "</function_"),
    *("<start_function_call>call:", "<function_calls>", "<|tool_call_start|>", "\\n", '\\"', "\\\\"),
]
NESTED = {
    "type": "object",
    "properties": {
        "list": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 4},
        "map": {"type": "object", "additionalProperties": {"type": ["string", "array"]}},
        "text": {"type": "string"},
        "long": {"type": "string", "minLength": 3, "maxLength": 120},
    },
    "required": ["list", "long"],
}
WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "unit": {"enum": ["C", "F"]},
        "exact": {"type": "boolean"},
        "when": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 3},
        "code": {"type": "string", "pattern": "^[A-Z]{2,3}$"},
        "note": {"type": ["string", "null"]},
    },
    "required": ["city", "days"],
}


class Writer:
    """Writes what it may at random, in bytes and tags, and comes to an end after a while."""

    def __init__(self) -> None:
        texts = ["", *CONTROLS, *TAGS]
        self.pieces = [*(text.encode() for text in texts), *(bytes([byte]) for byte in range(256))]
        self.vocabulary_size = len(self.pieces)
        self._silent = range(len(CONTROLS) + 1)
        self._grammars = GrammarCache(TokenizerInfo(cast(Model, self)))
        bytes_at = len(texts)
        self._tags = range(len(CONTROLS) + 1, bytes_at)
        closing = [bytes_at + ord(character) for character in '"}])>:01aA-T']
        self._closing = [END, *range(len(CONTROLS) + 1, len(texts)), *closing]

    def piece(self, token: int, special: bool = False) -> bytes:
        return b"" if token in self._silent and not special else self.pieces[token]

    def ends_reply(self, token: int) -> bool:
        return token == END

    def write(self, constraint: Constraint, seed: int, noise: int = 60, tagged: float = 0) -> str:
        """Write a reply; while there is noise, a part `tagged` of the tokens are tags where they may be."""
        random = Random(seed)
        matcher = GrammarMatcher(self._grammars.tokens, self._grammars.get(constraint))
        reply = b""
        for step in range(3000):
            allowed = matcher.allowed_tokens()
            closing = [t for t in self._closing if allowed[t]] if step > noise and step % 7 else []
            if step <= noise and random.random() < tagged:
                closing = [t for t in self._tags if allowed[t]]
            token = END if allowed[END] else int(random.choice(closing or allowed.nonzero()[0]))
            matcher.accept(token)
            reply += self.piece(token, special=True)
            if matcher.done:
                return reply.decode()
        raise AssertionError(f"no end in sight: {reply[:200]!r}")


@cache
def writer() -> Writer:
    return Writer()


def call_of(parser: ReplyParser, reply: str) -> tuple[str, dict[str, Any]]:
    """Read the one call that a reply consists of, character by character."""
    parts = [*map(parser.feed, reply), parser.finish()]
    assert not any(part.error for part in parts), reply
    assert "".join(part.content + part.thinking for part in parts) == "", reply
    calls = [call for part in parts for call in part.calls]
    assert len(calls) == 1, reply
    return calls[0].name, calls[0].arguments


def tool(name: str, parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def check(call_format: Any, make_parser: Any, *, seeds: int = 25, least: int = 5) -> None:
    """Force calls of weather's tool, and of tools with random parameters; at least some of those can be forced."""
    tools = [tool("get_weather", WEATHER), tool("now", None)]
    for seed in range(seeds):
        name, arguments = call_of(make_parser(tools), writer().write(call_format.constraint(tools), seed))
        Validator(WEATHER if name == "get_weather" else {"const": {}}).validate(arguments)
    forced = 0
    for seed in range(seeds):
        one = Schemas(seed, bounded=True).tool("do_it")
        try:
            reply = writer().write(call_format.constraint([one], "do_it"), seed)
        except (CannotForce, BadConstraint):
            continue
        _, arguments = call_of(make_parser([one]), reply)
        Validator(one["function"]["parameters"]).validate(arguments)
        forced += 1
    assert forced >= least


def check_nested(call_format: Any, make_parser: Any) -> None:
    """Force calls of a tool whose arguments hold strings in lists and objects, with many a tag in them."""
    tools = [tool("do_it", NESTED)]
    for seed in range(30):
        reply = writer().write(call_format.constraint(tools), seed, tagged=0.6)
        _, arguments = call_of(make_parser(tools), reply)
        Validator(NESTED).validate(arguments)


FORCED = [name for name in NAMES if call_format_of_parser(name)]


@pytest.mark.parametrize("name", FORCED)
def test_what_a_named_parser_is_made_to_read_is_the_call(name: str) -> None:
    think = None if name in ("glm-ocr", "lfm2", "lfm2-thinking") else False
    check(
        call_format_of_parser(name),
        lambda tools: parser_named(name, tools=tools, think=think, last_message={"role": "user", "content": "?"}),
    )


@pytest.mark.parametrize("name", FORCED)
def test_tags_within_arguments_do_not_end_a_call_of_a_named_parser(name: str) -> None:
    think = None if name in ("glm-ocr", "lfm2", "lfm2-thinking") else False
    check_nested(
        call_format_of_parser(name),
        lambda tools: parser_named(name, tools=tools, think=think, last_message={"role": "user", "content": "?"}),
    )


def test_every_parser_but_few_can_be_made_to_call() -> None:
    assert set(NAMES) - set(FORCED) == {"olmo3-think", "passthrough"}


LLAMA = """{{ range .Messages }}{{ if .ToolCalls }}{{ range .ToolCalls }}
{"name": "{{ .Function.Name }}", "parameters": {{ .Function.Arguments }}}{{ end }}{{ end }}{{ end }}"""
MISTRAL = """{{ range .Messages }}{{ if .ToolCalls }}[TOOL_CALLS] [{{ range .ToolCalls }}{{ "{" }}"name": "{{ .Name
}}", "arguments": {{ .Arguments }}}{{ end }}]</s>{{ end }}{{ end }}"""
HERMES = """{{ range .Messages }}{{ if .ToolCalls }}<tool_call>
{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}
</tool_call><|im_end|>{{ end }}{{ end }}"""
JINJA = [tags for tags, _ in FORMATS]


@pytest.mark.parametrize("jinja", JINJA)
def test_what_a_chat_template_shows_is_the_call(jinja: str) -> None:
    check(
        call_format_of_chat_template(jinja),
        lambda tools: parser_of_chat_template(jinja, tools=tools, think=False, prompt=""),
        seeds=10,
        least=2,
    )


@pytest.mark.parametrize("jinja", JINJA)
def test_tags_within_arguments_do_not_end_a_call_of_a_chat_template(jinja: str) -> None:
    check_nested(
        call_format_of_chat_template(jinja),
        lambda tools: parser_of_chat_template(jinja, tools=tools, think=False, prompt=""),
    )


@pytest.mark.parametrize("template", [LLAMA, MISTRAL, HERMES, "{{ .Prompt }}"])
def test_tags_within_arguments_do_not_end_a_call_of_a_go_template(template: str) -> None:
    check_nested(
        call_format_of_template(template),
        lambda tools: parser_of_template(template, tools=tools, think=None, prompt=""),
    )


@pytest.mark.parametrize(
    ("template", "call"),
    [
        (LLAMA, '{"name": "f", "parameters": {}}'),
        (MISTRAL, '[TOOL_CALLS] [{"name": "f", "arguments": {}}]'),
        (HERMES, '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'),
        ("{{ .Prompt }}", '{"name": "f", "arguments": {}}'),
    ],
)
def test_a_call_is_written_as_the_go_template_writes_it(template: str, call: str) -> None:
    written = writer().write(call_format_of_template(template).constraint([tool("f", {})]), 0)
    assert re.sub(r"\{\s+\}", "{}", written) == call
    check(
        call_format_of_template(template),
        lambda tools: parser_of_template(template, tools=tools, think=None, prompt=""),
    )


@needs_fixtures
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("tool-templates/*/template.gotmpl")), ids=lambda p: p.parent.name)
def test_what_a_template_in_use_shows_is_the_call(path: Any) -> None:
    template = path.read_text("utf-8")
    check(
        call_format_of_template(template),
        lambda tools: parser_of_template(template, tools=tools, think=None, prompt=""),
        seeds=4,
        least=1,
    )


@pytest.mark.parametrize(
    ("tools", "name", "message"),
    [
        ([], "", "there are no tools"),
        ([{"type": "function"}], "", "there are no tools"),
        ([tool("f", {})], "g", "'g', which is not among the tools"),
        ([tool("f", [])], "", "not the schema of an object"),
        ([tool("f", {"type": "array"})], "", "not the schema of an object"),
    ],
)
def test_what_cannot_be_called_is_refused(tools: Any, name: str, message: str) -> None:
    for parser in FORCED:
        call_format = call_format_of_parser(parser)
        assert call_format is not None
        with pytest.raises(CannotForce, match=message):
            call_format.constraint(tools, name)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"properties": {"a": {"type": "string", "format": "email"}}}, "'email' cannot be enforced"),
        ({"properties": {"a": {"type": "string", "pattern": "^a|b$"}}}, "cannot be enforced"),
        ({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}, "'anyOf' of the parameter 'a'"),
        ({"properties": {"a>": {}}}, "'a>'"),
        ({"properties": {}, "required": ["a"]}, "requires 'a'"),
        ({"properties": {}, "additionalProperties": True}, "'additionalProperties'"),
        ({"$ref": "#/x"}, "'$ref'"),
        ({"properties": {"a": {"enum": ["null"]}}}, "no value of the parameter 'a'"),
        ({"properties": {"a": {"type": "array", "uniqueItems": True}}}, '"uniqueItems"'),
        ({"properties": {"a": 1}}, "is not a schema"),
        ({"properties": []}, "are not a schema"),
        ({"properties": {"a": {"type": "string", "minLength": "x"}}}, "not a whole number"),
        ({"properties": {"a": {"type": "string", "pattern": 1}}}, "must be a string"),
    ],
)
def test_arguments_that_cannot_be_held_to_their_schema_in_tags_are_refused(parameters: Any, message: str) -> None:
    call_format = call_format_of_parser("qwen3.5")
    assert call_format is not None
    with pytest.raises((CannotForce, BadConstraint)) as refused:
        writer().write(call_format.constraint([tool("f", {"type": "object", **parameters})]), 0)
    assert message in str(refused.value)
