"""`oneOf`: deciding whether its options exclude each other, so that it can be enforced as `anyOf`.

While a reply is written nobody can know whether it will fit a second option, too. Options of different types or with
different values exclude each other, and so do objects with a property that tells them apart.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

Resolve = Callable[[str], Any]
"""Returns the schema that a `$ref` names."""

MAX_DEPTH = 8
"""Most references and properties that are followed to tell two schemas apart. It ends cycles."""


MOST_COMPARISONS = 100_000
"""Schemas of one format that are looked at to tell options apart: half a second."""


class TooMuchToCompare(Exception):
    """Telling the options of a format apart takes too long."""


@dataclass
class Effort:
    """What telling options apart has cost so far."""

    left: int = MOST_COMPARISONS

    def charge(self) -> None:
        """Count one schema that is looked at.

        Raises:
            TooMuchToCompare: if there were too many.
        """
        self.left -= 1
        if self.left < 0:
            raise TooMuchToCompare


def discriminator(
    options: list[Any], resolve: Resolve, named: str | None = None, effort: Effort | None = None
) -> str | None:
    """Return the name of a property that tells all `options` apart once each of them requires it.

    The property `named` is tried first. Returns an empty string if the options exclude each other as they are, None if
    they may overlap.

    Raises:
        TooMuchToCompare: if it takes more than `effort` has left.
    """
    effort = effort or Effort()
    if _all_disjoint(options, resolve, 0, effort):
        return ""
    shared = _shared_properties(options, resolve, effort)
    for name in sorted(shared, key=lambda n: n != named):
        if _all_disjoint(shared[name], resolve, 1, effort):
            return name
    return None


def _all_disjoint(schemas: list[Any], resolve: Resolve, depth: int, effort: Effort) -> bool:
    """Return whether each two of `schemas` are disjoint.

    Where they name their values, or those of a property, that takes one pass; else pairs are compared.
    """
    parts = [list(_parts(schema, resolve, effort)) for schema in schemas]
    values = [next((v for part in found if (v := _values(part)) is not None), None) for found in parts]
    named = [value for value in values if value is not None]
    if len(named) == len(schemas):
        return _own_values(named)
    telling = [_telling_values(found) for found in parts]
    for name in telling[0] if telling else ():
        if all(name in values_of for values_of in telling) and _own_values([v[name] for v in telling]):
            return True
    return all(disjoint(a, b, resolve, depth, effort) for a, b in combinations(schemas, 2))


def _own_values(values: list[list[Any]]) -> bool:
    """Return whether no value is in two of the lists."""
    seen: set[Any] = set()
    for own in values:
        identities = {identity(value) for value in own}
        if not seen.isdisjoint(identities):
            return False
        seen |= identities
    return True


def _telling_values(parts: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the values of the properties that an object must have and whose values are named."""
    found: dict[str, list[Any]] = {}
    for part in parts:
        if _types(part) != {"object"}:
            continue
        required = {name for name in _list(part, "required") if isinstance(name, str)}
        for name, schema in _named(part, "properties").items():
            values = _values(schema) if name in required and isinstance(schema, dict) else None
            if values is not None:
                found[name] = values
    return found


def disjoint(a: Any, b: Any, resolve: Resolve, depth: int = 0, effort: Effort | None = None) -> bool:
    """Return whether it is certain that no value fits both schemas.

    Raises:
        TooMuchToCompare: if it takes more than `effort` has left.
    """
    effort = effort or Effort()
    if a is False or b is False:
        return True
    if depth > MAX_DEPTH or not isinstance(a, dict) or not isinstance(b, dict):
        return False
    parts_a, parts_b = list(_parts(a, resolve, effort)), list(_parts(b, resolve, effort))
    if any(_apart(x, y, resolve, depth, effort) for x in parts_a for y in parts_b):
        return True
    return _all_options_apart(parts_a, b, resolve, depth, effort) or _all_options_apart(
        parts_b, a, resolve, depth, effort
    )


def _all_options_apart(parts: list[dict[str, Any]], other: Any, resolve: Resolve, depth: int, effort: Effort) -> bool:
    choices = [part[k] for part in parts for k in ("anyOf", "oneOf") if isinstance(part.get(k), list)]
    return any(all(disjoint(option, other, resolve, depth + 1, effort) for option in options) for options in choices)


def _parts(schema: Any, resolve: Resolve, effort: Effort, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the schemas that a value must fit together: the schema, the one it refers to, and those of its `allOf`."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return
    effort.charge()
    yield schema
    if isinstance(schema.get("$ref"), str):
        yield from _parts(resolve(schema["$ref"]), resolve, effort, depth + 1)
    if isinstance(schema.get("allOf"), list):
        for part in schema["allOf"]:
            yield from _parts(part, resolve, effort, depth + 1)


def patterns_together(schema: Any, resolve: Resolve, effort: Effort) -> int:
    """Return how many patterns and formats a string must match together under a schema.

    Raises:
        TooMuchToCompare: if it takes more than `effort` has left.
    """
    return sum(("pattern" in part) + ("format" in part) for part in _parts(schema, resolve, effort))


def _apart(x: dict[str, Any], y: dict[str, Any], resolve: Resolve, depth: int, effort: Effort) -> bool:
    effort.charge()
    types = _types(x), _types(y)
    if types[0] is not None and types[1] is not None and not types[0] & types[1]:
        return True
    values = _values(x), _values(y)
    if values[0] is not None and values[1] is not None:
        return not {identity(v) for v in values[0]} & {identity(v) for v in values[1]}
    if {"object"} not in types:
        return False
    properties = _named(x, "properties"), _named(y, "properties")
    present = [*_list(x, "required"), *_list(y, "required")]
    both = [name for name in present if isinstance(name, str) and all(name in p for p in properties)]
    return any(disjoint(properties[0][name], properties[1][name], resolve, depth + 1, effort) for name in both)


def _types(schema: dict[str, Any]) -> set[str] | None:
    """Return the types of values that may fit, with integers as numbers; None if all may."""
    values = _values(schema)
    if values is not None:
        return {_type(v) for v in values}
    stated = schema.get("type")
    if isinstance(stated, str):
        stated = [stated]
    if not isinstance(stated, list):
        return None
    return {"number" if t == "integer" else str(t) for t in stated}


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    names = {type(None): "null", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _values(schema: dict[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema["enum"] if isinstance(schema.get("enum"), list) else None


def identity(value: Any) -> Any:
    """Return a hashable value that is equal for equal JSON values: 1 is 1.0, but not true."""
    if isinstance(value, list):
        return ("array", tuple(map(identity, value)))
    if isinstance(value, dict):
        return ("object", frozenset((k, identity(v)) for k, v in value.items()))
    return (_type(value), value)


def _shared_properties(options: list[Any], resolve: Resolve, effort: Effort) -> dict[str, list[Any]]:
    """Return the properties that every option describes, each with its schemas in the order of the options."""
    described: list[dict[str, Any]] = []
    for option in options:
        own: dict[str, Any] = {}
        for part in _parts(option, resolve, effort):
            own = {**_named(part, "properties"), **own}
        described.append(own)
    first = described[0] if described else {}
    return {n: [d[n] for d in described] for n in first if all(n in d for d in described)}


def _named(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}


def _list(schema: dict[str, Any], keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []
