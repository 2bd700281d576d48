"""The functions of Go templates: those of the `gotpl` package, and Ollama's.

What a function can build has limits, since a template is a stranger's program: a width in `printf` here, the size of
all that functions read and return in `go_run`, at the price that stands beside each.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import gotpl
from gotpl.runtime.sync_vm import _builtin_functions
from gotpl.runtime.values import INVALID

from paddock.templates.errors import TemplateFailed
from paddock.templates.go.values import GoList, GoNothing, GoStruct, go_json

MAX_WIDTH = 4
"""Digits of the greatest width and precision in `printf`."""


class Arguments(gotpl.GoSeq2):  # type: ignore[misc]
    """A tool call's arguments: the package ranges over them as over a map, and prints them as JSON."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        super().__init__([(key, _sorted(arguments[key])) for key in sorted(arguments)])

    def __str__(self) -> str:
        return go_json(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """The JSON value it stands for."""
        return dict(self.values)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


_BUILTINS: Mapping[str, Callable[..., Any]] = _builtin_functions("go")

# Comparisons, lengths and slices run once per message and more: what they mostly see has a short way.


def _eq(*values: Any) -> Any:
    if len(values) == 2:
        first, second = values
        kind = type(first)
        if kind is type(second) and (kind is str or kind is int):
            return first == second
    return _BUILTINS["eq"](*values)


def _ne(*values: Any) -> Any:
    if len(values) == 2:
        first, second = values
        kind = type(first)
        if kind is type(second) and (kind is str or kind is int):
            return first != second
    return _BUILTINS["ne"](*values)


def _len(*values: Any) -> Any:
    return len(values[0]) if len(values) == 1 and type(values[0]) is list else _BUILTINS["len"](*values)


def _index(value: Any, *indexes: Any) -> Any:
    return _BUILTINS["index"](_plain(value), *indexes)


def _slice(value: Any, *indexes: Any) -> Any:
    if type(value) is list and len(indexes) == 1 and type(indexes[0]) is int and 0 <= indexes[0] <= len(value):
        return value[indexes[0] :]
    return _BUILTINS["slice"](_plain(value), *indexes)


def _plain(value: Any) -> Any:
    """What the package's functions can index: not our own containers."""
    if isinstance(value, Arguments):
        return value.as_json()
    return list(value) if isinstance(value, GoList | GoNothing) else value


_LARGE = 10**MAX_WIDTH
_NUMBERS = re.compile(r"\d{" + str(MAX_WIDTH + 1) + "}")
_DIRECTIVES = re.compile(r"%[-+# 0\[\]\d.*]+")


def _printf(text: Any, *values: Any) -> Any:
    """The package pads to any width: a hundred characters of template could ask for all memory."""
    directives = "".join(_DIRECTIVES.findall(text)) if isinstance(text, str) else ""
    large = any(isinstance(value, int) and abs(value) >= _LARGE for value in values)
    if _NUMBERS.search(directives) or ("*" in directives and large):
        raise TemplateFailed("printf: the field is too wide")
    return _BUILTINS["printf"](text, *values)


def _json(value: Any) -> str:
    return "null" if value is INVALID or value == [] else go_json(value)


def _current_date(*_: object) -> str:
    return date.today().isoformat()


def _yesterday_date(*_: object) -> str:
    return (date.today() - timedelta(days=1)).isoformat()


def _type_script_type(schema: Any) -> str:
    if not isinstance(schema, GoStruct):
        raise TemplateFailed("toTypeScriptType: not a tool's property")
    written: str = schema.__gotemplate_lookup__("ToTypeScriptType")
    return written


_OWN: dict[str, Callable[..., Any]] = {
    "eq": _eq,
    "ne": _ne,
    "len": _len,
    "index": _index,
    "slice": _slice,
    "printf": _printf,
    "json": _json,
    "currentDate": _current_date,
    "yesterdayDate": _yesterday_date,
    "toTypeScriptType": _type_script_type,
}
_PRICES = {"html": 20, "js": 20, "urlquery": 20, "json": 5}
"""Functions that look at each character in Python."""


@dataclass(frozen=True)
class Function:
    """A function of templates, and what it pays for each character or item it reads or returns."""

    call: Callable[..., Any]
    price: int


FUNCTIONS = {
    name: Function(function, _PRICES.get(name, 1)) for name, function in {**_BUILTINS, **_OWN}.items() if name != "call"
}
"""All but `and` and `or`, which are no functions since they need not look at all their arguments."""
