"""What a Go template tells of the model's replies: the tags around thinking, and what a tool call begins with.

A template shows how the model's own turns are written. The tags are the text around `.Thinking` and the first text
where `.ToolCalls` are written; a template that names them otherwise tells nothing.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

ANY_OBJECT = "{"
"""The tool tag where a template shows none: any JSON object may be a call."""

_ACTION = re.compile(
    r"""\{\{ (?P<left>-(?=\s))? \s*+
    (?P<code> (?: /\*.*?\*/ | "(?:\\.|[^"\\\n])*+" | `[^`]*+` | '(?:\\.|[^'\\\n])*+' | [^}"'`] | \}(?!\}) )*? )
    (?P<right>\s-)? \}\}""",
    re.VERBOSE | re.DOTALL,
)
_STRING = re.compile(r'"(?:\\.|[^"\\])*+"|`[^`]*+`')
_THINKING = re.compile(r"(?:^|[\s(|])\.Thinking\b")
_MESSAGES = re.compile(r"\.Messages\b")
_TOOL_CALLS = re.compile(r"(?:^|[\s|])\.ToolCalls(?!\w)")
_QUOTED = re.compile(r'"[^"]*"')
_ENDS = re.compile(r"[\s}\]]*")
_PARENTHESES = re.compile(r"\([^()]*\)")


@dataclass
class _Node:
    """A piece of a template: `text`, or an action with its code and what stands in it."""

    kind: str
    code: str = ""
    body: "list[_Node]" = field(default_factory=list)
    otherwise: "list[_Node]" = field(default_factory=list)


def thinking_tags(template: str) -> tuple[str, str]:
    """The tags around what the model thinks; empty where the template shows none."""
    tags = ["", ""]
    for nodes in _places_of_thinking(_parse(template), in_messages=False):
        for end, node in enumerate((nodes[0], nodes[-1])):
            if node.kind == "text":
                tags[end] = node.code.strip()
    return tags[0], tags[1]


def tool_tag(template: str) -> str:
    """What a reply with tool calls begins its calls with; `ANY_OBJECT` where the template shows nothing."""
    branch = _branch_of_calls(_parse(template))
    text = _first_text(branch.body) if branch else ""
    return text.replace("\r\n", "\n").partition("{")[0].strip() or ANY_OBJECT


@dataclass(frozen=True)
class CallTexts:
    """The texts around the name and the arguments of a call."""

    before: str
    between: str
    after: str
    bare_name: bool
    """Whether the name stands for itself; else as a JSON string, whose quotes belong to it."""


def call_texts(template: str) -> CallTexts | None:
    """How a template writes a call, from its tag to the tag that closes it.

    None where it does not write name and arguments after each other.
    """
    try:
        branch = _branch_of_calls(_parse(template))
    except RecursionError:
        return None
    texts, found = [""], []
    for node in _in_order(branch.body) if branch else ():
        if node.kind == "text":
            texts[-1] += node.code
        elif _STRING.fullmatch(node.code) and node.code.startswith('"'):
            texts[-1] += _text_of(node.code)
        elif part := next((part for part in (".Name", ".Arguments") if part in node.code), ""):
            found.append(part)
            texts.append("")
    before, between, after = [text.replace("\r\n", "\n") for text in [*texts, "", ""][:3]]
    if found[:2] != [".Name", ".Arguments"]:
        return None
    before, between = before.lstrip(), between.replace("[CALL_ID]", "")
    tag = before.partition("{")[0].strip().rstrip("[").strip()
    closing = f"</{tag[1:]}" if tag.startswith("<") else ""
    shown = _ENDS.match(after)
    end = shown.group() if shown else ""
    behind = closing if closing and after[len(end) :].startswith(closing) else ""
    needed = _closers(before + between)
    if "".join(end.split()) != needed:
        end = needed
    end = end + behind if behind else end.rstrip()
    quoted = before.endswith('"') and between.startswith('"')
    if quoted:
        before, between = before[:-1], between[1:]
    return CallTexts(before, between, end, not quoted)


def _closers(text: str) -> str:
    """What closes the braces and brackets that a text leaves open; tags in brackets are closed in themselves."""
    pairs, open_ones = {"{": "}", "[": "]"}, ""
    for character in _QUOTED.sub("", text):
        if character in pairs:
            open_ones = pairs[character] + open_ones
        elif open_ones.startswith(character):
            open_ones = open_ones[1:]
    return open_ones


def _text_of(code: str) -> str:
    """The text of a string constant; the constant itself if it is not written as JSON's are."""
    try:
        return str(json.loads(code))
    except ValueError:
        return code


def _in_order(nodes: list[_Node]) -> Iterator[_Node]:
    for node in nodes:
        yield node
        yield from _in_order(node.body)


def _places_of_thinking(nodes: list[_Node], in_messages: bool) -> Iterator[list[_Node]]:
    """The lists of nodes in which `.Thinking` of a message is used, in the template's order."""
    for node in nodes:
        if node.kind == "text":
            continue
        if in_messages and _THINKING.search(_STRING.sub("", node.code)):
            yield nodes
        inside = bool(_MESSAGES.search(node.code)) if node.kind == "range" else in_messages
        yield from _places_of_thinking(node.body, inside)
        yield from _places_of_thinking(node.otherwise, inside)


def _branch_of_calls(nodes: list[_Node]) -> _Node | None:
    for node in nodes:
        if node.kind == "if" and _TOOL_CALLS.search(_without_parentheses(_STRING.sub("", node.code))):
            return node
        if found := _branch_of_calls(node.body) or _branch_of_calls(node.otherwise):
            return found
    return None


def _first_text(nodes: list[_Node]) -> str:
    for node in nodes:
        text = node.code if node.kind == "text" else _first_text(node.body) or _first_text(node.otherwise)
        if text.strip():
            return text
    return ""


def _without_parentheses(code: str) -> str:
    while (shorter := _PARENTHESES.sub("", code)) != code:
        code = shorter
    return code


def _parse(template: str) -> list[_Node]:
    """The nodes of a template. What `define` and `block` hold is left out: it stands elsewhere."""
    root = _Node("root")
    open_nodes = [(root, root.body)]
    for kind, code in _pieces(template):
        nodes = open_nodes[-1][1]
        if kind in ("if", "range", "with", "define", "block"):
            node = _Node(kind, code)
            if kind not in ("define", "block"):
                nodes.append(node)
            open_nodes.append((node, node.body))
        elif kind == "else":
            node = open_nodes[-1][0]
            again, _, condition = code.partition(" ")
            if again in ("if", "with"):
                following = _Node(again, condition)
                node.otherwise.append(following)
                open_nodes[-1] = (following, following.body)
            else:
                open_nodes[-1] = (node, node.otherwise)
        elif kind == "end":
            if len(open_nodes) > 1:
                open_nodes.pop()
        else:
            nodes.append(_Node(kind, code))
    return root.body


def _pieces(template: str) -> Iterator[tuple[str, str]]:
    """The texts and actions of a template: a kind and what stands there."""
    place, trim = 0, False
    for action in _ACTION.finditer(template):
        text = template[place : action.start()]
        text = text.lstrip() if trim else text
        text = text.rstrip() if action["left"] else text
        if text:
            yield "text", text
        place, trim = action.end(), action["right"] is not None
        code = action["code"].strip()
        word, _, rest = code.partition(" ")
        if word in ("if", "range", "with", "define", "block", "else", "end"):
            yield word, rest.strip()
        elif not code.startswith("/*"):
            yield "action", code
    text = template[place:].lstrip() if trim else template[place:]
    if text:
        yield "text", text
