"""What the text of a Go template tells about its model: the variables it uses, and the tags in the model's replies.

A template shows how the model's own turns are written. Thinking stands between the texts around `.Thinking`, and a
tool call begins with the first text where `.ToolCalls` are written. A template that names them otherwise shows no tags.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from paddock.templates.go.outline import OutlineNode, nested, pieces

MAX_TEMPLATE_LENGTH = 128 * 1024
"""Longest template in characters. The longest of the public library has 9,000."""

MAX_SHOWN_TEXT = 1024
"""Longest text in characters that a template shows of replies. Tags have up to 30; every reply is searched for them."""

_CONSTANT = re.compile(r"""  "(?:\\.|[^"\\])*+" | `[^`]*+` | '(?:\\.|[^'\\])*+' """, re.VERBOSE)
"""A string or character constant."""
_THINKING = re.compile(r"(?:^|[\s(|])\.Thinking\b")
_MESSAGES = re.compile(r"\.Messages\b")
_TOOL_CALLS = re.compile(r"(?:^|[\s|])\.ToolCalls(?!\w)")
_PARENTHESIS = re.compile(r"[()]")
_FIELDS = re.compile(r"(?:\.\w+)*")
_DECLARED = re.compile(r"^\s*\$\w*\s*(?:,\s*\$\w*\s*)?:?=")
_NAME = re.compile(r"(?:\$\w*|(?<=\.)[^\W\d]\w*)")


@dataclass(frozen=True)
class TemplateAnalysis:
    """What a template tells about its model."""

    variables: frozenset[str] = frozenset()
    """The names of the fields that it uses, in lower case, and of its variables with their `$`."""
    thinking_tags: tuple[str, str] = ("", "")
    """The tags around the model's thinking; empty where the template shows none."""
    tool_call_prefix: str = ""
    """The text that the model's tool calls begin with; empty where the template shows none."""
    call_texts: tuple[str, str, str] | None = None
    """The texts before the name of a call, between name and arguments, and after them, up to the next of them or the
    end of the calls; None where the template does not write name and arguments after each other."""


@lru_cache(maxsize=64)
def analyse(template: str) -> TemplateAnalysis:
    """Analyse a template by its text. One that is too large, or no template, shows nothing but variables."""
    if len(template) > MAX_TEMPLATE_LENGTH:
        return TemplateAnalysis()
    nodes = list(pieces(template))
    variables = frozenset(_variables(nodes))
    try:
        tree = nested(iter(nodes))
        calls = _branch_of_calls(tree)
        return TemplateAnalysis(
            variables=variables,
            thinking_tags=_thinking_tags(tree),
            tool_call_prefix=_prefix(calls) if calls else "",
            call_texts=_call_texts(calls) if calls else None,
        )
    except RecursionError:
        return TemplateAnalysis(variables)


def _variables(nodes: Sequence[OutlineNode]) -> Iterator[str]:
    """Yield the names that Ollama finds: used, not only declared, and not in parentheses with a field behind them."""
    for node in nodes:
        if node.kind not in ("text", "comment"):
            code = _DECLARED.sub("", _CONSTANT.sub("", node.code), count=1)
            yield from (name.lower() for name in _NAME.findall(_without_groups(code, only_before_fields=True)))


def _without_groups(code: str, *, only_before_fields: bool = False) -> str:
    """Remove what stands in parentheses; an unpaired parenthesis stays.

    With `only_before_fields`, only groups with fields behind them are removed, together with the fields, and a group
    with another in it stays if that stays.
    """
    kept: list[str] = []
    opened: list[int] = []  # where in `kept` the parentheses stand that are still open
    last_group = place = 0  # where in `kept` the group begins that stayed last, and where in `code` the rest begins
    for parenthesis in _PARENTHESIS.finditer(code):
        kept += code[place : parenthesis.start()], parenthesis[0]
        place = parenthesis.end()
        if parenthesis[0] == "(":
            opened.append(len(kept) - 1)
        elif opened:
            start = opened.pop()
            fields = _FIELDS.match(code, place) if only_before_fields else None
            if fields and (last_group > start or not fields[0]):
                last_group = start
                continue
            del kept[start:]
            place = fields.end() if fields else place
    return "".join(kept) + code[place:]


def _thinking_tags(tree: list[OutlineNode]) -> tuple[str, str]:
    tags = ["", ""]
    for nodes in _uses_of_thinking(tree, in_messages=False):
        for end, node in enumerate((nodes[0], nodes[-1])):
            if node.kind == "text":
                tags[end] = node.code.strip()
    return (tags[0], tags[1]) if _are_short(tags) else ("", "")


def _are_short(texts: Sequence[str]) -> bool:
    return all(len(text) <= MAX_SHOWN_TEXT for text in texts)


def _uses_of_thinking(nodes: list[OutlineNode], in_messages: bool) -> Iterator[list[OutlineNode]]:
    """Yield the lists of nodes in which `.Thinking` of a message is used, in the template's order."""
    for node in nodes:
        if node.kind == "text":
            continue
        if in_messages and _THINKING.search(_CONSTANT.sub("", node.code)):
            yield nodes
        inside = bool(_MESSAGES.search(node.code)) if node.kind == "range" else in_messages
        yield from _uses_of_thinking(node.body, inside)
        yield from _uses_of_thinking(node.otherwise, inside)


def _branch_of_calls(nodes: list[OutlineNode]) -> OutlineNode | None:
    """Return the first `if` that looks whether a message has tool calls."""
    for node in nodes:
        if node.kind == "if" and _TOOL_CALLS.search(_without_groups(_CONSTANT.sub("", node.code))):
            return node
        if found := _branch_of_calls(node.body) or _branch_of_calls(node.otherwise):
            return found
    return None


def _prefix(calls: OutlineNode) -> str:
    prefix = _first_text(calls.body).replace("\r\n", "\n").partition("{")[0].strip()
    return prefix if _are_short([prefix]) else ""


def _first_text(nodes: list[OutlineNode]) -> str:
    for node in nodes:
        text = node.code if node.kind == "text" else _first_text(node.body) or _first_text(node.otherwise)
        if text.strip():
            return text
    return ""


def _call_texts(calls: OutlineNode) -> tuple[str, str, str] | None:
    texts, found = [""], []
    for node in _in_order(calls.body):
        if node.kind == "text":
            texts[-1] += node.code
        elif _CONSTANT.fullmatch(node.code) and node.code.startswith('"'):
            texts[-1] += _text_of(node.code)
        elif name := next((name for name in (".Name", ".Arguments") if name in node.code), ""):
            found.append(name)
            texts.append("")
    if found[:2] != [".Name", ".Arguments"]:
        return None
    before, between, after = [text.replace("\r\n", "\n") for text in texts[:3]]
    return (before, between, after) if _are_short(texts[:3]) else None


def _in_order(nodes: list[OutlineNode]) -> Iterator[OutlineNode]:
    for node in nodes:
        yield node
        yield from _in_order(node.body)


def _text_of(constant: str) -> str:
    """Return the text of a string constant; the constant itself if it is not written as JSON's are."""
    try:
        return str(json.loads(constant))
    except ValueError:
        return constant
