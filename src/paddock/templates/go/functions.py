"""The functions of Go templates: those of the `gotpl` package, and Ollama's.

A template is untrusted, so what a function can build is limited: the width in `printf` here, and the size of all that
functions read and return in `execution`, at the price that each function has here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gotpl.runtime.sync_vm import _builtin_functions
from gotpl.runtime.values import INVALID

from paddock.templates.errors import TemplateFailed
from paddock.templates.go.values import Arguments, GoList, GoNothing, GoStruct, go_json

MAX_WIDTH_DIGITS = 4
"""Number of digits in the greatest width and precision of `printf`."""


_BUILTINS: Mapping[str, Callable[..., Any]] = _builtin_functions("go")

# Lengths and slices are computed at least once per message: the usual types of arguments are handled first.


def _len(*values: Any) -> Any:
    return len(values[0]) if len(values) == 1 and type(values[0]) is list else _BUILTINS["len"](*values)


def _index(value: Any, *indexes: Any) -> Any:
    return _BUILTINS["index"](_plain(value), *indexes)


def _slice(value: Any, *indexes: Any) -> Any:
    if type(value) is list and len(indexes) == 1 and type(indexes[0]) is int and 0 <= indexes[0] <= len(value):
        return value[indexes[0] :]
    return _BUILTINS["slice"](_plain(value), *indexes)


def _plain(value: Any) -> Any:
    """Return a value that the functions of `gotpl` can index, which our own containers are not."""
    if isinstance(value, Arguments):
        return value.as_json()
    return list(value) if isinstance(value, GoList | GoNothing) else value


_LARGE = 10**MAX_WIDTH_DIGITS
_NUMBERS = re.compile(r"\d{" + str(MAX_WIDTH_DIGITS + 1) + "}")
_DIRECTIVES = re.compile(r"%[-+# 0\[\]\d.*]+")


def _printf(text: Any, *values: Any) -> Any:
    """Refuse great widths: `gotpl` pads to any, so that a short template could use up all memory."""
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
    text: str = schema.__gotemplate_lookup__("ToTypeScriptType")
    return text


_OWN: dict[str, Callable[..., Any]] = {
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
"""Prices of the functions that look at each character in Python."""


@dataclass(frozen=True)
class Function:
    """A function of templates, and its price for each character or item that it reads or returns."""

    call: Callable[..., Any]
    price: int


FUNCTIONS = {
    name: Function(function, _PRICES.get(name, 1)) for name, function in {**_BUILTINS, **_OWN}.items() if name != "call"
}
"""All functions but `and` and `or`, which need not evaluate all their arguments."""
