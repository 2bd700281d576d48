"""The reply format of a model that has only a chat template in Jinja: the tags in its text show the format."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from paddock.ipc import ThinkingTags
from paddock.parsing.calls import call_formats
from paddock.parsing.calls.forced_calls import CallFormat
from paddock.parsing.formats import cohere, ministral, tag_formats
from paddock.parsing.formats.generic import ANY_OBJECT, generic_reply
from paddock.parsing.formats.glimmer import GLIMMER
from paddock.parsing.formats.harmony import HARMONY_OF_TEMPLATE, HARMONY_TAGS
from paddock.parsing.formats.tagged_reply import Spaces, Start, TagFormat, tagged_reply
from paddock.parsing.reply import ReplyRequest
from paddock.parsing.reply_format import ReplyFormat
from paddock.parsing.stream import Reader, Sink, Steps

_THINKING = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("<reasoning>", "</reasoning>"),
)
_PARAMETERS = re.compile(r"""["']parameters\\?["']\s*:""")
_PARAMETERS_KEY = "parameters"
"""The marker of a template that writes a call's arguments under this key; `_PARAMETERS` finds it."""

ThinkingPair = tuple[str, str] | None
"""The tags around thinking; None if the template shows none."""


@lru_cache(maxsize=64)
def format_of_chat_template(jinja: str) -> ReplyFormat:
    """Return the reply format of a model with this chat template.

    Calls are parsed if the request has tools; a broken one is content. Thinking is parsed where the prompt has opened
    it, and where a reply begins with its tag, unless the request declines thinking.
    """
    return format_of_markers(markers_in(jinja))


def markers_in(jinja: str) -> frozenset[str]:
    """Return those of the texts that tell formats apart which a chat template contains."""
    found = {text for text in _MARKERS if text in jinja}
    return frozenset(found | {_PARAMETERS_KEY} if _PARAMETERS.search(jinja) else found)


@lru_cache(maxsize=64)
def format_of_markers(markers: frozenset[str]) -> ReplyFormat:
    """Return the reply format of a model whose chat template contains these of the texts that tell formats apart."""
    if all(tag in markers for tag in HARMONY_TAGS):
        return HARMONY_OF_TEMPLATE
    thinking = thinking_tags_of_markers(markers)
    for row in _ROWS:
        if all(tag in markers for tag in row.tags):
            found = row.make_format(thinking)
            break
    else:
        key = "parameters" if _PARAMETERS_KEY in markers else "arguments"
        found = _prefixed(ANY_OBJECT, call_formats.json_object_calls(key))(thinking)
    return replace(found, thinking_tags=ThinkingTags(*thinking)) if thinking and found is not _GLIMMER else found


def thinking_tags_of_markers(markers: frozenset[str]) -> ThinkingPair:
    """Return the tags around the thinking of a model whose chat template has these; None if it shows none."""
    return next((tags for tags in _THINKING if tags[1] in markers), None)


@dataclass(frozen=True)
class _Row:
    tags: tuple[str, ...]
    """Texts that a chat template contains whose model replies in the format."""
    make_format: Callable[[ThinkingPair], ReplyFormat]
    """Returns the format, given the tags around thinking."""


def _prefixed(prefix: str, call_format: CallFormat) -> Callable[[ThinkingPair], ReplyFormat]:
    """Return the format of calls in JSON after a prefix, with the name in the object or before it."""

    def make(thinking: ThinkingPair) -> ReplyFormat:
        grammar = partial(generic_reply, thinking=thinking, prefix=prefix, may_think_unasked=True)
        return ReplyFormat(grammar=grammar, call_format=call_format)

    return make


def _tagged(
    tags: TagFormat, calls: tag_formats.MakeReader, call_format: CallFormat
) -> Callable[[ThinkingPair], ReplyFormat]:
    """Return the format of calls between tags."""
    make_reader = tag_formats.or_text(calls)

    def make(thinking: ThinkingPair) -> ReplyFormat:
        tags_with_thinking = tags
        if thinking and not tags.reopens:
            tags_with_thinking = replace(tags, thinking=thinking, echoes=thinking[0])

        def grammar(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
            if not request.functions:
                return generic_reply(
                    reader, sink, request, thinking=thinking, prefix=ANY_OBJECT, may_think_unasked=True
                )
            opened = thinking is not None and request.prompt.rstrip().endswith(thinking[0])
            may_think = thinking is not None and (opened or request.think is not False)
            start = Start.THINKING if opened else Start.CONTENT
            if may_think and not opened and not tags.reopens:
                start = Start.EITHER
            chosen = tags_with_thinking if may_think else tags
            return tagged_reply(reader, sink, chosen, start, make_reader(request.functions))

        return ReplyFormat(grammar=grammar, call_format=call_format)

    return make


def _cohere(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
    opening = cohere.THINKING_TAGS.opening
    return cohere.cohere_reply(reader, sink, thinks=request.prompt.rstrip().endswith(opening))


_SPACES = Spaces(after_content=True, before_thinking=True, after_thinking=True, between=True)
_TOOL_CALL = TagFormat(calls=(("<tool_call>", "</tool_call>"),), spaces=_SPACES)
_SEED = replace(_TOOL_CALL, calls=(("<seed:tool_call>", "</seed:tool_call>"),))
_SEPARATED = partial(_tagged, tag_formats.DEEPSEEK, tag_formats.as_separated)
_COHERE = ReplyFormat(grammar=_cohere, call_format=cohere.COHERE_CALLS)
_GLIMMER = replace(GLIMMER, is_always_parsed=False)
_LIST = call_formats.json_list_calls

_ROWS = (
    _Row(("<|START_ACTION|>",), lambda _: _COHERE),
    _Row(("<atem:function_calls>",), lambda _: _GLIMMER),
    _Row(("<｜tool▁calls▁begin｜>", "```json"), _SEPARATED(call_formats.FENCED_CALLS)),
    _Row(("<｜tool▁calls▁begin｜>",), _SEPARATED(call_formats.SEPARATED_CALLS)),
    _Row(
        ("<start_function_call>",),
        _tagged(tag_formats.FUNCTION_GEMMA, tag_formats.in_braces("<escape>"), call_formats.FUNCTION_GEMMA_CALLS),
    ),
    _Row(
        ("<|tool_call>", '<|"|>'),
        _tagged(tag_formats.GEMMA, tag_formats.in_braces('<|"|>'), call_formats.GEMMA_CALLS),
    ),
    _Row(("<|tool_call_start|>",), _tagged(tag_formats.LFM, tag_formats.as_python, call_formats.LFM_CALLS)),
    _Row(("<seed:tool_call>",), _tagged(_SEED, tag_formats.as_function_tags, call_formats.SEED_TAGS)),
    _Row(("<tool_call>", "<arg_key>"), _tagged(_TOOL_CALL, tag_formats.as_argument_tags, call_formats.ARGUMENT_TAGS)),
    _Row(("<tool_call>", "<function="), _tagged(_TOOL_CALL, tag_formats.as_function_tags, call_formats.FUNCTION_TAGS)),
    _Row(("<tool_call>",), _tagged(_TOOL_CALL, tag_formats.as_json, call_formats.TAGGED_JSON)),
    _Row(
        ("<function_calls>", "</function_calls>"),
        _tagged(tag_formats.OLMO, tag_formats.as_python, call_formats.OLMO_CALLS),
    ),
    _Row(("[TOOL_CALLS]", "[ARGS]"), _prefixed("[TOOL_CALLS]", ministral.MINISTRAL_CALLS)),
    _Row(("[TOOL_CALLS]",), _prefixed("[TOOL_CALLS]", _LIST("[TOOL_CALLS]"))),
    _Row(("<|tool_calls_section_begin|>",), _prefixed("<|tool_calls_section_begin|>", call_formats.KIMI_CALLS)),
    _Row(("<|tool_call|>", "<|/tool_call|>"), _prefixed("<|tool_call|>", _LIST("<|tool_call|>", "<|/tool_call|>"))),
    _Row(("<|tool_call|>",), _prefixed("<|tool_call|>", _LIST("<|tool_call|>"))),
    _Row(("<TOOLCALL>",), _prefixed("<TOOLCALL>", _LIST("<TOOLCALL>", "</TOOLCALL>"))),
    _Row(("<tool_calls>",), _prefixed("<tool_calls>", _LIST("<tool_calls>", "</tool_calls>"))),
    _Row(("functools",), _prefixed("functools", _LIST("functools"))),
)
"""The formats that chat templates show. The first row counts of whose tags the template contains all."""
_MARKERS = frozenset((*HARMONY_TAGS, *(tags[1] for tags in _THINKING), *(tag for row in _ROWS for tag in row.tags)))
"""The texts that `markers_in` looks for: so few and so short that this takes a millisecond for the longest template."""
