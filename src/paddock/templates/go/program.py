"""Programs of Go templates: the `gotpl` package parses them, then they are checked and compiled.

A template is untrusted, so its size is limited here and what one rendering does in `execution`. Importing `gotpl` takes
about 100 ms.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import gotpl
from gotpl.parse import parse_template

from paddock.templates.errors import TemplateSyntax
from paddock.templates.go.compiler import compile_template
from paddock.templates.go.execution import CompiledProgram, one_line
from paddock.templates.go.functions import FUNCTIONS

MAX_STEPS = 10_000_000
"""Most nodes and arguments in one rendering in which every loop runs through its whole body: about a second."""
MAX_EXPANDED = 200_000
"""Most nodes and arguments of a template in which every `template` action is replaced by the template it calls."""


def compile_program(text: str) -> CompiledProgram:
    """Parse, check and compile a template.

    Raises:
        TemplateSyntax: if it is no template, or too large.
    """
    try:
        tree = parse_template(text, functions=FUNCTIONS)
        max_passes = MAX_STEPS // _expanded_size(tree)
        return CompiledProgram(compile_template(tree), max_passes, partial(_cut_after, text, tree))
    except TemplateSyntax:
        raise
    except gotpl.TemplateSyntaxError as error:
        raise TemplateSyntax(_go_wording(error)) from None
    except Exception as error:  # a young parser on untrusted text: none of its failures may count as ours
        raise TemplateSyntax(f"template: :1: {one_line(error)}") from None


def _cut_after(text: str, tree: Any, field: str) -> CompiledProgram:
    place = _place(tree.root, field)
    if place is None:
        return compile_program(text)
    end, depth = place
    source = text.encode()
    later = b"".join(source[d.start : d.end] for d in tree.definitions if d.start >= end)
    return compile_program((source[:end] + b"{{end}}" * depth + later).decode())


# The parse tree. Nodes are recognized by their attributes: all branches have `body` and `else_body`.


def _branches(node: Any) -> Iterator[Any]:
    for name in ("body", "else_body"):
        branch = getattr(node, name, None)
        if branch is not None:
            yield branch


def _place(branch: Any, field: str, depth: int = 0) -> tuple[int, int] | None:
    """Return where the first action that prints `field` ends (in bytes), and how many blocks are open there."""
    for node in branch.nodes:
        if _kind(node) == "Action" and any(field in fields for fields in _field_chains(node.pipeline)):
            return node.end, depth
        for child in _branches(node):
            place = _place(child, field, depth + 1)
            if place is not None:
                return place
    return None


def _field_chains(pipeline: Any) -> Iterator[tuple[str, ...]]:
    for command in pipeline.commands:
        for argument in command.arguments:
            if _kind(argument) == "Field":
                yield argument.fields


def _kind(node: object) -> str:
    return type(node).__name__.removesuffix("Node")


def _expanded_size(tree: Any) -> int:
    """Return how many nodes and arguments one pass through the template executes at most.

    Templates that it calls are included: a rendering counts passes through loops, but neither the nodes in them nor
    calls of templates.
    """
    bodies = {definition.name: definition.body for definition in tree.definitions}
    known: dict[str, int | None] = {}

    def size(branch: Any) -> int:
        total = 1
        for node in branch.nodes:
            block = _kind(node) == "Block"
            total += 1 + (called(node.name) if block else sum(map(size, _branches(node))))
            pipeline = getattr(node, "pipeline", None)
            if pipeline is not None:
                total += terms(pipeline)
            if _kind(node) == "TemplateCall":
                if pipeline is None:
                    raise TemplateSyntax("undefined template specified")
                total += called(node.name)
        if total > MAX_EXPANDED:
            raise TemplateSyntax(f"template: :1: the template is too large: more than {MAX_EXPANDED} parts")
        return total

    def terms(pipeline: Any) -> int:
        arguments = [argument for command in pipeline.commands for argument in command.arguments]
        return len(arguments) + sum(terms(a.pipeline) for a in arguments if _kind(a) == "Parenthesized")

    def called(name: str) -> int:
        if name not in known:
            known[name] = None
            known[name] = size(bodies[name]) if name in bodies else 1
        total = known[name]
        if total is None:
            raise TemplateSyntax(f'template: :1: template "{name}" calls itself')
        return total

    return size(tree.root) + sum(called(name) for name in bodies)


# The wording of errors is Go's.

_WORDING = [
    (re.compile(r"^unexpected (end|else)$"), r"unexpected {{\1}}"),
    (re.compile(r"^(break|continue) outside range$"), r"{{\1}} outside {{range}}"),
    (re.compile(r"^unexpected '(.*)'$", re.DOTALL), r'unexpected "\1" in operand'),
    (re.compile(r"'([^']*)'"), r'"\1"'),
]


def _go_wording(error: Any) -> str:
    message = str(error).split(": ", 1)[-1]
    for pattern, wording in _WORDING:
        message = pattern.sub(wording, message)
    return f"template: :{error.line}: {one_line(message)}"
