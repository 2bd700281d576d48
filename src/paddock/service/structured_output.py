"""The constraint that a request's `format` asks for."""

import json
from typing import Any

from paddock.ipc import Constraint, JsonObject, JsonSchema, Lark, Regex
from paddock.service.errors import RequestError


def constraint_of_format(format: str | dict[str, Any] | None) -> Constraint | None:
    """Return the constraint for `"json"` (any JSON object), for a JSON schema, or for None.

    Two types that no schema has go beyond JSON: `{"type": "regex", "pattern": …}` is a regular expression, and
    `{"type": "grammar", "lark": …}` a context-free grammar.

    Raises:
        RequestError: if the format lacks its pattern or grammar.
    """
    if format is None:
        return None
    if not isinstance(format, dict):
        return JsonObject()
    match format.get("type"):
        case "regex":
            return Regex(_text(format, "pattern"))
        case "grammar":
            return Lark(_text(format, "lark"))
    return JsonSchema(json.dumps(format, ensure_ascii=False))


def _text(format: dict[str, Any], name: str) -> str:
    value = format.get(name)
    if not isinstance(value, str):
        raise RequestError(f'a format of the type "{format["type"]}" needs "{name}", a string')
    return value
