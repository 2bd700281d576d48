"""Random Go templates that mostly run through, and conversations for them.

A name is declared once in a template, and no loop is left out of a `with`: there `gotpl`'s machine mixes up variables
and the dot, so it is no measure.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from paddock.templates import Message

TEXTS = ["", "a", "user", "tool", "Grüße\n", '<"&>', "{{ x }}", "0"]
LITERALS = ['""', '"a"', '"user"', "`r\n`", "'c'", "0", "1", "-2", "3.5", "1e3", "true", "false"]
FIELDS = {
    "root": [".System", ".Prompt", ".Response", ".Missing", ".Think", ".ThinkLevel", ".Messages", ".Tools", ".Number"],
    "message": [".Role", ".Content", ".Thinking", ".ToolCalls", ".ToolName", ".Images"],
    "call": [".ID", ".Function", ".Function.Name", ".Function.Index", ".Function.Arguments"],
    "tool": [".Type", ".Function", ".Function.Name", ".Function.Parameters.Properties", ".Function.Parameters"],
    "other": ["."],
}
LISTS = {
    "root": [(".Messages", "message"), (".Tools", "tool"), (".Names", "other"), (".Map", "other")],
    "message": [(".ToolCalls", "call"), (".Images", "other")],
    "call": [(".Function.Arguments", "other")],
    "tool": [(".Function.Parameters.Properties", "other"), (".Function.Parameters.Required", "other")],
    "other": [],
}


@dataclass(frozen=True)
class Place:
    """What can be said at one place of a template."""

    dot: str = "root"
    variables: tuple[str, ...] = ()
    root: bool = True
    in_loop: bool = False
    depth: int = 3
    templates: tuple[tuple[str, str], ...] = ()


@dataclass
class Names:
    """Names that are taken."""

    taken: int = 0
    definitions: list[str] = field(default_factory=list)

    def fresh(self) -> str:
        self.taken += 1
        return f"$v{self.taken}"


@st.composite
def values(draw: st.DrawFn, place: Place, depth: int = 2) -> str:
    kinds = ["literal", "field", "field", "field", "variable", "dot"]
    kind = draw(st.sampled_from(kinds + ["call", "call", "logical"] * (depth > 0)))
    if kind == "variable" and place.variables:
        return draw(st.sampled_from(place.variables))
    if kind == "dot":
        return "."
    if kind == "literal":
        return draw(st.sampled_from(LITERALS))
    if kind in ("call", "logical"):
        return f"({draw(calls(place, depth - 1))})"
    if place.root and draw(st.booleans()):
        return "$" + draw(st.sampled_from(FIELDS["root"]))
    return draw(st.sampled_from(FIELDS[place.dot]))


@st.composite
def calls(draw: st.DrawFn, place: Place, depth: int) -> str:
    value = values(place, depth)
    shape = draw(
        st.sampled_from(
            [
                'eq {} "user"',
                "ne {} {}",
                "eq (print {}) (print {}) (json {})",
                "lt {} 2",
                "le 1 (len (print {}))",
                "gt (len (print {})) (len (json {}))",
                "ge (len (print {})) 2",
                "and {} {}",
                "or {} {}",
                "or {}",
                "not {}",
                "len {}",
                "len (print {})",
                "print {} {}",
                "println {}",
                'printf "%v|%s|%d" {} {} {}',
                'printf "%q-%5v" {} {}',
                "json {}",
                "html {}",
                "index $.Names 0",
                'index $.Map "a"',
                "slice (print {}) 0",
                "slice {} 0 1",
                "{} | print",
                '{} | print | eq "a"',
                "{} | and {}",
                "{} | json | len",
                "{} {}",
            ]
        )
    )
    return shape.format(*[draw(value) for _ in range(shape.count("{}"))])


@st.composite
def statements(draw: st.DrawFn, place: Place, names: Names) -> str:
    written = []
    for _ in range(draw(st.integers(0, 4))):
        text, place = draw(statement(place, names))
        written.append(text)
    return "".join(written)


@st.composite
def statement(draw: st.DrawFn, place: Place, names: Names) -> tuple[str, Place]:
    kinds = ["text", "print", "print", "declare", "assign", "call"]
    kinds += ["if", "else if", "with", "range", "range", "count", "block"] * (place.depth > 0)
    kind = draw(st.sampled_from(kinds + ["jump"] * place.in_loop))
    left, right = draw(st.sampled_from(["{{", "{{ ", "{{- "])), draw(st.sampled_from(["}}", " }}", " -}}"]))
    inner = replace(place, depth=place.depth - 1)
    if kind == "text":
        return draw(st.sampled_from([" ", "\n", " x ", "} ", "é\n  "])), place
    if kind == "print":
        return left + draw(values(place) | calls(place, 1)) + right, place
    if kind == "declare":
        name = names.fresh()
        value = draw(values(place))
        return f"{left}{name} := {value}{right}", replace(place, variables=(*place.variables, name))
    if kind == "assign" and place.variables:
        return f"{left}{draw(st.sampled_from(place.variables))} = {draw(values(place))}{right}", place
    if kind == "call" and place.templates:
        name, dot = draw(st.sampled_from(place.templates))
        return f'{left}template "{name}" {"." if dot == place.dot else "$"}{right}', place
    if kind == "jump":
        jump = draw(st.sampled_from(["break", "continue"]))
        return f"{{{{ if {draw(values(place))} }}}}{{{{ {jump} }}}}{{{{ end }}}}", place
    if kind == "if":
        name, declared = "", inner
        if draw(st.booleans()):
            variable = names.fresh()
            name, declared = f"{variable} := ", replace(inner, variables=(*inner.variables, variable))
        first, second = draw(statements(declared, names)), draw(statements(declared, names))
        return f"{left}if {name}{draw(values(place))}{right}{first}{{{{ else }}}}{second}{{{{- end }}}}", place
    if kind == "else if":
        first, second, third = (draw(statements(inner, names)) for _ in range(3))
        one, other = draw(values(place)), draw(values(place))
        start = f"{left}if {one}{right}{first}{{{{- else if {other} }}}}{second}"
        return f"{start}{{{{ else }}}}{third}{{{{ end }}}}", place
    if kind == "with":
        body = draw(statements(replace(inner, dot="other", in_loop=False), names))
        other = draw(statements(replace(inner, in_loop=False), names))
        return f"{left}with {draw(values(place))}{right}{body}{{{{ else }}}}{other}{{{{ end }}}}", place
    if kind == "block" and len(names.definitions) < 5:
        name = f"b{len(names.definitions)}"
        names.definitions.append(name)
        body = draw(statements(Place(place.dot, root=False, depth=1), names))
        return f'{left}block "{name}" .{right}{body}{{{{ end }}}}', place
    if kind in ("range", "count"):
        return draw(loops(place, names, kind)), place
    return "", place


@st.composite
def loops(draw: st.DrawFn, place: Place, names: Names, kind: str) -> str:
    path, item = draw(st.sampled_from(["2", "0", "3"])), "other"
    lists = LISTS[place.dot] + ([("$" + path, item) for path, item in LISTS["root"]] if place.root else [])
    if kind == "range" and lists:
        path, item = draw(st.sampled_from(lists))
    count = draw(st.integers(0, 1 if path.isdigit() or path.endswith("Arguments") else 2))
    variables = [names.fresh() for _ in range(count)]
    head = f"{', '.join(variables)} := {path}" if variables else path
    if not variables and place.variables and draw(st.booleans()):
        head = f"{draw(st.sampled_from(place.variables))} = {path}"
    inside = replace(place, dot=item, variables=(*place.variables, *variables), in_loop=True, depth=place.depth - 1)
    body = draw(statements(inside, names))
    other = draw(statements(replace(place, depth=place.depth - 1), names))
    return f"{{{{- range {head} }}}}{body}{{{{ else }}}}{other}{{{{ end }}}}"


@st.composite
def templates(draw: st.DrawFn) -> str:
    names = Names()
    defined: list[tuple[str, str]] = []
    text = ""
    for number in range(draw(st.integers(0, 2))):
        dot = draw(st.sampled_from(["root", "message"]))
        body = draw(statements(Place(dot, root=dot == "root", depth=2, templates=tuple(defined)), names))
        text += f'{{{{ define "t{number}" }}}}{body}{{{{ end }}}}'
        defined.append((f"t{number}", dot))
    return text + draw(statements(Place(templates=tuple(defined)), names)) + draw(statements(Place(), names))


ARGUMENTS = [{}, {"city": "Paris", "n": 3}, {"b": [1, 2.5, None], "a": {"k": True}}]
CALLS = [{"id": "c1", "function": {"name": "f", "arguments": arguments}} for arguments in ARGUMENTS]
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
    {
        "type": "function",
        "function": {
            "name": "g<",
            "parameters": {
                "type": "object",
                "required": ["x"],
                "properties": {"x": {"type": "string"}, "y": {"type": ["integer", "null"], "enum": [1, 2]}},
            },
        },
    },
]
messages = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant", "tool"]),
    st.sampled_from(TEXTS),
    thinking=st.sampled_from(TEXTS[:3]),
    images=st.lists(st.just("image"), max_size=2),
    tool_calls=st.lists(st.sampled_from(CALLS), max_size=2),
    tool_name=st.sampled_from(TEXTS[:3]),
)
data = st.fixed_dictionaries(
    {
        "Messages": st.lists(messages, max_size=4),
        "Tools": st.lists(st.sampled_from(TOOLS), max_size=2),
        "System": st.sampled_from(TEXTS),
        "Response": st.just(""),
        "Think": st.booleans(),
        "ThinkLevel": st.sampled_from(["", "high"]),
        "Number": st.sampled_from([0, 7, 1.5, None]),
        "Names": st.lists(st.sampled_from(TEXTS), max_size=3),
        "Map": st.dictionaries(st.sampled_from(["b", "a", "c"]), st.sampled_from([1, "x", None, [1]]), max_size=3),
    },
    optional={"Prompt": st.sampled_from(TEXTS)},
)
