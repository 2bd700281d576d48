"""The reply format of a model with a Go template, from what the template shows of its replies."""

import re
from functools import partial

from paddock.ipc import ThinkingTags
from paddock.parsing.calls.forced_calls import CallFormat, in_json
from paddock.parsing.formats.generic import ANY_OBJECT, generic_reply
from paddock.parsing.formats.harmony import HARMONY_OF_TEMPLATE, is_harmony
from paddock.parsing.reply_format import ReplyFormat

_QUOTED = re.compile(r'"[^"]*"')
_ENDS = re.compile(r"[\s}\]]*")


def format_of_go_template(
    template: str, thinking_tags: tuple[str, str], tool_call_prefix: str, call_texts: tuple[str, str, str] | None
) -> ReplyFormat:
    """Return the reply format of a model with a Go template.

    Args:
        template: the text of the template.
        thinking_tags: the tags around thinking; empty where the template shows none.
        tool_call_prefix: the text that tool calls begin with; empty where the template shows none.
        call_texts: the texts before a call's name, between name and arguments, and after them; None if unknown.
    """
    return HARMONY_OF_TEMPLATE if is_harmony(template) else format_of_texts(thinking_tags, tool_call_prefix, call_texts)


def format_of_texts(
    thinking_tags: tuple[str, str], tool_call_prefix: str, call_texts: tuple[str, str, str] | None
) -> ReplyFormat:
    """Return the reply format of a model whose Go template shows these texts; see `format_of_go_template`."""
    prefix = tool_call_prefix or ANY_OBJECT
    has_tags = bool(thinking_tags[0] and thinking_tags[1])
    return ReplyFormat(
        grammar=partial(generic_reply, thinking=thinking_tags if has_tags else None, prefix=prefix),
        call_format=_shown_format(*call_texts) if call_texts else _prefixed_format(tool_call_prefix),
        thinking_tags=ThinkingTags(*thinking_tags),
    )


def _prefixed_format(prefix: str) -> CallFormat:
    end = "}]" if prefix.endswith("[") else "}"
    return CallFormat(in_json(prefix + '{"name": ', ', "arguments": ', end))


def _shown_format(before: str, between: str, after: str) -> CallFormat:
    """Return the format of a call from its prefix to the tag that closes it."""
    before, between = before.lstrip(), between.replace("[CALL_ID]", "")
    prefix = before.partition("{")[0].strip().rstrip("[").strip()
    closing = f"</{prefix[1:]}" if prefix.startswith("<") else ""
    shown = _ENDS.match(after)
    end = shown.group() if shown else ""
    behind = closing if closing and after[len(end) :].startswith(closing) else ""
    needed = _closers(before + between)
    if "".join(end.split()) != needed:
        end = needed
    end = end + behind if behind else end.rstrip()
    is_quoted = before.endswith('"') and between.startswith('"')
    if is_quoted:
        before, between = before[:-1], between[1:]
    return CallFormat(in_json(before, between, end, bare_name=not is_quoted))


def _closers(text: str) -> str:
    """Return what closes the braces and brackets that a text leaves open; tags in brackets close themselves."""
    pairs = {"{": "}", "[": "]"}
    open_ones: list[str] = []
    for character in _QUOTED.sub("", text):
        if character in pairs:
            open_ones.append(pairs[character])
        elif open_ones and open_ones[-1] == character:
            open_ones.pop()
    return "".join(reversed(open_ones))
