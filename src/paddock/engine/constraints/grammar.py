"""A request's format, read: which grammar the reply is held to.

The format is JSON: the string "json" (any JSON object), a JSON schema as an object, or one of
`{"type": "regex", "pattern": "..."}` for a regular expression that the whole reply matches (no look-around, no
back-references) and `{"type": "grammar", "lark": "..."}` for a context-free grammar in the library's variant of Lark.
No schema has a "type" of those names.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.schema import Prepared, prepare

_LARK_TEXT = re.compile(r'//[^\n]*|\#[^\n]*|"(?:\\.|[^"\\\n])*"|/(?:\\.|[^/\\\n])+/')
"""What is quoted in a Lark grammar, and comments."""


@dataclass(frozen=True)
class Grammar:
    """A grammar as the library takes it; `prepared` is the schema if it came from one."""

    inner: dict[str, Any]
    prepared: Prepared | None = None

    def parts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what it is made of with the places in the schema, inner parts first."""
        if self.prepared is not None:
            for place, schema in reversed(self.prepared.parts):
                yield place, self.prepared.grammar(schema)


def read_format(text: str) -> Grammar:
    """Read a format.

    Raises:
        BadConstraint: if it is none, or asks for what cannot be enforced.
    """
    try:
        wanted = json.loads(text, parse_constant=_no_constant)
        json.dumps(wanted, ensure_ascii=False).encode()
        if wanted == "json":
            wanted = {"type": "object"}
        if not isinstance(wanted, dict):
            raise BadConstraint('the format must be "json" or a JSON schema')
        if wanted.get("type") == "regex":
            return Grammar({"lark_grammar": f"start: /{_regex(_text(wanted, 'pattern'))}/"})
        if wanted.get("type") == "grammar":
            return Grammar({"lark_grammar": _lark(_text(wanted, "lark"))})
        prepared = prepare(wanted)
        return Grammar(prepared.grammar(prepared.schema), prepared)
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


def _regex(pattern: str) -> str:
    """Write a regular expression so that it may stand between slashes."""
    if not pattern:
        return "(?:)"
    return re.sub(r"\\.|/|\n", lambda m: {"/": r"\/", "\n": r"\n"}.get(m[0], m[0]), pattern, flags=re.DOTALL)


def _lark(grammar: str) -> str:
    bare = _LARK_TEXT.sub("", grammar)
    if "<" in bare:
        raise BadConstraint('"lark": special tokens (<...>) cannot be part of a reply')
    return grammar
