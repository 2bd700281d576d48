"""The filters of chat templates. Each is charged for its input, and for more if it can build more than it reads."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from jinja2.utils import _PassArg

from paddock.templates.errors import TemplateFailed
from paddock.templates.jinja.limits import SIZED, Meter, check_printf, check_replace, meter_of


def filters(available: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return the filters for chat templates: Jinja's with limits, and a `tojson` of our own."""
    chosen = {**available, "tojson": _to_json}
    return {name: _metered(name, function) for name, function in chosen.items() if name not in _WITHOUT}


def _metered(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    passes = _PassArg.from_obj(function)
    deep = name in _READ_ALL

    @pass_context
    def apply(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        meter = meter_of(context)
        (meter.read_all if deep else meter.read)(value)
        check = _CHECKS.get(name)
        if check is not None:
            check(meter, value, *args, **kwargs)
        if passes is _PassArg.context:
            value = function(context, value, *args, **kwargs)
        elif passes is _PassArg.eval_context:
            value = function(context.eval_ctx, value, *args, **kwargs)
        elif passes is _PassArg.environment:
            value = function(context.environment, value, *args, **kwargs)
        else:
            value = function(value, *args, **kwargs)
        meter.read(value)
        return value

    return apply


def _check_join(meter: Meter, value: Any, d: Any = "", attribute: Any = None) -> None:
    if isinstance(value, SIZED):
        meter.spend(len(value) * len(str(d)))


def _check_replace_filter(meter: Meter, value: Any, old: Any, new: Any, count: Any = None) -> None:
    check_replace(meter, str(value), str(old), str(new))


def _check_indent(meter: Meter, value: Any, width: Any = 4, *_: Any, **__: Any) -> None:
    meter.spend((width if isinstance(width, int) else len(width)) * (str(value).count("\n") + 1))


def _check_format(meter: Meter, value: Any, *args: Any, **kwargs: Any) -> None:
    for argument in (*args, *kwargs.values()):
        meter.read_all(argument)
    check_printf(str(value), args)


def _check_tojson(meter: Meter, value: Any, *args: Any, **kwargs: Any) -> None:
    indent = kwargs.get("indent", args[1] if len(args) > 1 else None)
    if indent is not None and (indent if isinstance(indent, int) else len(indent)) > 32:
        raise TemplateFailed("chat template: tojson indents too far")


_CHECKS: dict[str, Callable[..., None]] = {
    "join": _check_join,
    "replace": _check_replace_filter,
    "indent": _check_indent,
    "format": _check_format,
    "tojson": _check_tojson,
}
_READ_ALL = frozenset(("tojson", "string", "join", "escape", "e", "unique", "sort", "groupby", "min", "max", "upper"))
_WITHOUT = frozenset(
    ("center", "wordwrap", "pprint", "random", "urlize", "xmlattr", "batch", "slice", "filesizeformat")
)
"""Filters that no chat template needs, and that would need limits of their own."""


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return JSON as transformers write it in chat templates: characters as they are, no escapes for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
