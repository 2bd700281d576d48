"""The outline of a Go template: its texts and actions, and which block each stands in.

Reading an outline takes no template engine and succeeds for any text, so that a model can be described before its
template is parsed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

SPACE = " \t\r\n"
"""White space of Go's template language."""
BLOCKS = ("if", "range", "with", "define", "block")
"""Words that begin a block; `end` closes it."""

_ACTION = re.compile(
    r"""\{\{ (?P<left>-(?=[ \t\r\n]))? [ \t\r\n]*+
    (?P<code>
        /\*.*?\*/
        | (?!/\*) (?: "(?:\\.|[^"\\\n])*+" | `[^`]*+` | '(?:\\.|[^'\\\n])*+' | [^}"'`] | \}(?!\}) )*?
    )
    (?P<right>[ \t\r\n]-)? \}\}""",
    re.VERBOSE | re.DOTALL,
)


@dataclass
class OutlineNode:
    """A text, a comment or an action of a template, with what stands in the block that it begins."""

    kind: str
    """`text`, `comment`, `action`, or the word that begins a block or a branch of it, or ends one."""
    code: str
    """The text, or what stands in the action behind its word."""
    body: "list[OutlineNode]" = field(default_factory=list)
    otherwise: "list[OutlineNode]" = field(default_factory=list)
    """What stands behind the block's `else`."""


def pieces(template: str) -> Iterator[OutlineNode]:
    """Yield the texts, comments and actions of a template in their order, without bodies.

    Where an action is not closed, everything from its beginning on is text.
    """
    place, trim = 0, False
    while (start := template.find("{{", place)) >= 0 and (action := _ACTION.match(template, start)):
        text = template[place:start]
        text = text.lstrip(SPACE) if trim else text
        text = text.rstrip(SPACE) if action["left"] else text
        if text:
            yield OutlineNode("text", text)
        place, trim = action.end(), action["right"] is not None
        code = action["code"].strip(SPACE)
        word, _, rest = code.partition(" ")
        if word in BLOCKS or word in ("else", "end"):
            yield OutlineNode(word, rest.strip(SPACE))
        else:
            yield OutlineNode("comment" if code.startswith("/*") else "action", code)
    text = template[place:].lstrip(SPACE) if trim else template[place:]
    if text:
        yield OutlineNode("text", text)


def nested(nodes: Iterator[OutlineNode]) -> list[OutlineNode]:
    """Return the nodes outside of all blocks, the others in the bodies of theirs.

    Comments are left out, and so are blocks that `define` and `block` name: they stand where they are called.
    """
    root = OutlineNode("root", "")
    open_blocks = [(root, root.body)]
    for node in nodes:
        branch = open_blocks[-1][1]
        if node.kind in BLOCKS:
            if node.kind not in ("define", "block"):
                branch.append(node)
            open_blocks.append((node, node.body))
        elif node.kind == "else":
            block = open_blocks[-1][0]
            word, _, condition = node.code.partition(" ")
            if word in ("if", "with"):
                following = OutlineNode(word, condition)
                block.otherwise.append(following)
                open_blocks[-1] = (following, following.body)
            else:
                open_blocks[-1] = (block, block.otherwise)
        elif node.kind == "end":
            if len(open_blocks) > 1:
                open_blocks.pop()
        elif node.kind != "comment":
            branch.append(node)
    return root.body
