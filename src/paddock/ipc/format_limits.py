"""What a format may cost: limits on JSON schemas, regular expressions and grammars before anything compiles them.

llguidance follows references and rules by recursion, and compares properties, options and conditions with one another:
a small text can overflow its stack or take it minutes. The limits are far from both, and far from what people send.
The service checks them before it loads a model, the runner before it compiles.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.ipc.constraints import (
    AnyOf,
    BareText,
    CallPart,
    Constraint,
    JsonObject,
    JsonSchema,
    JsonValue,
    Lark,
    LiteralText,
    Regex,
    ToolCalls,
)

_NO_RULE = re.compile(r'//[^\n]*|\#[^\n]*|"(?:\\.|[^"\\\n])*"i?|/(?:\\.|[^/\\\n])+/[a-z]*')
"""Comments, strings and regular expressions of a Lark grammar."""
_RULE = re.compile(r"^[ \t]*[?!]?[A-Za-z_]\w*(?:\.-?\d+)?[ \t]*(?:\[[^\n]*?\]|\{[^\n]*?\})?[ \t]*:", re.MULTILINE)
_EMBEDDED = re.compile(r"%json\b\s*")


class FormatTooLarge(ValueError):
    """A format exceeds a limit. The message says which, and may be shown to clients."""


@dataclass(frozen=True)
class FormatLimits:
    """The limits. What llguidance takes was measured with version 1.9 on a slow core."""

    schema_bytes: int = 1 << 20
    """Bytes of a schema as JSON, of all of them for tool calls."""
    objects: int = 20_000
    """JSON objects in a schema, and so subschemas. Each may nest in another: up to 9 kB of stack."""
    depth: int = 500
    """JSON arrays and objects in one another; llguidance refuses 128."""
    references: int = 1000
    """Different places that `$ref` names. Each may lead to the next; 2,000 overflow a stack of 8 MB."""
    properties: int = 2000
    """Properties of one object: a second. Time grows with the square."""
    property_patterns: int = 40
    """`patternProperties` of one object: 0.02 s. 400 take 14 s."""
    options: int = 4000
    """Options of one `anyOf`, `oneOf` or `allOf`: half a second."""
    values: int = 100_000
    """Values of one `enum`: a third of a second."""
    regex_bytes: int = 1 << 16
    """Bytes of a regular expression: a tenth of a second."""
    grammar_bytes: int = 1 << 17
    """Bytes of a Lark grammar: a quarter of a second."""
    rules: int = 1000
    """Rules and terminals of a Lark grammar. Each may lead to the next; 2,600 overflow a stack of 8 MB."""
    conditions: int = 12
    """`&` in a Lark grammar, and patterns that one string must match: 0.01 s. 20 take seconds, 50 never end."""


LIMITS = FormatLimits()


def check_constraint(constraint: Constraint, limits: FormatLimits = LIMITS) -> None:
    """Check the limits of any constraint.

    Raises:
        FormatTooLarge: if it exceeds one.
    """
    match constraint:
        case JsonObject():
            return
        case JsonSchema():
            check_schema_text(constraint.schema, limits)
        case Regex():
            check_regex(constraint.pattern, limits)
        case Lark():
            check_grammar(constraint.grammar, limits)
        case ToolCalls():
            _check_calls(constraint, limits)


def check_schema_text(text: str, limits: FormatLimits = LIMITS) -> None:
    """Check a schema as JSON text; one that is no JSON is left to whoever reads it.

    Raises:
        FormatTooLarge: if it exceeds a limit.
    """
    if len(text) > limits.schema_bytes:
        raise FormatTooLarge(f"the format has {len(text)} characters, and can have {limits.schema_bytes}")
    try:
        schema = json.loads(text)
    except RecursionError:
        raise FormatTooLarge("the format is nested too deeply") from None
    except ValueError:
        return
    check_schema(schema, limits)


def check_regex(pattern: str, limits: FormatLimits = LIMITS) -> None:
    """Check a regular expression.

    Raises:
        FormatTooLarge: if it exceeds a limit.
    """
    if len(pattern.encode("utf-8", "replace")) > limits.regex_bytes:
        raise FormatTooLarge(f"the regular expression is longer than {limits.regex_bytes} bytes")


def check_grammar(grammar: str, limits: FormatLimits = LIMITS) -> None:
    """Check a Lark grammar, with the JSON schemas in it.

    Raises:
        FormatTooLarge: if it exceeds a limit.
    """
    if len(grammar.encode("utf-8", "replace")) > limits.grammar_bytes:
        raise FormatTooLarge(f"the grammar is longer than {limits.grammar_bytes} bytes")
    total = _Total()
    for schema in _embedded_schemas(grammar):
        check_schema(schema, limits, total)
    bare = _NO_RULE.sub('""', grammar)
    rules = sum(1 for _ in _RULE.finditer(bare))
    if rules > limits.rules:
        raise FormatTooLarge(f"the grammar has {rules} rules, and can have {limits.rules}")
    conditions = bare.count("&")
    if conditions > limits.conditions:
        raise FormatTooLarge(f"the grammar has {conditions} conditions (&), and can have {limits.conditions}")


@dataclass
class _Total:
    """What the schemas of one constraint have together."""

    objects: int = 0
    characters: int = 0
    references: int = 0


def _check_calls(calls: ToolCalls, limits: FormatLimits) -> None:
    total = _Total()
    for call in calls.calls:
        try:
            for text in _schemas_of(call.parts):
                total.characters += len(text)
                if total.characters > limits.schema_bytes:
                    raise FormatTooLarge(f"the schemas of all tools have more than {limits.schema_bytes} characters")
                check_schema(json.loads(text), limits, total)
        except RecursionError:
            raise FormatTooLarge(f"the parameters of the tool {call.tool!r} are nested too deeply") from None
        except FormatTooLarge as error:
            raise FormatTooLarge(f"the tool {call.tool!r} cannot be called by force: {error}") from None
        except ValueError:
            continue  # whoever reads it says what is wrong with it


def _schemas_of(parts: tuple[CallPart, ...]) -> Iterator[str]:
    for part in parts:
        match part:
            case JsonValue() | BareText():
                yield part.schema
            case AnyOf():
                for option in part.options:
                    yield from _schemas_of(option)
            case LiteralText():
                pass


def check_schema(schema: object, limits: FormatLimits = LIMITS, total: _Total | None = None) -> None:
    """Check a decoded schema, without recursion: level by level.

    Args:
        schema: the schema.
        limits: the limits.
        total: what the schemas before it have, if limits are for several together.

    Raises:
        FormatTooLarge: if it exceeds a limit.
    """
    total = total or _Total()
    references: set[str] = set()
    level: list[Any] = [schema]
    for depth in range(limits.depth + 1):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                total.objects += 1
                _check_object(value, limits)
                if isinstance(value.get("$ref"), str):
                    references.add(value["$ref"])
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        if total.objects > limits.objects:
            raise FormatTooLarge(f"the format has more than {limits.objects} subschemas")
        level = [value for value in inner if isinstance(value, dict | list)]
        if not level:
            break
        if depth == limits.depth:
            raise FormatTooLarge("the format is nested too deeply")
    total.references += len(references)
    if total.references > limits.references:
        raise FormatTooLarge(
            f"the format refers to {total.references} definitions ($ref), and can refer to {limits.references}"
        )


def _check_object(schema: Mapping[str, Any], limits: FormatLimits) -> None:
    for keyword, most in (
        ("properties", limits.properties),
        ("patternProperties", limits.property_patterns),
        ("anyOf", limits.options),
        ("oneOf", limits.options),
        ("allOf", limits.options),
        ("enum", limits.values),
    ):
        value = schema.get(keyword)
        if isinstance(value, dict | list) and len(value) > most:
            raise FormatTooLarge(f'"{keyword}" has {len(value)} entries, and can have {most}')
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        check_regex(pattern, limits)
    named = schema.get("patternProperties")
    if isinstance(named, dict):
        for name in named:
            check_regex(name, limits)


def _embedded_schemas(grammar: str) -> Iterator[Any]:
    """Yield the JSON schemas of a grammar (`%json {…}`)."""
    decoder = json.JSONDecoder()
    for found in _EMBEDDED.finditer(grammar):
        try:
            yield decoder.raw_decode(grammar, found.end())[0]
        except RecursionError:
            raise FormatTooLarge("the format is nested too deeply") from None
        except ValueError:
            continue
