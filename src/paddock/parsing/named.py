"""The parsers that a model's configuration can name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paddock.ipc import ThinkingTags
from paddock.parsing.calls import call_formats
from paddock.parsing.calls.forced_calls import CallFormat
from paddock.parsing.formats import cohere, ministral, tag_formats
from paddock.parsing.formats.glimmer import GLIMMER
from paddock.parsing.formats.harmony import HARMONY
from paddock.parsing.formats.tag_formats import (
    CONTENT,
    DEEPSEEK,
    EITHER,
    FUNCTION_GEMMA,
    GEMMA,
    LAGUNA,
    LFM,
    OLMO,
    QWEN,
    THINKING,
    MakeReader,
    StartRule,
)
from paddock.parsing.formats.tagged_reply import Start, TagFormat, tagged_reply
from paddock.parsing.reply import ReplyRequest
from paddock.parsing.reply_format import USUAL_THINKING_TAGS, ReplyFormat
from paddock.parsing.stream import Grammar, Reader, Sink, Steps


@dataclass(frozen=True)
class ParserInfo:
    """What a model can do that names a parser."""

    has_tools: bool
    has_thinking: bool
    preserved_tokens: tuple[str, ...]
    """The texts of special tokens that the parser needs to see in the reply."""


@dataclass(frozen=True)
class NamedParser:
    """A parser that a configuration can name."""

    info: ParserInfo
    format: ReplyFormat


def named_parser(name: str) -> NamedParser | None:
    """Return the parser of this name; None if there is none."""
    return NAMED_PARSERS.get(name)


def _tagged(
    tags: TagFormat, start: StartRule = CONTENT, calls: MakeReader = tag_formats.as_json, *, may_hide: bool = False
) -> Grammar:
    """Return the grammar of a tag format. With `may_hide`, thinking that was not asked for is dropped."""

    def grammar(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
        shown = bool(request.think) or not may_hide
        read_calls = calls(request.functions)
        return tagged_reply(reader, sink, tags, start.start_of(request), read_calls, show_thinking=shown)

    return grammar


def _laguna(start: StartRule) -> Grammar:
    return _tagged(LAGUNA, start, tag_formats.as_lenient_argument_tags, may_hide=True)


def _gemma(start: StartRule) -> Grammar:
    return _tagged(GEMMA, start, tag_formats.in_braces('<|"|>'), may_hide=True)


def _cohere(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
    thinks = _UNLESS_OFF_OR_PREFILLED.start_of(request) is Start.THINKING
    return cohere.cohere_reply(reader, sink, thinks=thinks)


def _parser(
    tokens: str,
    grammar: Grammar,
    call_format: CallFormat | None,
    *,
    tools: bool = True,
    thinking: bool = True,
    thinking_tags: ThinkingTags = USUAL_THINKING_TAGS,
) -> NamedParser:
    reply_format = ReplyFormat(
        grammar=grammar, call_format=call_format, thinking_tags=thinking_tags, is_always_parsed=True
    )
    return NamedParser(ParserInfo(tools, thinking, tuple(tokens.split())), reply_format)


def _of_format(tokens: str, reply_format: ReplyFormat) -> NamedParser:
    return NamedParser(ParserInfo(True, True, tuple(tokens.split())), reply_format)


_UNLESS_OFF_OR_PREFILLED = replace(THINKING, unless_off=True, unless_prefilled=True)
_IF_ON_AND_NOT_PREFILLED = replace(THINKING, only_if_on=True, unless_prefilled=True)
_PLAIN_QWEN = replace(QWEN, thinking=("", ""), echoes="")
_GLM = replace(QWEN, calls_in_thinking=False, half_tags_in_calls=False)
_VL = replace(QWEN, spaces=replace(QWEN.spaces, after_call=True))
_NEMOTRON = replace(QWEN, spaces=replace(QWEN.spaces, before_thinking=True))

_THINK, _TOOL_CALL = "<think> </think>", "<tool_call> </tool_call>"
_QWEN_TOKENS = f"{_THINK} {_TOOL_CALL}"
_GLM_TOKENS = f"{_QWEN_TOKENS} <arg_key> </arg_key> <arg_value> </arg_value>"
_LAGUNA_TOKENS = f"{_QWEN_TOKENS} <user> </user> <arg_key> </arg_key> <arg_value> </arg_value>"
_GEMMA_TOKENS = '<|channel> <channel|> <|tool_call> <tool_call|> <|tool_response> <|"|>'
_LFM_TOKENS = f"{_THINK} <|tool_call_start|> <|tool_call_end|>"
_DEEPSEEK_TOKENS = (
    "</think> <｜tool▁calls▁begin｜> <｜tool▁calls▁end｜> <｜tool▁call▁begin｜> <｜tool▁call▁end｜> <｜tool▁sep｜> "
    "<｜tool▁output▁begin｜> <｜tool▁output▁end｜>"
)
_COGITO_TOKENS = f"{_DEEPSEEK_TOKENS} <｜tool▁outputs▁begin｜> <｜tool▁outputs▁end｜>"
_COHERE_TOKENS = " ".join(f"<|START_{part}|> <|END_{part}|>" for part in ("THINKING", "TEXT", "ACTION", "RESPONSE"))


NAMED_PARSERS: Mapping[str, NamedParser] = {
    "qwen3": _parser(_QWEN_TOKENS, _tagged(_PLAIN_QWEN), call_formats.TAGGED_JSON, thinking=False),
    "qwen3-thinking": _parser(
        _QWEN_TOKENS,
        _tagged(replace(QWEN, space_after_echo=False), replace(THINKING, unless_off=True)),
        call_formats.TAGGED_JSON,
    ),
    "qwen3-vl-instruct": _parser(
        f"</think> {_TOOL_CALL}",
        _tagged(replace(_VL, thinking=("", ""), echoes="")),
        call_formats.TAGGED_JSON,
        thinking=False,
    ),
    "qwen3-vl-thinking": _parser(
        f"</think> {_TOOL_CALL}", _tagged(_VL, replace(THINKING, unless_prefilled=True)), call_formats.TAGGED_JSON
    ),
    **dict.fromkeys(
        ("qwen3.5", "ornith"),
        _parser(
            _QWEN_TOKENS,
            _tagged(QWEN, _UNLESS_OFF_OR_PREFILLED, tag_formats.as_function_tags),
            call_formats.FUNCTION_TAGS,
        ),
    ),
    **dict.fromkeys(
        ("nemotron-3-nano", "nemotron-3.5-nano"),
        _parser(
            _QWEN_TOKENS,
            _tagged(_NEMOTRON, _UNLESS_OFF_OR_PREFILLED, tag_formats.as_function_tags),
            call_formats.FUNCTION_TAGS,
        ),
    ),
    "qwen3-coder": _parser(
        _TOOL_CALL,
        _tagged(_PLAIN_QWEN, calls=tag_formats.as_function_tags),
        call_formats.FUNCTION_TAGS,
        thinking=False,
    ),
    "glm-4.7": _parser(
        _GLM_TOKENS,
        _tagged(_GLM, replace(THINKING, unless_off=True), tag_formats.as_argument_tags),
        call_formats.ARGUMENT_TAGS,
    ),
    "glm-ocr": _parser(
        _GLM_TOKENS, _tagged(_GLM, EITHER, tag_formats.as_argument_tags), call_formats.ARGUMENT_TAGS, thinking=False
    ),
    "laguna": _parser(
        _LAGUNA_TOKENS,
        _laguna(replace(THINKING, only_if_on=True, unless_after="assistant")),
        call_formats.ARGUMENT_LINES,
    ),
    "poolside-v1": _parser(_LAGUNA_TOKENS, _laguna(replace(THINKING, only_if_on=True)), call_formats.ARGUMENT_LINES),
    "deepseek3": _parser(
        _DEEPSEEK_TOKENS,
        _tagged(
            replace(DEEPSEEK, ignored=("<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>")),
            _IF_ON_AND_NOT_PREFILLED,
            tag_formats.as_separated,
        ),
        call_formats.SEPARATED_CALLS,
    ),
    "cogito": _parser(
        _COGITO_TOKENS,
        _tagged(
            replace(DEEPSEEK, hidden=("<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>")),
            replace(_IF_ON_AND_NOT_PREFILLED, unless_tools=True),
            tag_formats.as_separated,
        ),
        call_formats.FENCED_CALLS,
    ),
    "olmo3": _parser(
        "<function_calls> </function_calls>",
        _tagged(replace(OLMO, thinking=("", ""), echoes=""), calls=tag_formats.as_python),
        call_formats.OLMO_CALLS,
        thinking=False,
    ),
    "olmo3-think": _parser(
        "</think>", _tagged(replace(OLMO, calls=()), replace(THINKING, unless_prefilled=True)), None, tools=False
    ),
    "functiongemma": _parser(
        "<start_function_call> <end_function_call>",
        _tagged(FUNCTION_GEMMA, calls=tag_formats.in_braces("<escape>")),
        call_formats.FUNCTION_GEMMA_CALLS,
        thinking=False,
    ),
    "gemma4": _parser(
        _GEMMA_TOKENS,
        _gemma(replace(THINKING, only_if_on=True, only_after="tool")),
        call_formats.GEMMA_CALLS,
        thinking_tags=ThinkingTags(*GEMMA.thinking),
    ),
    "gemma4-no-thinking": _parser(_GEMMA_TOKENS, _gemma(CONTENT), call_formats.GEMMA_CALLS, thinking=False),
    "lfm2": _parser(
        _LFM_TOKENS,
        _tagged(replace(LFM, thinking=("", "")), calls=tag_formats.as_python),
        call_formats.LFM_CALLS,
        thinking=False,
    ),
    "lfm2-thinking": _parser(
        _LFM_TOKENS, _tagged(LFM, replace(EITHER, only_if_on=True), tag_formats.as_python), call_formats.LFM_CALLS
    ),
    "ministral": _parser(
        "[TOOL_CALLS] [THINK] [/THINK] [ARGS]", ministral.ministral_reply, ministral.MINISTRAL_CALLS, thinking=False
    ),
    "cohere": _parser(_COHERE_TOKENS, _cohere, cohere.COHERE_CALLS, thinking_tags=cohere.THINKING_TAGS),
    "harmony": _of_format("<|start|> <|end|> <|message|> <|channel|> <|constrain|>", HARMONY),
    "glimmer": _of_format("<|start|> <|message|> <|eom|> <|eot|>", GLIMMER),
    "passthrough": _parser("", _tagged(TagFormat()), None, tools=False, thinking=False),
}
"""The parsers by name."""
