"""A call that a model is forced to write is read back by its parser, and its arguments fit their schema."""

import importlib
import re
from typing import Any

import pytest

from paddock.engine.constraints import BadConstraint
from paddock.parsing.calls.bare_values import CannotForce
from paddock.parsing.formats.chat_template import format_of_chat_template
from paddock.parsing.named import NAMED_PARSERS
from paddock.parsing.reply import ReplyParser
from tests.examples import scaled
from tests.parsing.calls.call_writer import tool, writer
from tests.parsing.formats.test_chat_template import FORMATS
from tests.parsing.parsers import (
    format_of_template,
    parser_named,
    parser_of_chat_template,
    parser_of_template,
)
from tests.parsing.recorded import FIXTURES, needs_fixtures
from tests.schemas import Schemas

Validator: Any = importlib.import_module("jsonschema").Draft202012Validator

pytestmark = pytest.mark.thorough

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


def call_of(parser: ReplyParser, reply: str) -> tuple[str, dict[str, Any]]:
    """Read the one call that a reply consists of, character by character."""
    parts = [*map(parser.feed, reply), parser.finish()]
    assert not any(part.error for part in parts), reply
    assert "".join(part.content + part.thinking for part in parts) == "", reply
    calls = [call for part in parts for call in part.calls]
    assert len(calls) == 1, reply
    return calls[0].name, calls[0].arguments


def check(call_format: Any, make_parser: Any, *, seeds: int = 25, least: int = 5) -> None:
    """Force calls of the weather tool, and of tools with random parameters, of which at least some can be forced."""
    tools = [tool("get_weather", WEATHER), tool("now", None)]
    rounds = scaled(seeds)
    for seed in range(rounds):
        name, arguments = call_of(make_parser(tools), writer().write(call_format.constraint(tools), seed))
        Validator(WEATHER if name == "get_weather" else {"const": {}}).validate(arguments)
    forced = 0
    for seed in range(rounds):
        one = Schemas(seed, bounded=True).tool("do_it")
        try:
            reply = writer().write(call_format.constraint([one], "do_it"), seed)
        except (CannotForce, BadConstraint):
            continue
        _, arguments = call_of(make_parser([one]), reply)
        Validator(one["function"]["parameters"]).validate(arguments)
        forced += 1
    assert forced >= least * rounds // seeds


def check_nested(call_format: Any, make_parser: Any) -> None:
    """Force calls of a tool whose arguments contain strings in lists and objects, with many tags in them."""
    tools = [tool("do_it", NESTED)]
    for seed in range(scaled(30)):
        reply = writer().write(call_format.constraint(tools), seed, tagged=0.6)
        _, arguments = call_of(make_parser(tools), reply)
        Validator(NESTED).validate(arguments)


FORCED = [name for name, parser in NAMED_PARSERS.items() if parser.format.call_format]


@pytest.mark.parametrize("name", FORCED)
def test_what_a_named_parser_is_made_to_read_is_the_call(name: str) -> None:
    think = None if name in ("glm-ocr", "lfm2", "lfm2-thinking") else False
    check(
        NAMED_PARSERS[name].format.call_format,
        lambda tools: parser_named(name, tools=tools, think=think, last_message={"role": "user", "content": "?"}),
    )


@pytest.mark.parametrize("name", FORCED)
def test_tags_within_arguments_do_not_end_a_call_of_a_named_parser(name: str) -> None:
    think = None if name in ("glm-ocr", "lfm2", "lfm2-thinking") else False
    check_nested(
        NAMED_PARSERS[name].format.call_format,
        lambda tools: parser_named(name, tools=tools, think=think, last_message={"role": "user", "content": "?"}),
    )


def test_every_parser_but_few_can_be_made_to_call() -> None:
    assert set(NAMED_PARSERS) - set(FORCED) == {"olmo3-think", "passthrough"}


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
        format_of_chat_template(jinja).call_format,
        lambda tools: parser_of_chat_template(jinja, tools=tools, think=False, prompt=""),
        seeds=10,
        least=2,
    )


@pytest.mark.parametrize("jinja", JINJA)
def test_tags_within_arguments_do_not_end_a_call_of_a_chat_template(jinja: str) -> None:
    check_nested(
        format_of_chat_template(jinja).call_format,
        lambda tools: parser_of_chat_template(jinja, tools=tools, think=False, prompt=""),
    )


@pytest.mark.parametrize("template", [LLAMA, MISTRAL, HERMES, "{{ .Prompt }}"])
def test_tags_within_arguments_do_not_end_a_call_of_a_go_template(template: str) -> None:
    check_nested(
        format_of_template(template).call_format,
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
    call_format = format_of_template(template).call_format
    assert call_format is not None
    written = writer().write(call_format.constraint([tool("f", {})]), 0)
    assert re.sub(r"\{\s+\}", "{}", written) == call
    check(
        format_of_template(template).call_format,
        lambda tools: parser_of_template(template, tools=tools, think=None, prompt=""),
    )


@needs_fixtures
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("tool-templates/*/template.gotmpl")), ids=lambda p: p.parent.name)
def test_what_a_template_in_use_shows_is_the_call(path: Any) -> None:
    template = path.read_text("utf-8")
    check(
        format_of_template(template).call_format,
        lambda tools: parser_of_template(template, tools=tools, think=None, prompt=""),
        seeds=4,
        least=1,
    )
