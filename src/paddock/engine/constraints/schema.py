"""JSON schemas, prepared for llguidance: reduced to keywords that it enforces, or refused.

llguidance covers most of draft 2020-12 and refuses most of the rest. Keywords that it would silently leave unenforced
are refused here, keywords that only describe are dropped, and every reference is resolved, so that a message can name
the place. Keywords that no draft defines are descriptions, as the specification says.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.one_of import Effort, TooMuchToCompare, discriminator, patterns_together
from paddock.engine.constraints.string_formats import DESCRIPTIVE_FORMATS, FORMAT_PATTERNS, LIBRARY_FORMATS
from paddock.ipc import MAX_EXACT_INTEGER
from paddock.ipc.format_limits import LIMITS

WHITE_SPACE = r"[ ]|[ ]?\r?\n(?:[ ]{0,48}|\t{0,12})"
"""White space between two parts of JSON: none, a space, or a new line with its indentation. A model that would write
white space without end must go on with something else."""

SCHEMA_MAPS = frozenset({"properties", "patternProperties"})
SCHEMA_LISTS = frozenset({"anyOf", "allOf", "prefixItems"})
SINGLE_SCHEMAS = frozenset({"additionalProperties", "additionalItems"})
NUMBER_LIMITS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
PASSED_ON = frozenset(
    {"type", "required", "minItems", "maxItems", "maxProperties", "minLength", "maxLength", "pattern"}
)

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
NEUTRAL_VALUES: dict[str, tuple[Any, ...]] = {
    "dependencies": ({},),
    "dependentRequired": ({},),
    "dependentSchemas": ({},),
    "not": (False,),
    "propertyNames": (True, {}, {"type": "string"}),
    "unevaluatedItems": (True, {}),
    "unevaluatedProperties": (True, {}),
    "uniqueItems": (False,),
}
"""Values with which a keyword that is not enforced excludes nothing; generators of schemas write them."""


@dataclass
class PreparedSchema:
    """A schema for llguidance."""

    schema: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, Any] = field(default_factory=dict)
    """What its references lead to, by the names that they have in it."""
    subschemas: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Every schema in it with its place, a JSON pointer; outer ones before those inside."""

    def grammar(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the grammar of `schema`, this one or one of its subschemas, in llguidance's form."""
        options = {"whitespace_pattern": WHITE_SPACE}
        return {"json_schema": {**schema, "$defs": self.definitions, "x-guidance": options}}


def read_schema(text: str) -> Any:
    """Parse the JSON text of a schema.

    Raises:
        BadConstraint: if it is not JSON, or contains what no reply can contain.
    """
    try:
        schema = json.loads(text, parse_constant=_refuse_constant)
        json.dumps(schema, ensure_ascii=False).encode()
    except RecursionError:
        raise BadConstraint("the format is nested too deeply") from None
    except UnicodeEncodeError:
        raise BadConstraint("the format has half of a surrogate pair, which no reply can have") from None
    except json.JSONDecodeError as error:
        raise BadConstraint(f"the format is not JSON: {error}") from None
    return schema


def prepare(schema: dict[str, Any]) -> PreparedSchema:
    """Check `schema` and reduce it to what llguidance enforces.

    Raises:
        BadConstraint: if it is not a schema, or asks for what cannot be enforced.
    """
    return _Preparation(schema).run()


def _refuse_constant(name: str) -> Any:
    raise BadConstraint(f"the format is not JSON: {name}")


class _Preparation:
    """One schema on its way through `prepare`; a method per group of keywords."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._names: dict[str, str] = {}
        self._pending: list[str] = []
        self._result = PreparedSchema()
        self._effort = Effort()
        self._rules: dict[str, Callable[[str, Any, str], Any]] = {
            **dict.fromkeys(SCHEMA_MAPS, self._by_name),
            **dict.fromkeys(SCHEMA_LISTS, self._list),
            **dict.fromkeys(SINGLE_SCHEMAS, self._one),
            **dict.fromkeys(NUMBER_LIMITS, _exact),
            **dict.fromkeys(PASSED_ON, lambda keyword, value, place: value),
            "items": self._items,
            "const": _exact,
            "enum": _exact,
            "$ref": self._reference,
        }

    def run(self) -> PreparedSchema:
        result = self._result
        try:
            result.schema = self._schema(self._root, "#")
            while self._pending:
                reference = self._pending.pop()
                result.definitions[self._names[reference]] = self._schema(self._resolve(reference), reference)
        except TooMuchToCompare:
            raise BadConstraint(
                'the options of "oneOf" and the parts of "allOf" are too many to be compared; "anyOf" can be enforced'
            ) from None
        return result

    def _schema(self, schema: Any, place: str) -> Any:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise BadConstraint(f"{place} is not a schema: it must be an object or a boolean")
        ready: dict[str, Any] = {}
        self._result.subschemas.append((place, ready))
        if "allOf" in schema and patterns_together(schema, self._look_up, self._effort) > LIMITS.conditions:
            raise BadConstraint(f'"allOf" at {place}: a string can be held to {LIMITS.conditions} patterns at once')
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
        """Return the schema that a reference names.

        Any JSON pointer from the root will do: OpenAPI, for one, keeps definitions under keywords of its own.

        Raises:
            LookupError: if there is none.
        """
        pointer = unquote(reference.removeprefix("#"))
        if not reference.startswith("#") or (pointer and not pointer.startswith("/")):
            raise LookupError(reference)
        found = self._root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) and name.isdecimal() else _member(found, name)
        return found

    def _look_up(self, reference: str) -> Any:
        """Return the schema that a reference names, or `true` for none: a dead reference is refused in its own turn."""
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
        name = discriminator(options, self._look_up, named, self._effort)
        if name is None:
            raise BadConstraint(f'"oneOf" at {place} cannot be enforced: its options may overlap; "anyOf" can')
        if name:
            # Once each option requires the property that tells them apart, a reply fits only one of them.
            ready = [{"allOf": [option, {"type": "object", "required": [name]}]} for option in ready]
        return [{"anyOf": ready}]


def _refuse(keyword: str, value: Any, schema: dict[str, Any], place: str) -> None:
    """Refuse a keyword that is not enforced, unless its value excludes nothing."""
    alone = (keyword in ("then", "else") and "if" not in schema) or (
        keyword == "if" and "then" not in schema and "else" not in schema
    )
    neutral = NEUTRAL_VALUES.get(keyword, ())
    if not alone and not any(value is n if isinstance(n, bool) else value == n for n in neutral):
        raise BadConstraint(f'"{keyword}" at {place} cannot be enforced')


def _string_format(schema: dict[str, Any], place: str) -> list[Any]:
    name, types = schema.get("format"), schema.get("type", "string")
    if name is None or (types != "string" and not (isinstance(types, list) and "string" in types)):
        # For types other than string it is a hint, such as int32 or double.
        return []
    if name in FORMAT_PATTERNS:
        return [{"pattern": FORMAT_PATTERNS[name]}]
    if name in LIBRARY_FORMATS:
        return [{"format": name}]
    if name in DESCRIPTIVE_FORMATS:
        return []
    raise BadConstraint(f'"format" at {place}: {name!r} cannot be enforced')


def _fewest_properties(schema: dict[str, Any], place: str) -> list[Any]:
    """Return the schemas that enforce `minProperties`.

    A reply may give the same name twice if the schema does not list it, so only required properties surely count.
    """
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
    """Return `value` with whole numbers as integers.

    Raises:
        BadConstraint: if it has an integer that llguidance, which computes with doubles, would round.
    """
    if isinstance(value, list):
        return [_exact(keyword, item, place) for item in value]
    if isinstance(value, dict):
        return {name: _exact(keyword, item, place) for name, item in value.items()}
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_EXACT_INTEGER:
        return int(value)
    if (isinstance(value, int) and abs(value) > MAX_EXACT_INTEGER) or value in (math.inf, -math.inf):
        raise BadConstraint(f'"{keyword}" at {place}: {value} is too large to be enforced exactly')
    return value


def _lists_items(schema: dict[str, Any]) -> bool:
    """Return whether `items` is a list: only then does `additionalItems` apply, as before draft 2020-12."""
    return isinstance(schema.get("items"), list)


def _member(found: Any, name: str) -> Any:
    if not isinstance(found, dict):
        raise LookupError(name)
    return found[name]


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
