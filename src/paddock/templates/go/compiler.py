"""A compiler of Go templates: it turns the parse tree into Python closures, one for each action and expression.

The closures do what the interpreter of the `gotpl` package does, which decides at every node anew what to do; a test
compares the two. Where a jump out of a block makes that interpreter mix up variables or the dot, the closures do as Go
does. The compiler finds the place of every variable in its template's frame; the parser has checked that each is
declared.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from gotpl.parse import nodes
from gotpl.runtime.sync_vm import _range_entries, format_value

from paddock.templates.errors import TemplateFailed
from paddock.templates.go.execution import BREAK, CONTINUE, NEXT, Block, CompiledTemplate, Evaluate, Execute, Frame
from paddock.templates.go.expressions import Scope, is_true, pipeline


def compile_template(tree: Any) -> CompiledTemplate:
    """Compile a parsed template, with the templates that it defines."""
    templates: dict[str, CompiledTemplate] = {}
    for definition in tree.definitions:
        templates[definition.name] = _template(definition.body, templates)
    return _template(tree.root, templates)


def _template(body: Any, templates: Mapping[str, CompiledTemplate]) -> CompiledTemplate:
    scope = Scope()
    block = _Blocks(templates).block(body, scope)
    return CompiledTemplate(block, len(scope.places))


class _Blocks:
    """Compiles statements. `templates` may still be filled meanwhile; it is complete when a closure runs."""

    def __init__(self, templates: Mapping[str, CompiledTemplate]) -> None:
        self._templates = templates

    def block(self, body: Any, scope: Scope) -> Block:
        """Compile the statements of a list, which may be None."""
        statements = []
        for node in () if body is None else body.nodes:  # no comprehension: a chain of `else if` nests this 300 deep
            statements.append(self._statement(node, scope))
        return tuple(statements)

    def _statement(self, node: Any, scope: Scope) -> Execute:
        match node:
            case nodes.TextNode():
                return _text(node.text)
            case nodes.ActionNode():
                return _assigned(node.pipeline, scope) if node.pipeline.declarations else _printed(node.pipeline, scope)
            case nodes.IfNode():
                return self._if(node, scope.inner())
            case nodes.WithNode():
                return self._with(node, scope.inner())
            case nodes.RangeNode():
                return self._range(node, scope.inner())
            case nodes.BreakNode():
                return lambda frame: BREAK
            case nodes.ContinueNode():
                return lambda frame: CONTINUE
            case _:
                return self._call(node, scope)

    def _if(self, node: Any, scope: Scope) -> Execute:
        condition = _condition(node.pipeline, scope)
        body, other = self.block(node.body, scope.inner()), self.block(node.else_body, scope.inner())

        def execute(frame: Frame) -> int:
            value = condition(frame)
            for part in body if value is True or (value is not False and is_true(value)) else other:
                jump = part(frame)
                if jump:
                    return jump
            return NEXT

        return execute

    def _with(self, node: Any, scope: Scope) -> Execute:
        condition = _condition(node.pipeline, scope)
        body, other = self.block(node.body, scope.inner()), self.block(node.else_body, scope.inner())

        def execute(frame: Frame) -> int:
            value, dot = condition(frame), frame.dot
            block = other
            if is_true(value):
                frame.dot, block = value, body
            for part in block:
                jump = part(frame)
                if jump:
                    frame.dot = dot
                    return jump
            frame.dot = dot
            return NEXT

        return execute

    def _range(self, node: Any, scope: Scope) -> Execute:
        values = pipeline(node.pipeline, scope)
        inside = scope.inner()
        count = len(node.pipeline.declarations)
        key_place, item_place, missing = _range_places(node.pipeline, inside)
        body = (_undefined(missing, _nil),) if missing else self.block(node.body, inside)
        other = self.block(node.else_body, scope.inner())
        ends_early = any(_breaks(child) for child in node.body.nodes)

        def execute(frame: Frame) -> int:
            value = values(frame)
            entries = enumerate(value) if type(value) is list else _range_entries(value, count)
            run, dot, variables = frame.run, frame.dot, frame.variables
            if type(value) is int and value > run.passes and not ends_early:
                run.refuse_pass()
            block = other
            for key, item in entries:
                block = ()
                run.passes -= 1
                if run.passes < 0:
                    run.refuse_pass()
                frame.dot = item
                variables[key_place] = key
                variables[item_place] = item
                for part in body:
                    jump = part(frame)
                    if jump:
                        break
                else:
                    continue
                if jump == BREAK:
                    break
            frame.dot = dot
            for part in block:
                jump = part(frame)
                if jump:
                    return jump
            return NEXT

        return execute

    def _call(self, node: Any, scope: Scope) -> Execute:
        templates, name = self._templates, node.name
        argument = _nil if node.pipeline is None else pipeline(node.pipeline, scope)

        def execute(frame: Frame) -> int:
            template = templates.get(name)
            if template is None:
                raise TemplateFailed(f"template {name!r} is not defined")
            inner = Frame(frame.run, argument(frame), template.variables)
            for part in template.block:
                part(inner)
            return NEXT

        return execute


def _range_places(node: Any, scope: Scope) -> tuple[int, int, str]:
    """Return the places of a pass's key and item, and the name of a variable that cannot be assigned.

    If the template does not name one of the two, its place has no name.
    """
    names = [variable.name for variable in node.declarations]
    places = [scope.find(name) if node.is_assignment else scope.declare(name) for name in names]
    missing = next((name for name, place in zip(names, places, strict=True) if place is None), "")
    unused = scope.declare("")
    key, item = [unused, unused, *(unused if place is None else place for place in places)][-2:]
    return key, item, missing


def _breaks(node: Any) -> bool:
    """Return whether a statement in the body of a loop can end the loop."""
    if isinstance(node, nodes.BreakNode):
        return True
    body = () if isinstance(node, nodes.RangeNode) else _statements(node, "body")
    return any(map(_breaks, (*body, *_statements(node, "else_body"))))


def _statements(node: Any, branch: str) -> tuple[Any, ...]:
    return getattr(getattr(node, branch, None), "nodes", ())


def _text(text: str) -> Execute:
    size = len(text)

    def execute(frame: Frame) -> int:
        run = frame.run
        run.room -= size
        if run.room < 0:
            run.refuse_output()
        run.write(text)
        return NEXT

    return execute


def _printed(node: Any, scope: Scope) -> Execute:
    evaluate = pipeline(node, scope)

    def execute(frame: Frame) -> int:
        value = evaluate(frame)
        text: str = value if type(value) is str else format_value(value)
        run = frame.run
        run.room -= len(text)
        if run.room < 0:
            run.refuse_output()
        run.write(text)
        return NEXT

    return execute


def _assigned(node: Any, scope: Scope) -> Execute:
    evaluate = pipeline(node, scope)
    name, place = _variable(node, scope)
    if place is None:
        return _undefined(name, evaluate)

    def execute(frame: Frame) -> int:
        frame.variables[place] = evaluate(frame)
        return NEXT

    return execute


def _variable(node: Any, scope: Scope) -> tuple[str, int | None]:
    """Return the variable that a pipeline declares or assigns, and its place; None if it is not declared."""
    (variable,) = node.declarations
    return variable.name, scope.find(variable.name) if node.is_assignment else scope.declare(variable.name)


def _condition(node: Any, scope: Scope) -> Evaluate:
    """Compile a pipeline that stores its value also in the variable that it declares or assigns."""
    evaluate = pipeline(node, scope)
    if not node.declarations:
        return evaluate
    name, place = _variable(node, scope)
    if place is None:
        return _undefined(name, evaluate)

    def store(frame: Frame) -> Any:
        value = frame.variables[place] = evaluate(frame)
        return value

    return store


def _undefined(name: str, evaluate: Evaluate) -> Callable[[Frame], NoReturn]:
    """Compile an assignment to a variable that is only declared in a branch that is not taken."""

    def fail(frame: Frame) -> NoReturn:
        evaluate(frame)
        raise TemplateFailed(f"undefined variable {name!r}")

    return fail


def _nil(frame: Frame) -> Any:
    return None
