"""The parsers that a model's configuration can name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from paddock.parsing.calls.values import functions
from paddock.parsing.formats import tag_formats as styles
from paddock.parsing.formats.cohere import cohere
from paddock.parsing.formats.glimmer import addressed
from paddock.parsing.formats.harmony import harmony
from paddock.parsing.formats.ministral import ministral
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
    Begin,
    MakeReader,
    Request,
)
from paddock.parsing.formats.tagged_reply import Start, Style, sections
from paddock.parsing.reply import ReplyParser, Think, Tools
from paddock.parsing.stream import Grammar, StreamParser


@dataclass(frozen=True)
class Facts:
    """What a named parser claims."""

    has_tools: bool
    has_thinking: bool
    preserved_tokens: tuple[str, ...]
    """Texts of special tokens that must be written into the reply."""


def parser_named(
    name: str, *, tools: Tools | None, think: Think, last_message: Mapping[str, Any] | None
) -> ReplyParser:
    """The parser of this name, for one reply.

    Raises:
        KeyError: if there is none.
    """
    last = last_message or {}
    role = str(last.get("role", ""))
    prefilled, thought = (role == "assistant" and bool(last.get(part)) for part in ("content", "thinking"))
    return StreamParser(_PARSERS[name].grammar(Request(think, functions(tools), role, prefilled, thought)))


def facts_of(name: str) -> Facts:
    """What the parser of this name claims.

    Raises:
        KeyError: if there is none.
    """
    return _PARSERS[name].facts


MakeGrammar = Callable[[Request], Grammar]


def _sections(
    style: Style, begin: Begin = CONTENT, calls: MakeReader = styles.as_json, *, may_hide: bool = False
) -> MakeGrammar:
    """Replies in sections. With `may_hide`, thinking that was not asked for is dropped."""

    def grammar(request: Request) -> Grammar:
        shown = bool(request.think) or not may_hide
        return sections(style, begin.of(request), calls(request.known), show_thinking=shown)

    return grammar


def _laguna(begin: Begin) -> MakeGrammar:
    return _sections(LAGUNA, begin, styles.as_lenient_argument_tags, may_hide=True)


def _gemma(begin: Begin) -> MakeGrammar:
    return _sections(GEMMA, begin, styles.in_braces('<|"|>'), may_hide=True)


def _harmony(request: Request) -> Grammar:
    if request.last_role != "assistant":
        return harmony("")
    return harmony("final" if request.prefilled else "analysis" if request.prefilled_thinking else "")


def _cohere(request: Request) -> Grammar:
    return cohere(thinks=_UNLESS_OFF_OR_PREFILLED.of(request) is Start.THINKING)


def _glimmer(request: Request) -> Grammar:
    return addressed(request.known, show_thinking=request.think is not False)


@dataclass(frozen=True)
class _Parser:
    grammar: MakeGrammar
    facts: Facts


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


def _tools(tokens: str, grammar: MakeGrammar) -> _Parser:
    return _Parser(grammar, Facts(True, False, tuple(tokens.split())))


def _both(tokens: str, grammar: MakeGrammar) -> _Parser:
    return _Parser(grammar, Facts(True, True, tuple(tokens.split())))


_PARSERS = {
    "qwen3": _tools(_QWEN_TOKENS, _sections(_PLAIN_QWEN)),
    "qwen3-thinking": _both(
        _QWEN_TOKENS, _sections(replace(QWEN, space_after_echo=False), replace(THINKING, unless_off=True))
    ),
    "qwen3-vl-instruct": _tools(f"</think> {_TOOL_CALL}", _sections(replace(_VL, thinking=("", ""), echoes=""))),
    "qwen3-vl-thinking": _both(f"</think> {_TOOL_CALL}", _sections(_VL, replace(THINKING, unless_prefilled=True))),
    **dict.fromkeys(
        ("qwen3.5", "ornith"),
        _both(_QWEN_TOKENS, _sections(QWEN, _UNLESS_OFF_OR_PREFILLED, styles.as_function_tags)),
    ),
    **dict.fromkeys(
        ("nemotron-3-nano", "nemotron-3.5-nano"),
        _both(_QWEN_TOKENS, _sections(_NEMOTRON, _UNLESS_OFF_OR_PREFILLED, styles.as_function_tags)),
    ),
    "qwen3-coder": _tools(_TOOL_CALL, _sections(_PLAIN_QWEN, calls=styles.as_function_tags)),
    "glm-4.7": _both(_GLM_TOKENS, _sections(_GLM, replace(THINKING, unless_off=True), styles.as_argument_tags)),
    "glm-ocr": _tools(_GLM_TOKENS, _sections(_GLM, EITHER, styles.as_argument_tags)),
    "laguna": _both(_LAGUNA_TOKENS, _laguna(replace(THINKING, only_if_on=True, unless_after="assistant"))),
    "poolside-v1": _both(_LAGUNA_TOKENS, _laguna(replace(THINKING, only_if_on=True))),
    "deepseek3": _both(
        _DEEPSEEK_TOKENS,
        _sections(
            replace(DEEPSEEK, ignored=("<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>")),
            _IF_ON_AND_NOT_PREFILLED,
            styles.as_separated,
        ),
    ),
    "cogito": _both(
        _COGITO_TOKENS,
        _sections(
            replace(DEEPSEEK, hidden=("<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>")),
            replace(_IF_ON_AND_NOT_PREFILLED, unless_tools=True),
            styles.as_separated,
        ),
    ),
    "olmo3": _tools(
        "<function_calls> </function_calls>",
        _sections(replace(OLMO, thinking=("", ""), echoes=""), calls=styles.as_python),
    ),
    "olmo3-think": _Parser(
        _sections(replace(OLMO, calls=()), replace(THINKING, unless_prefilled=True)), Facts(False, True, ("</think>",))
    ),
    "functiongemma": _tools(
        "<start_function_call> <end_function_call>",
        _sections(FUNCTION_GEMMA, calls=styles.in_braces("<escape>")),
    ),
    "gemma4": _both(_GEMMA_TOKENS, _gemma(replace(THINKING, only_if_on=True, only_after="tool"))),
    "gemma4-no-thinking": _tools(_GEMMA_TOKENS, _gemma(CONTENT)),
    "lfm2": _tools(_LFM_TOKENS, _sections(replace(LFM, thinking=("", "")), calls=styles.as_python)),
    "lfm2-thinking": _both(_LFM_TOKENS, _sections(LFM, replace(EITHER, only_if_on=True), styles.as_python)),
    "ministral": _tools("[TOOL_CALLS] [THINK] [/THINK] [ARGS]", lambda request: ministral(request.known)),
    "cohere": _both(_COHERE_TOKENS, _cohere),
    "harmony": _both("<|start|> <|end|> <|message|> <|channel|> <|constrain|>", _harmony),
    "glimmer": _both("<|start|> <|message|> <|eom|> <|eot|>", _glimmer),
    "passthrough": _Parser(_sections(Style()), Facts(False, False, ())),
}

NAMES = tuple(_PARSERS)
"""The names that there are."""
