"""A request's format, read: which grammar the reply is held to.

The format is JSON: the string "json" (any JSON object), a JSON schema as an object, or one of
`{"type": "regex", "pattern": "..."}` for a regular expression that the whole reply matches (no look-around, no
back-references) and `{"type": "grammar", "lark": "..."}` for a context-free grammar in the library's variant of Lark.
No schema has a "type" of those names. Beside what clients can send there are the calls of tools, as
`paddock.engine.constraints.tool_calls` describes them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.output_rules import Between
from paddock.engine.constraints.schema import Prepared, prepare
from paddock.engine.constraints.tool_calls import Controls, read_calls, slashed

_LARK_TEXT = re.compile(r'//[^\n]*|\#[^\n]*|"(?:\\.|[^"\\\n])*"|/(?:\\.|[^/\\\n])+/')
"""What is quoted in a Lark grammar, and comments."""


@dataclass(frozen=True)
class Grammar:
    """A grammar as the library takes it."""

    inner: dict[str, Any]
    schemas: tuple[tuple[str, Prepared], ...] = ()
    """The schemas in it, each with the tool that it is for; "" for that of the whole reply."""
    is_json: bool = False
    """Whether what stands between quotes is a string, wherever they stand."""
    has_numbers: bool = False
    """Whether long rows of digits are numbers that must come to an end."""
    never_in_strings: tuple[str, ...] = ()
    between: tuple[Between, ...] = ()
    """Where JSON, or text of a limited length, stands in a reply that is not JSON as a whole."""
    has_text: bool = False
    """Whether calls have free text in them."""
    never: tuple[str, ...] = ()
    """What is not written where anything else can be."""

    def library_form(self) -> list[dict[str, Any]]:
        """Return it with the grammars that it refers to, by their names."""
        inner = {"name": "inner", **self.inner}
        if "json_schema" in self.inner:
            return [inner]
        return [inner, *({"name": f"v{i}", **p.grammar(p.schema)} for i, (_, p) in enumerate(self.schemas))]

    def parts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the parts of its schemas with their places, inner parts first."""
        for tool, prepared in self.schemas:
            of = f" of the tool {tool!r}" if tool else ""
            for place, schema in reversed(prepared.parts):
                yield f"{place}{of}", prepared.grammar(schema)


def read_format(text: str, controls: Controls) -> Grammar:
    """Read a format for a vocabulary with these control tokens.

    Raises:
        BadConstraint: if it is none, or asks for what cannot be enforced.
    """
    try:
        wanted = json.loads(text, parse_constant=_no_constant)
        json.dumps(wanted, ensure_ascii=False).encode()
        if wanted == "json":
            wanted = {"type": "object"}
        if isinstance(wanted, list) and len(wanted) == 3:
            calls = read_calls(wanted[0], controls)
            values = tuple(calls.values)
            between = tuple(calls.between)
            return Grammar(
                {"lark_grammar": calls.lark},
                values,
                is_json=not calls.has_text and not between,
                has_numbers=True,
                never_in_strings=tuple(wanted[1]),
                between=between,
                has_text=calls.has_text,
                never=tuple(wanted[2]),
            )
        if not isinstance(wanted, dict):
            raise BadConstraint('the format must be "json" or a JSON schema')
        if wanted.get("type") == "regex":
            return Grammar({"lark_grammar": f"start: /{slashed(_text(wanted, 'pattern'))}/"})
        if wanted.get("type") == "grammar":
            return Grammar({"lark_grammar": _lark(_text(wanted, "lark"))})
        prepared = prepare(wanted)
        return Grammar(prepared.grammar(prepared.schema), (("", prepared),), True, True)
    except RecursionError:
        raise BadConstraint("the format is nested too deeply") from None
    except UnicodeEncodeError:
        raise BadConstraint("the format has half of a surrogate pair, which no reply can have") from None
    except json.JSONDecodeError as error:
        raise BadConstraint(f"the format is not JSON: {error}") from None


def _no_constant(name: str) -> Any:
    raise BadConstraint(f"the format is not JSON: {name}")


def _text(wanted: dict[str, Any], name: str) -> str:
    value = wanted.get(name)
    if not isinstance(value, str):
        raise BadConstraint(f'a format of the type "{wanted["type"]}" needs "{name}", a string')
    return value


def _lark(grammar: str) -> str:
    bare = _LARK_TEXT.sub("", grammar)
    if "<" in bare:
        raise BadConstraint('"lark": special tokens (<...>) cannot be part of a reply')
    return grammar
