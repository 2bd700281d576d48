"""Jinja as chat templates use it, with limits. Imported when a chat template is first used (20 ms).

Jinja's sandbox keeps a template from Python's insides, but not from eating time and memory: `{% set x = x ~ x %}` in a
loop is enough. So the parsed template is changed before it is compiled: each pass through a loop, each macro, and each
expression that reads or builds something of variable size is first charged to the `Meter` of the rendering.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from paddock.templates.errors import TemplateFailed, TemplateRefused
from paddock.templates.jinja.filters import filters
from paddock.templates.jinja.limits import (
    MAX_WIDTH,
    METER,
    SIZED,
    STEP,
    WIDE_FIELD,
    Meter,
    check_printf,
    check_replace,
    meter_of,
)

MAX_RANGE = 100_000
MAX_BITS = 4096
"""Size of the greatest whole number in arithmetic."""


@lru_cache(maxsize=64)
def compiled(source: str) -> Template:
    """Parse and compile a chat template, once for each text.

    Raises:
        TemplateFailed: if it is no template.
    """
    try:
        tree = _Metering().visit(_ENVIRONMENT.parse(source))
        code = _ENVIRONMENT.compile(tree)
        return Template.from_code(_ENVIRONMENT, code, _ENVIRONMENT.globals)
    except TemplateSyntaxError as error:
        raise TemplateFailed(f"chat template: {_one_line(error.message)} (line {error.lineno})") from None
    except Exception as error:  # the text is untrusted: whatever goes wrong with it is an error of the template
        raise TemplateFailed(f"chat template: {_one_line(error)}") from None


def names_read(source: str) -> frozenset[str]:
    """Return the names that a template's code reads: variables, and attributes with a dot before them.

    A text that cannot be split into tokens reads none.
    """
    try:
        tokens = [(kind, text) for _, kind, text in _ENVIRONMENT.lex(source) if kind != "whitespace"]
    except TemplateSyntaxError:
        return frozenset()
    found = set()
    around = zip([("", ""), *tokens], tokens, [*tokens[1:], ("", "")], strict=False)
    for (_, before), (kind, text), (_, after) in around:
        if kind == "name" and after != "=":
            found.add(f".{text}" if before == "." else text)
        elif kind == "string" and before == "[" and after == "]":
            found.add(f".{text[1:-1]}")
    return frozenset(found)


def run(template: Template, values: Mapping[str, Any]) -> str:
    """Render within the limits.

    Raises:
        TemplateRefused: if the template raises an exception about its input.
        TemplateFailed: if it fails, or exceeds the limits.
    """
    try:
        return template.render({**values, METER: Meter()})
    except TemplateFailed:
        raise
    except Exception as error:  # as above
        raise TemplateFailed(f"chat template: {_one_line(error)}") from None


def _one_line(error: object) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, MemoryError):
        return "it needs too much memory"
    return " ".join(str(error).split())[:500] or type(error).__name__


class _Metering(NodeTransformer):
    """Inserts into a template's tree the calls of the environment's methods that charge its meter."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        return self._body(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._body(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        return self._body(node)

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        node.nodes = [
            n if isinstance(n, nodes.TemplateData | nodes.Const) else _call("charge_all", n) for n in node.nodes
        ]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call("concatenated", *node.nodes)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _charged(node.expr)
        for operand in node.ops:
            operand.expr = _charged(operand.expr)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        self.generic_visit(node)
        if node.args:
            node.node = _charged(node.node)
            node.args = [_charged(argument) for argument in node.args]
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _call("charge", node.node)
        return node

    def _body(self, node: Any) -> nodes.Node:
        parts = list(node.find_all(nodes.Node))
        texts = sum(len(part.data) for part in parts if isinstance(part, nodes.TemplateData))
        self.generic_visit(node)
        cost = nodes.Const(STEP + len(parts) + texts, lineno=node.lineno)
        node.body.insert(0, nodes.ExprStmt(_call("charge_pass", cost), lineno=node.lineno))
        return node  # type: ignore[no-any-return]


def _charged(expression: nodes.Expr) -> nodes.Expr:
    return expression if isinstance(expression, nodes.Const) else _call("charge_all", expression)


def _call(name: str, *arguments: nodes.Expr) -> nodes.Call:
    line = arguments[0].lineno
    method = nodes.EnvironmentAttribute(name, lineno=line)
    return nodes.Call(method, [nodes.ContextReference(lineno=line), *arguments], [], None, None, lineno=line)


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def charge_pass(self, context: Context, cost: int) -> None:
        meter_of(context).spend(cost)

    def charge(self, context: Context, value: Any) -> Any:
        meter_of(context).read(value)
        return value

    def charge_all(self, context: Context, value: Any) -> Any:
        meter_of(context).read_all(value)
        return value

    def concatenated(self, context: Context, *parts: Any) -> str:
        meter = meter_of(context)
        for part in parts:
            meter.read_all(part)
        return "".join(map(str, parts))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(__obj, "__self__", None) is __self:
            return __obj(*args)
        meter = meter_of(__context)
        text = getattr(__obj, "__self__", None)
        if isinstance(text, str | bytes):
            _check_method(meter, text, __obj.__name__, args, kwargs)
        for argument in (*args, *kwargs.values()):
            meter.read(argument)
        result = super().call(__context, __obj, *args, **kwargs)
        meter.read(result)
        return result

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is not None and WIDE_FIELD.search(value.__self__):
            raise TemplateFailed("chat template: the format's field is too wide")
        return wrapped

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        meter = meter_of(context)
        for one, other in ((left, right), (right, left)):
            meter.read(one)
            if isinstance(one, int):
                if one.bit_length() > MAX_BITS:
                    raise TemplateFailed("chat template: the number is too large")
                if operator == "*" and isinstance(other, SIZED):
                    meter.spend(max(one, 0) * len(other))
        if operator == "**" and not (abs(left) <= MAX_BITS and abs(right) <= 64):
            raise TemplateFailed("chat template: the number is too large")
        if operator == "%" and isinstance(left, str):
            meter.read_all(right)
            check_printf(left, right)
        result = super().call_binop(context, operator, left, right)
        meter.read(result)
        return result


_UNBOUNDED_METHODS = frozenset(("translate", "expandtabs"))
_PADDING_METHODS = frozenset(("center", "ljust", "rjust", "zfill"))


def _check_method(meter: Meter, text: str | bytes, name: str, args: Any, kwargs: Mapping[str, Any]) -> None:
    """Charge for the result of a text's method before it is built."""
    meter.read(text)
    if name in _UNBOUNDED_METHODS:
        raise TemplateFailed(f"chat template: {name} is not available")
    if name in _PADDING_METHODS:
        meter.spend(max([argument for argument in args if isinstance(argument, int)], default=0))
    elif name == "replace" and len(args) >= 2:
        check_replace(meter, text, args[0], args[1])
    elif name == "join" and args:
        meter.read_all(args[0])
        meter.spend(len(text) * len(args[0]) if isinstance(args[0], SIZED) else 0)
    elif name in ("format", "format_map"):
        for argument in (*args, *kwargs.values()):
            meter.read_all(argument)


def _range(*args: int) -> range:
    """Return a range like Python's, up to a length.

    Raises:
        TemplateFailed: for a longer one.
    """
    numbers = range(*args)
    if len(numbers) > MAX_RANGE:
        raise TemplateFailed(f"chat template: range is longer than {MAX_RANGE}")
    return numbers


def _raise_exception(message: object = "") -> NoReturn:
    raise TemplateRefused(f"chat template: {_one_line(message)}")


def _strftime_now(text: str) -> str:
    if re.search(r"\d{" + str(MAX_WIDTH) + "}", text):
        raise TemplateFailed("chat template: the format's field is too wide")
    return datetime.now().strftime(text)


class _Generation(Extension):
    """The tags around what the model wrote, which only training needs: their body is rendered as it stands."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _environment() -> _Environment:
    environment = _Environment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation], optimized=False
    )
    environment.filters = filters(environment.filters)
    del environment.globals["lipsum"]
    environment.globals |= {"range": _range, "raise_exception": _raise_exception, "strftime_now": _strftime_now}
    return environment


_ENVIRONMENT = _environment()
"""Shared: it holds no state of a rendering."""
