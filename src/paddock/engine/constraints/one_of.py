"""`oneOf`: deciding whether its options exclude each other, so that it can be enforced as `anyOf`.

While a reply is written nobody can know whether it will fit a second option, too. Options of different types or with
different values exclude each other, and so do objects with a property that tells them apart.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

Resolve = Callable[[str], Any]
"""Returns the schema that a `$ref` names."""

MAX_DEPTH = 8
"""Most references and properties that are followed to tell two schemas apart. It ends cycles."""


def discriminator(options: list[Any], resolve: Resolve, named: str | None = None) -> str | None:
    """Return the name of a property that tells all `options` apart once each of them requires it.

    The property `named` is tried first. Returns an empty string if the options exclude each other as they are, None if
    they may overlap.
    """
    pairs = list(combinations(options, 2))
    if all(disjoint(a, b, resolve) for a, b in pairs):
        return ""
    shared = _shared_properties(options, resolve)
    for name in sorted(shared, key=lambda n: n != named):
        if all(disjoint(a, b, resolve, 1) for a, b in combinations(shared[name], 2)):
            return name
    return None


def disjoint(a: Any, b: Any, resolve: Resolve, depth: int = 0) -> bool:
    """Return whether it is certain that no value fits both schemas."""
    if a is False or b is False:
        return True
    if depth > MAX_DEPTH or not isinstance(a, dict) or not isinstance(b, dict):
        return False
    parts_a, parts_b = list(_parts(a, resolve)), list(_parts(b, resolve))
    if any(_apart(x, y, resolve, depth) for x in parts_a for y in parts_b):
        return True
    return _all_options_apart(parts_a, b, resolve, depth) or _all_options_apart(parts_b, a, resolve, depth)


def _all_options_apart(parts: list[dict[str, Any]], other: Any, resolve: Resolve, depth: int) -> bool:
    choices = [part[k] for part in parts for k in ("anyOf", "oneOf") if isinstance(part.get(k), list)]
    return any(all(disjoint(option, other, resolve, depth + 1) for option in options) for options in choices)


def _parts(schema: Any, resolve: Resolve, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the schemas that a value must fit together: the schema, the one it refers to, and those of its `allOf`."""
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return
    yield schema
    if isinstance(schema.get("$ref"), str):
        yield from _parts(resolve(schema["$ref"]), resolve, depth + 1)
    if isinstance(schema.get("allOf"), list):
        for part in schema["allOf"]:
            yield from _parts(part, resolve, depth + 1)


def _apart(x: dict[str, Any], y: dict[str, Any], resolve: Resolve, depth: int) -> bool:
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
    return any(disjoint(properties[0][name], properties[1][name], resolve, depth + 1) for name in both)


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


def _shared_properties(options: list[Any], resolve: Resolve) -> dict[str, list[Any]]:
    """Return the properties that every option describes, each with its schemas in the order of the options."""
    described: list[dict[str, Any]] = []
    for option in options:
        own: dict[str, Any] = {}
        for part in _parts(option, resolve):
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
