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
"""The package's rules of truth and of looking into values: into mappings and our own structs only."""

_PLAIN = frozenset((bool, str, int, float, list, dict, type(None)))
"""Types whose truth in Go is their truth in Python."""


class Scope:
    """The variables of a template by their places in its frame, as seen from one block of it."""

    def __init__(self, outer: "Scope | None" = None) -> None:
        self.places: list[str] = ["$"] if outer is None else outer.places
        self._names = {"$": 0} if outer is None else {}
        self._outer = outer

    def inner(self) -> "Scope":
        """The scope of a block inside: what it declares is not seen outside."""
        return Scope(self)

    def find(self, name: str) -> int | None:
        """The place of a variable; None if it is only declared in a branch that is not taken."""
        scope: Scope | None = self
        while scope is not None:
            place = scope._names.get(name)
            if place is not None:
                return place
            scope = scope._outer
        return None

    def declare(self, name: str) -> int:
        """A place for a variable declared here."""
        self.places.append(name)
        self._names[name] = len(self.places) - 1
        return self._names[name]


def is_true(value: Any) -> bool:
    """Whether Go's templates take a value for true."""
    if type(value) in _PLAIN:
        return bool(value)
    return bool(_VALUES.is_true(value))


def look_up(value: Any, field: str) -> Any:
    """A field of a struct or a key of a mapping.

    Raises:
        TemplateFailed: if the struct has no such field.
        gotpl.SandboxViolationError: if the value is neither.
    """
    if isinstance(value, GoStruct):
        return value.__gotemplate_lookup__(field)
    if type(value) is dict:
        return value.get(field, INVALID)
    return _VALUES.lookup(value, field)


def _look_up_all(value: Any, fields: tuple[str, ...]) -> Any:
    for field in fields:
        value = look_up(value, field)
        if value is INVALID:
            break
    return value


def pipeline(node: Any, scope: Scope) -> Evaluate:
    """What a pipeline computes; what it declares or assigns is not done here."""
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
    """A command; if it stands behind a `|`, a function of the frame and of the value before."""
    first, *rest = node.arguments
    if isinstance(first, nodes.IdentifierNode):
        arguments = [_term(argument, scope) for argument in rest]
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
    wanted = name == "or"

    def evaluate(frame: Frame, before: Any = INVALID) -> Any:
        value = INVALID
        for argument in arguments:
            value = argument(frame)
            if is_true(value) == wanted:
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
        values = [argument(frame) for argument in arguments]
        if before is not INVALID:
            values.append(before)
        run = frame.run
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
    if len(fields) > 1:
        return lambda frame: _look_up_all(frame.dot, fields)
    (field,) = fields
    return lambda frame: look_up(frame.dot, field)


def _variable(place: int, fields: tuple[str, ...]) -> Evaluate:
    if not fields:
        return lambda frame: frame.variables[place]
    return lambda frame: _look_up_all(frame.variables[place], fields)


def _parenthesized(inner: Evaluate, fields: tuple[str, ...]) -> Evaluate:
    return (lambda frame: _look_up_all(inner(frame), fields)) if fields else inner
