"""Templates that are programs: the `gotpl` package, limited.

A template is a stranger's program, so it runs in the package's sandbox, and what it may do and build in one rendering
has limits. This is the only module that knows the package; importing it takes about 100 ms.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import gotpl
from gotpl.parse import parse_template
from gotpl.runtime.sync_vm import _builtin_functions
from gotpl.runtime.values import INVALID

from paddock.prompting.errors import TemplateFailed, TemplateSyntax
from paddock.prompting.go_values import GoList, GoNothing, GoStruct, go_json, go_messages, go_tools

MAX_STEPS = 10_000_000
"""Nodes and arguments that one rendering may go through if every loop runs through its whole body: some seconds."""
MAX_CALLS = 500_000
"""Calls of functions in one rendering: about a second of work."""
MAX_EXPANDED = 200_000
"""Nodes and arguments of a template in which every `template` action is replaced by what it calls."""
MAX_WORK = 100_000_000
"""Characters and items that the functions of one rendering may read and write together."""
MAX_PROMPT = 64_000_000
"""Longest prompt in characters."""
MAX_WIDTH = 4
"""Digits of the greatest width and precision in `printf`."""


class Parsed:
    """A template's program (see `go_template.Program`)."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._tree = parse_template(text, functions=_FUNCTIONS)
            self._names = frozenset(_names(self._tree))
            self._template = gotpl.Template(
                text,
                name="",
                functions=_FUNCTIONS,
                sandbox=_sandbox(iterations=MAX_STEPS // _expanded_size(self._tree)),
            )
        except TemplateSyntax:
            raise
        except gotpl.TemplateSyntaxError as error:
            raise TemplateSyntax(_go_wording(error)) from None
        except Exception as error:  # a young parser on a stranger's text: no failure of it may end a request as ours
            raise TemplateSyntax(f"template: :1: {_one_line(error)}") from None

    def run(self, data: Mapping[str, Any]) -> str:
        """Render within the limits.

        Raises:
            TemplateFailed: if the template fails or exceeds them.
        """
        values = dict(data)
        if "Messages" in values:
            values["Messages"] = go_messages(values["Messages"], _Arguments)
            values["Tools"] = go_tools(values["Tools"])
        try:
            text: str = self._template.render(values)
        except TemplateFailed as error:
            raise TemplateFailed(f"template: {error}") from None
        except Exception as error:  # as above
            cause = error.__cause__ if isinstance(error.__cause__, TemplateFailed) else error
            raise TemplateFailed(f"template: {_one_line(getattr(cause, 'message', cause))}") from None
        return text

    def names(self) -> frozenset[str]:
        """Names used, in lower case."""
        return self._names

    def cut_after(self, field: str) -> "Parsed":
        """The same program up to the first action that prints `field`; open blocks are closed behind it."""
        place = _place(self._tree.root, field)
        if place is None:
            return self
        end, depth = place
        source = self._text.encode()
        later = b"".join(source[d.start : d.end] for d in self._tree.definitions if d.start >= end)
        return Parsed((source[:end] + b"{{end}}" * depth + later).decode())


# What a template is made of. Nodes are known by their attributes: all branches have `body` and `else_body`.


def _branches(node: Any) -> Iterator[Any]:
    for name in ("body", "else_body"):
        branch = getattr(node, name, None)
        if branch is not None:
            yield branch


def _place(branch: Any, field: str, depth: int = 0) -> tuple[int, int] | None:
    """Where the first action that prints `field` ends (in bytes), and how many blocks are open there."""
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


def _names(tree: Any) -> Iterator[str]:
    """The names that Ollama sees in a template: not those in a parenthesis with a field behind it."""
    pending = [tree.root, *(definition.body for definition in tree.definitions)]
    while pending:
        for node in pending.pop().nodes:
            pending.extend(_branches(node))
            pipeline = getattr(node, "pipeline", None)
            if pipeline is not None:
                yield from _names_in(pipeline)
            elif _kind(node) == "TemplateCall":
                raise TemplateSyntax("undefined template specified")


def _names_in(pipeline: Any) -> Iterator[str]:
    for command in pipeline.commands:
        for argument in command.arguments:
            kind = _kind(argument)
            if kind == "Variable":
                yield argument.name.lower()
            if kind in ("Variable", "Field"):
                yield from (name.lower() for name in argument.fields)
            elif kind == "Parenthesized" and not argument.fields:
                yield from _names_in(argument.pipeline)


def _kind(node: object) -> str:
    return type(node).__name__.removesuffix("Node")


def _expanded_size(tree: Any) -> int:
    """How many nodes and arguments one pass through the template sees at most, called templates included.

    The package's budget counts passes through loops, not what is in them, and no calls of templates.
    """
    bodies = {definition.name: definition.body for definition in tree.definitions}
    known: dict[str, int | None] = {}

    def size(branch: Any) -> int:
        total = 1
        for node in branch.nodes:
            total += 1 + sum(map(size, _branches(node)))
            pipeline = getattr(node, "pipeline", None)
            if pipeline is not None:
                total += terms(pipeline)
            if _kind(node) == "TemplateCall":
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


# Errors, worded as Go words them.

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
    return f"template: :{error.line}: {_one_line(message)}"


def _one_line(error: object) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return " ".join(str(error).split())[:500] or type(error).__name__


# Functions. Each pays for what it reads and writes, since the package's budget does not know the size of values: a loop
# that doubles a text would otherwise fill the memory in forty passes.


class _Meter:
    def __init__(self) -> None:
        self.left = MAX_WORK

    def charge(self, value: object, price: int) -> None:
        size = getattr(value, "__len__", None)
        if size is not None:
            self.left -= price * size()
            if self.left < 0:
                raise TemplateFailed("the template builds too much text")


def _metered(name: str, function: Callable[..., Any]) -> Any:
    price = _PRICES.get(name, 1)

    def call(context: Any, *arguments: Any) -> Any:
        meter = context.state(_Meter, _Meter)
        for argument in arguments:
            meter.charge(argument, price)
        result = function(*arguments)
        meter.charge(result, price)
        return result

    return gotpl.ContextFunction(sync=call)


_PRICES = {"html": 20, "js": 20, "urlquery": 20, "json": 5}
"""Functions that look at each character in Python."""

_BUILTINS: Mapping[str, Callable[..., Any]] = _builtin_functions("go")
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


def _index(value: Any, *indexes: Any) -> Any:
    return _BUILTINS["index"](_plain(value), *indexes)


def _slice(value: Any, *indexes: Any) -> Any:
    return _BUILTINS["slice"](_plain(value), *indexes)


def _plain(value: Any) -> Any:
    """What the package's functions can index: not our own containers."""
    if isinstance(value, _Arguments):
        return value.as_json()
    return list(value) if isinstance(value, GoList | GoNothing) else value


def _current_date(*_: object) -> str:
    return date.today().isoformat()


def _yesterday_date(*_: object) -> str:
    return (date.today() - timedelta(days=1)).isoformat()


def _type_script_type(schema: Any) -> str:
    if not isinstance(schema, GoStruct):
        raise TemplateFailed("toTypeScriptType: not a tool's property")
    written: str = schema.__gotemplate_lookup__("ToTypeScriptType")
    return written


class _Arguments(gotpl.GoSeq2):  # type: ignore[misc]
    """A tool call's arguments: the engine ranges over them as over a map, and prints them as JSON."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        super().__init__([(key, _sorted(arguments[key])) for key in sorted(arguments)])

    def __str__(self) -> str:
        return go_json(self.as_json())

    def as_json(self) -> dict[str, Any]:
        return dict(self.values)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


_OWN: dict[str, Callable[..., Any]] = {
    "index": _index,
    "slice": _slice,
    "printf": _printf,
    "json": _json,
    "currentDate": _current_date,
    "yesterdayDate": _yesterday_date,
    "toTypeScriptType": _type_script_type,
}
_FUNCTIONS = {name: _metered(name, function) for name, function in {**_BUILTINS, **_OWN}.items() if name != "call"}


def _sandbox(iterations: int) -> Any:
    return gotpl.SandboxPolicy(
        allow_functions=_FUNCTIONS,
        allow_custom_lookup=True,
        max_template_chars=10_000_000,
        default_budget=gotpl.ExecutionBudget(
            max_output_chars=MAX_PROMPT,
            max_iterations=iterations,
            max_template_depth=1000,
            max_function_calls=MAX_CALLS,
        ),
    )
