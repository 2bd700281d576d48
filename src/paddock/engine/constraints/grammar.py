"""The grammar of a constraint, in the form in which llguidance compiles it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paddock import ipc
from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.schema import PreparedSchema, prepare, read_schema
from paddock.engine.constraints.tool_calls import ControlTokens, call_grammar, slashed
from paddock.ipc.format_limits import FormatTooLarge, check_constraint

_LARK_TEXT = re.compile(r'//[^\n]*|\#[^\n]*|"(?:\\.|[^"\\\n])*"|/(?:\\.|[^/\\\n])+/')
"""Comments, strings and regular expressions of a Lark grammar."""


@dataclass(frozen=True)
class ReplyGrammar:
    """A grammar as llguidance takes it, and the rules that hold beside it (see `output_rules`)."""

    inner: dict[str, Any]
    """The grammar of the whole reply, `{"lark_grammar": …}` or `{"json_schema": …}`."""
    schemas: tuple[tuple[str, PreparedSchema], ...] = ()
    """The JSON schemas in it, each with the tool whose arguments it describes; "" for that of the whole reply."""
    is_json: bool = False
    """Whether quotes anywhere in the reply enclose JSON strings."""
    limits_digits: bool = False
    """Whether rows of digits are limited, because they are numbers."""
    never_in_strings: tuple[str, ...] = ()
    """Texts that JSON strings should not contain."""
    avoided: tuple[str, ...] = ()
    """Texts that should not occur anywhere."""
    regions: tuple[ipc.Region, ...] = ()
    """Regions with rules of their own, in a reply that is not JSON as a whole."""
    has_text: bool = False
    """Whether it contains free text, which takes the lexer more work."""

    def library_form(self) -> list[dict[str, Any]]:
        """Return the grammar and the grammars that it refers to, by their names."""
        inner = {"name": "inner", **self.inner}
        if "json_schema" in self.inner:
            return [inner]
        return [inner, *({"name": f"v{i}", **p.grammar(p.schema)} for i, (_, p) in enumerate(self.schemas))]

    def subschemas(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the place and the grammar of each subschema, inner ones before those around them."""
        for tool, prepared in self.schemas:
            of = f" of the tool {tool!r}" if tool else ""
            for place, schema in reversed(prepared.subschemas):
                yield f"{place}{of}", prepared.grammar(schema)


def grammar_of(constraint: ipc.Constraint, controls: ControlTokens) -> ReplyGrammar:
    """Return the grammar of `constraint` for a model with these control tokens.

    Raises:
        BadConstraint: if it cannot be enforced.
    """
    try:
        check_constraint(constraint)
        match constraint:
            case ipc.JsonObject():
                return _json_grammar({"type": "object"})
            case ipc.JsonSchema():
                return _json_grammar(read_schema(constraint.schema))
            case ipc.Regex():
                return ReplyGrammar({"lark_grammar": f"start: /{slashed(constraint.pattern)}/"})
            case ipc.Lark():
                return ReplyGrammar({"lark_grammar": _without_special_tokens(constraint.grammar)})
            case ipc.ToolCalls():
                return _calls_grammar(constraint, controls)
    except FormatTooLarge as error:
        raise BadConstraint(str(error)) from None
    except RecursionError:
        raise BadConstraint("the format is nested too deeply") from None


def _json_grammar(schema: Any) -> ReplyGrammar:
    if not isinstance(schema, dict):
        raise BadConstraint('the format must be "json" or a JSON schema')
    prepared = prepare(schema)
    return ReplyGrammar(prepared.grammar(prepared.schema), (("", prepared),), is_json=True, limits_digits=True)


def _calls_grammar(constraint: ipc.ToolCalls, controls: ControlTokens) -> ReplyGrammar:
    calls = call_grammar(constraint.calls, controls)
    regions = tuple(calls.regions)
    return ReplyGrammar(
        {"lark_grammar": calls.lark},
        tuple(calls.values),
        is_json=not calls.has_text and not regions,
        limits_digits=True,
        never_in_strings=constraint.never_in_strings,
        avoided=constraint.avoided,
        regions=regions,
        has_text=calls.has_text,
    )


def _without_special_tokens(grammar: str) -> str:
    if "<" in _LARK_TEXT.sub("", grammar):
        raise BadConstraint('"lark": special tokens (<...>) cannot be part of a reply')
    return grammar
