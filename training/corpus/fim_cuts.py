"""Where to cut a hole into code."""

import ast
import re
from itertools import accumulate
from random import Random

KINDS = {
    "return": 24,
    "line": 15,
    "rest": 16,
    "block": 9,
    "condition": 8,
    "header": 8,
    "two": 6,
    "part": 6,
    "value": 5,
    "params": 4,
    "tail": 9,
    "body": 4,
    "word": 2,
}
"""The kinds of cuts, and how often each comes."""

LONGEST = 110
TOKEN = re.compile(r"\w+|[^\w\s]+")

Span = tuple[int, int]


def spans(text: str, kind: str, rng: Random) -> list[Span]:
    """Return all spans of the kind in the code, as offsets; none begins or ends with white space."""
    tree = ast.parse(text)
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    statements = [node for function in functions for top in _body(function) for node in _inside(top)]
    found: list[Span] = []

    def add(first: ast.AST, last: ast.AST | None = None) -> None:
        found.append((_start(first, starts), _end(last or first, starts)))

    if kind in ("return", "block", "condition", "header", "part", "value"):
        for node in statements:
            if kind == "return" and isinstance(node, ast.Return) and node.value:
                add(node.value)
            elif kind == "block" and isinstance(node, ast.For | ast.If | ast.While):
                add(node.body[0], node.body[-1])
            elif kind == "condition" and isinstance(node, ast.If | ast.IfExp | ast.While):
                add(node.test)
            elif kind == "condition" and isinstance(node, ast.comprehension):
                found.extend((_start(test, starts), _end(test, starts)) for test in node.ifs)
            elif kind == "header" and isinstance(node, ast.For):
                found.append((_start(node, starts), starts[node.lineno] - 1))
                found.append((_start(node.iter, starts), _end(node.iter, starts)))
            elif kind == "header" and isinstance(node, ast.If):
                found.append((_start(node, starts), starts[node.lineno] - 1))
            elif kind == "part" and isinstance(node, ast.expr):
                add(node)
            elif kind == "value" and isinstance(node, ast.Assign | ast.AugAssign):
                add(node.value)
            elif kind == "value" and isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                found.extend((_start(value, starts), _end(value, starts)) for value in node.value.args)
    elif kind == "params":
        for function in functions:
            line = text[starts[function.lineno - 1] : starts[function.lineno] - 1]
            found.append(
                (starts[function.lineno - 1] + line.index("(") + 1, starts[function.lineno - 1] + line.rindex(")"))
            )
    elif kind == "tail":
        last = functions[-1].body[-1]
        found.append((_start(last, starts), len(text)))
        if isinstance(last, ast.Return) and last.value:
            found.append((_start(last.value, starts), len(text)))
    elif kind == "body":
        for function in functions:
            body = _body(function)
            add(body[0], body[-1])
    else:
        found = _of_lines(text, starts, functions, kind, rng)
    return [span for span in (_tight(text, span) for span in found) if 0 < span[1] - span[0] <= LONGEST]


def loose(text: str, span: Span, rng: Random) -> Span:
    """Return the span with the white space in front of it, or behind it, or both."""
    start, end = span
    before = text[:start]
    start = len(before.rstrip(" ")) if rng.random() < 0.6 else len(before.rstrip())
    if rng.random() < 0.3 and text[end : end + 1] == "\n":
        end += 1
    return start, end


def copyable(text: str, span: Span, chosen: frozenset[str]) -> bool:
    """Tell whether all that was chosen freely and is cut out also stands outside the hole."""
    outside = _words(text[: span[0]]) | _words(text[span[1] :])
    return not (_words(text[span[0] : span[1]]) & chosen) - outside


def _words(text: str) -> set[str]:
    names = set(re.findall(r"\w+", text))
    return names | {part for name in names for part in name.split("_")}


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if documented else function.body


def _inside(node: ast.AST) -> list[ast.AST]:
    """Return the node and all below it, but nothing inside f-strings: their positions are not to be relied on."""
    if isinstance(node, ast.JoinedStr):
        return [node]
    return [node] + [inner for child in ast.iter_child_nodes(node) for inner in _inside(child)]


def _start(node: ast.AST, starts: list[int]) -> int:
    assert isinstance(node, ast.stmt | ast.expr)
    return starts[node.lineno - 1] + node.col_offset


def _end(node: ast.AST, starts: list[int]) -> int:
    assert isinstance(node, ast.stmt | ast.expr)
    assert node.end_lineno is not None and node.end_col_offset is not None
    return starts[node.end_lineno - 1] + node.end_col_offset


def _of_lines(text: str, starts: list[int], functions: list[ast.FunctionDef], kind: str, rng: Random) -> list[Span]:
    numbers = sorted(
        {n for f in functions for top in _body(f) for n in range(top.lineno - 1, top.end_lineno or top.lineno)}
    )
    found = []
    for n in numbers:
        start, end = starts[n], starts[n + 1] - 1
        if kind == "line":
            found.append((start, end))
        elif kind == "two" and n + 1 in numbers:
            found.append((start, starts[n + 2] - 1))
        elif kind in ("rest", "word"):
            tokens = [token.span() for token in TOKEN.finditer(text, start, end)]
            if kind == "rest":
                found += [(token[0], end) for token in tokens[1:]]
            else:
                found += [(rng.randrange(token[0] + 1, token[1]), end) for token in tokens if token[1] - token[0] > 1]
    return found


def _tight(text: str, span: Span) -> Span:
    start, end = span
    middle = text[start:end]
    return start + len(middle) - len(middle.lstrip()), end - len(middle) + len(middle.rstrip())
