"""Expressions of Go templates as Python closures: pipelines, calls of functions, fields and variables."""

from collections.abc import Callable
from typing import Any

from gotpl.errors import TemplateExecutionError
from gotpl.parse import nodes
from gotpl.runtime.policy import SandboxPolicy
from gotpl.runtime.values import INVALID, UNTYPED_NIL, ValueAdapter, number_value

from paddock.templates.errors import TemplateFailed
from paddock.templates.go.execution import Evaluate, Frame
from paddock.templates.go.functions import FUNCTIONS
from paddock.templates.go.values import GoStruct

_VALUES = ValueAdapter("default", SandboxPolicy(allow_custom_lookup=True))
"""The rules of `gotpl` on truth and on looking up fields: of mappings and our own structs only."""

_PLAIN = frozenset((bool, str, int, float, list, dict, type(None)))
"""Types whose truth in Go is their truth in Python."""


class Scope:
    """The variables that one block of a template can use, with their places in the template's frame."""

    def __init__(self, outer: "Scope | None" = None) -> None:
        self.places: list[str] = ["$"] if outer is None else outer.places
        self._names = {"$": 0} if outer is None else {}
        self._outer = outer

    def inner(self) -> "Scope":
        """Return the scope of a block inside this one. Variables that it declares are unknown outside."""
        return Scope(self)

    def find(self, name: str) -> int | None:
        """Return the place of a variable; None if it is only declared in a branch that is not taken."""
        scope: Scope | None = self
        while scope is not None:
            place = scope._names.get(name)
            if place is not None:
                return place
            scope = scope._outer
        return None

    def declare(self, name: str) -> int:
        """Declare a variable and return its place."""
        self.places.append(name)
        self._names[name] = len(self.places) - 1
        return self._names[name]


def is_true(value: Any) -> bool:
    """Return whether Go's templates take a value for true."""
    if type(value) in _PLAIN:
        return bool(value)
    return bool(_VALUES.is_true(value))


def look_up(value: Any, fields: tuple[str, ...]) -> Any:
    """Return a field of a field … of a value. Each value on the way is a struct or a mapping.

    Raises:
        TemplateFailed: if a struct has no such field.
        gotpl.SandboxViolationError: if a value is neither.
    """
    for field in fields:
        if isinstance(value, GoStruct):
            value = value.__gotemplate_lookup__(field)
        elif type(value) is dict:
            value = value.get(field, INVALID)
        else:
            value = _VALUES.lookup(value, field)
        if value is INVALID:
            break
    return value


def pipeline(node: Any, scope: Scope) -> Evaluate:
    """Compile a pipeline, without the variable that it declares or assigns."""
    start = _command(node.commands[0], scope)
    stages = [_command(command, scope, piped=True) for command in node.commands[1:]]
    if not stages:
        return start

    def evaluate(frame: Frame) -> Any:
        value = start(frame)
        for stage in stages:
            value = stage(frame, value)
        return value

    return evaluate


def _command(node: Any, scope: Scope, piped: bool = False) -> Callable[..., Any]:
    """Compile a command. One behind a `|` is a function of the frame and of the value before it."""
    first, *rest = node.arguments
    if isinstance(first, nodes.IdentifierNode):
        arguments = [_term(argument, scope) for argument in rest]
        if first.name in ("eq", "ne") and len(arguments) == 2 and not piped:
            return _comparison(first.name, *arguments)
        return _logical(first.name, arguments) if first.name in ("and", "or") else _call(first.name, arguments)
    values = [_term(argument, scope) for argument in node.arguments]
    if len(values) == 1 and not piped:
        return values[0]

    def evaluate(frame: Frame, before: Any = INVALID) -> Any:
        value, *others = [value(frame) for value in values]
        if others or before is not INVALID:
            raise TemplateFailed("non-callable command has arguments")
        return value

    return evaluate


def _logical(name: str, arguments: list[Evaluate]) -> Callable[..., Any]:
    decisive = name == "or"

    def evaluate(frame: Frame, before: Any = INVALID) -> Any:
        value = INVALID
        for argument in arguments:
            value = argument(frame)
            if is_true(value) == decisive:
                return value
        if before is INVALID and not arguments:
            raise TemplateFailed(f"function {name!r} requires an argument")
        return value if before is INVALID else before

    return evaluate


def _call(name: str, arguments: list[Evaluate]) -> Callable[..., Any]:
    if name not in FUNCTIONS:
        return _failing(f"function {name!r} is not defined")
    function, price = FUNCTIONS[name].call, FUNCTIONS[name].price

    def evaluate(frame: Frame, before: Any = INVALID) -> Any:
        run = frame.run
        values = []
        for argument in arguments:
            values.append(argument(frame))  # no comprehension: it would be one more call
        if before is not INVALID:
            values.append(before)
        run.calls -= 1
        if run.calls < 0:
            run.refuse_call()
        for value in values:
            if type(value) is not int:
                run.charge(value, price)
        try:
            result = function(*values)
            if type(result) is not bool:
                run.charge(result, price)
        except (TemplateFailed, TemplateExecutionError):
            raise
        except Exception as error:
            raise TemplateExecutionError(f"function {name!r} failed: {error}") from error
        return result

    return evaluate


def _comparison(name: str, left: Evaluate, right: Evaluate) -> Callable[..., Any]:
    """Compile `eq` or `ne` of two values, by far the most frequent calls in chat templates."""
    general, when_equal = _call(name, [_variable(0, ()), _variable(1, ())]), name == "eq"

    def evaluate(frame: Frame) -> Any:
        first, second = left(frame), right(frame)
        run, kind = frame.run, type(first)
        if kind is not type(second) or (kind is not str and kind is not int):
            operands = Frame(run, None, 2)
            operands.variables[:] = first, second
            return general(operands)
        run.calls -= 1
        if run.calls < 0:
            run.refuse_call()
        if kind is str:
            run.work -= len(first) + len(second)
            if run.work < 0:
                run.refuse_work()
        return (first == second) is when_equal

    return evaluate


def _failing(message: str) -> Callable[..., Any]:
    def evaluate(frame: Frame, before: Any = INVALID) -> Any:
        raise TemplateFailed(message)

    return evaluate


def _term(node: Any, scope: Scope) -> Evaluate:
    match node:
        case nodes.DotNode():
            return _dot
        case nodes.FieldNode():
            return _field(node.fields)
        case nodes.VariableNode():
            place = scope.find(node.name)
            return _constant(INVALID) if place is None else _variable(place, node.fields)
        case nodes.ParenthesizedNode():
            return _parenthesized(pipeline(node.pipeline, scope), node.fields)
        case nodes.IdentifierNode():
            return _call(node.name, [])
        case nodes.StringNode() | nodes.BoolNode():
            return _constant(node.value)
        case nodes.CharacterNode():
            return _constant(ord(node.value))
        case nodes.NilNode():
            return _constant(UNTYPED_NIL)
        case _:
            return _constant(number_value(node.text, is_complex=isinstance(node, nodes.ComplexNode)))


def _dot(frame: Frame) -> Any:
    return frame.dot


def _constant(value: Any) -> Evaluate:
    return lambda frame: value


def _field(fields: tuple[str, ...]) -> Evaluate:
    return lambda frame: look_up(frame.dot, fields)


def _variable(place: int, fields: tuple[str, ...]) -> Evaluate:
    if not fields:
        return lambda frame: frame.variables[place]
    return lambda frame: look_up(frame.variables[place], fields)


def _parenthesized(inner: Evaluate, fields: tuple[str, ...]) -> Evaluate:
    return (lambda frame: look_up(inner(frame), fields)) if fields else inner
