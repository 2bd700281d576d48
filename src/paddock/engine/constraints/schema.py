"""A JSON schema made ready to be enforced: only keywords that the library holds a reply to are left, or it is refused.

The library (llguidance) covers most of draft 2020-12 and refuses most of what it does not cover. What it would let
pass unenforced is refused here, what merely describes is dropped, and every reference is resolved, so that a message
can name the place. Keywords that no draft knows are descriptions, as the specification says.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.formats import ANY_TEXT, LEFT_TO_THE_LIBRARY, PATTERNS
from paddock.engine.constraints.one_of import discriminator

WHITE_SPACE = r"[ ]|[ ]?\r?\n(?:[ ]{0,48}|\t{0,12})"
"""Between two parts of JSON: nothing, a space, or a new line with its indentation. A model that only wants to write
white space must go on with something else."""

SCHEMAS_BY_NAME = frozenset({"properties", "patternProperties"})
LISTS_OF_SCHEMAS = frozenset({"anyOf", "allOf", "prefixItems"})
SCHEMAS = frozenset({"additionalProperties", "additionalItems"})
NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
AS_THEY_ARE = frozenset(
    {"type", "required", "minItems", "maxItems", "maxProperties", "minLength", "maxLength", "pattern"}
)

EXACT = 1 << 53
"""Integers up to here are doubles without rounding."""

NOT_ENFORCED = frozenset(
    {
        "$dynamicRef",
        "$recursiveRef",
        "contains",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    }
)
NO_DEMANDS: dict[str, tuple[Any, ...]] = {
    "dependencies": ({},),
    "dependentRequired": ({},),
    "dependentSchemas": ({},),
    "not": (False,),
    "propertyNames": (True, {}, {"type": "string"}),
    "unevaluatedItems": (True, {}),
    "unevaluatedProperties": (True, {}),
    "uniqueItems": (False,),
}
"""Values with which a keyword that is not enforced rules nothing out; generators of schemas write them."""


@dataclass
class Prepared:
    """A schema for the library, and its parts by their places, outer ones before those inside."""

    schema: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, Any] = field(default_factory=dict)
    parts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def grammar(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe `schema`, this one or a part of it, as the library takes it."""
        options = {"whitespace_pattern": WHITE_SPACE}
        return {"json_schema": {**schema, "$defs": self.definitions, "x-guidance": options}}


def prepare(schema: dict[str, Any]) -> Prepared:
    """Check `schema` and make it ready.

    Raises:
        BadConstraint: if it is no schema, or asks for what cannot be enforced.
    """
    return _Preparation(schema).run()


class _Preparation:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._names: dict[str, str] = {}
        self._pending: list[str] = []
        self._result = Prepared()
        self._rules: dict[str, Callable[[str, Any, str], Any]] = {
            **dict.fromkeys(SCHEMAS_BY_NAME, self._by_name),
            **dict.fromkeys(LISTS_OF_SCHEMAS, self._list),
            **dict.fromkeys(SCHEMAS, self._one),
            **dict.fromkeys(NUMBERS, _exact),
            **dict.fromkeys(AS_THEY_ARE, lambda keyword, value, place: value),
            "items": self._items,
            "const": _exact,
            "enum": _exact,
            "$ref": self._reference,
        }

    def run(self) -> Prepared:
        result = self._result
        result.schema = self._schema(self._root, "#")
        while self._pending:
            reference = self._pending.pop()
            result.definitions[self._names[reference]] = self._schema(self._resolve(reference), reference)
        return result

    def _schema(self, schema: Any, place: str) -> Any:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise BadConstraint(f"{place} is not a schema: it must be an object or a boolean")
        ready: dict[str, Any] = {}
        self._result.parts.append((place, ready))
        for keyword, value in schema.items():
            if keyword in NOT_ENFORCED:
                _refuse(keyword, value, schema, place)
            elif keyword in self._rules and (keyword != "additionalItems" or _lists_items(schema)):
                ready[keyword] = self._rules[keyword](keyword, value, place)
        more = [
            *_string_format(schema, place),
            *_fewest_properties(schema, place),
            *self._one_of(schema, place),
        ]
        if more:
            ready["allOf"] = [*ready.get("allOf", []), *more]
        return ready

    def _by_name(self, keyword: str, value: Any, place: str) -> Any:
        if not isinstance(value, dict):
            raise BadConstraint(f'"{keyword}" at {place} must be an object')
        for name in value:
            if keyword == "properties" and re.search(r"[\x00-\x1f\x7f]", name):
                # JSON has two spellings for each of these: the property could come twice, once unchecked.
                raise BadConstraint(f'"properties" at {place}: names with control characters cannot be enforced')
        return {n: self._schema(s, f"{place}/{keyword}/{_escape(n)}") for n, s in value.items()}

    def _list(self, keyword: str, value: Any, place: str) -> Any:
        if not isinstance(value, list):
            raise BadConstraint(f'"{keyword}" at {place} must be an array')
        return [self._schema(s, f"{place}/{keyword}/{i}") for i, s in enumerate(value)]

    def _one(self, keyword: str, value: Any, place: str) -> Any:
        return self._schema(value, f"{place}/{keyword}")

    def _items(self, keyword: str, value: Any, place: str) -> Any:
        return (self._list if isinstance(value, list) else self._one)(keyword, value, place)

    def _reference(self, keyword: str, value: Any, place: str) -> Any:
        if not isinstance(value, str):
            raise BadConstraint(f'"$ref" at {place} must be a string')
        try:
            self._resolve(value)
        except LookupError:
            raise BadConstraint(f'"$ref" at {place}: there is no {value!r} in the schema') from None
        if value not in self._names:
            self._names[value] = str(len(self._names))
            self._pending.append(value)
        return f"#/$defs/{self._names[value]}"

    def _resolve(self, reference: str) -> Any:
        """Follow a JSON pointer from the root; whatever keyword holds the definitions, as OpenAPI has its own."""
        pointer = unquote(reference.removeprefix("#"))
        if not reference.startswith("#") or (pointer and not pointer.startswith("/")):
            raise LookupError(reference)
        found = self._root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) and name.isdecimal() else _member(found, name)
        return found

    def _look_up(self, reference: str) -> Any:
        """Follow a reference that may lead nowhere, which is found out when its turn comes."""
        try:
            return self._resolve(reference)
        except LookupError:
            return True

    def _one_of(self, schema: dict[str, Any], place: str) -> list[Any]:
        if "oneOf" not in schema:
            return []
        options = schema["oneOf"]
        ready = self._list("oneOf", options, place)
        stated = schema.get("discriminator")
        named = stated.get("propertyName") if isinstance(stated, dict) else None
        name = discriminator(options, self._look_up, named)
        if name is None:
            raise BadConstraint(f'"oneOf" at {place} cannot be enforced: its options may overlap; "anyOf" can')
        if name:
            # Requiring what tells them apart makes each reply fit one option only.
            ready = [{"allOf": [option, {"type": "object", "required": [name]}]} for option in ready]
        return [{"anyOf": ready}]


def _refuse(keyword: str, value: Any, schema: dict[str, Any], place: str) -> None:
    """Refuse a keyword that is not enforced, unless it demands nothing as it stands."""
    alone = (keyword in ("then", "else") and "if" not in schema) or (
        keyword == "if" and "then" not in schema and "else" not in schema
    )
    if not alone and not any(value is n if isinstance(n, bool) else value == n for n in NO_DEMANDS.get(keyword, ())):
        raise BadConstraint(f'"{keyword}" at {place} cannot be enforced')


def _string_format(schema: dict[str, Any], place: str) -> list[Any]:
    name, types = schema.get("format"), schema.get("type", "string")
    if name is None or (types != "string" and not (isinstance(types, list) and "string" in types)):
        # Of other types than strings it is a hint: int32, double.
        return []
    if name in PATTERNS:
        return [{"pattern": PATTERNS[name]}]
    if name in LEFT_TO_THE_LIBRARY:
        return [{"format": name}]
    if name in ANY_TEXT:
        return []
    raise BadConstraint(f'"format" at {place}: {name!r} cannot be enforced')


def _fewest_properties(schema: dict[str, Any], place: str) -> list[Any]:
    """Names may come twice among those that are not listed, so that only what is required surely counts."""
    fewest = schema.get("minProperties", 0)
    if not isinstance(fewest, int):
        raise BadConstraint(f'"minProperties" at {place} must be a number')
    required = schema.get("required")
    if fewest <= (len(set(map(str, required))) if isinstance(required, list) else 0):
        return []
    if fewest == 1:
        return [{"minProperties": 1}]
    raise BadConstraint(f'"minProperties" at {place} cannot be enforced beyond 1 and the number of required ones')


def _exact(keyword: str, value: Any, place: str) -> Any:
    """Return `value` with integers written as such; refuse those that the library, computing with doubles, rounds."""
    if isinstance(value, list):
        return [_exact(keyword, item, place) for item in value]
    if isinstance(value, dict):
        return {name: _exact(keyword, item, place) for name, item in value.items()}
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    if (isinstance(value, int) and abs(value) > EXACT) or value in (math.inf, -math.inf):
        raise BadConstraint(f'"{keyword}" at {place}: {value} is too large to be enforced exactly')
    return value


def _lists_items(schema: dict[str, Any]) -> bool:
    """Whether `additionalItems` means anything: beside a list of items, as drafts before 2020-12 write it."""
    return isinstance(schema.get("items"), list)


def _member(found: Any, name: str) -> Any:
    if not isinstance(found, dict):
        raise LookupError(name)
    return found[name]


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
