"""The options as Ollama names them, in Modelfiles, in stored models, and in requests: names, types, and reading.

They are those of today's Ollama and the older ones of 2024; `cache_prompt` and `top_n_sigma` are Paddock's own.
"""

import logging
import math
import re
import sys
from collections.abc import Mapping
from typing import Any

from paddock.bounds import MAX_STOP_CHARACTERS, MAX_STOPS
from paddock.library.errors import LibraryError
from paddock.options import NO_OPTIONS, Options

_log = logging.getLogger(__name__)

OptionValue = int | float | bool | str | list[str]

OPTION_TYPES: Mapping[str, str] = {
    name: kind
    for kind, names in {
        "integer": "num_keep seed num_predict top_k repeat_last_n mirostat num_ctx num_batch num_gpu main_gpu "
        "num_thread draft_num_predict",
        "float32": "top_p min_p tfs_z typical_p temperature repeat_penalty presence_penalty frequency_penalty "
        "mirostat_tau mirostat_eta top_n_sigma",
        "boolean": "penalize_newline numa low_vram f16_kv vocab_only use_mmap use_mlock cache_prompt",
        "array": "stop",
    }.items()
    for name in names.split()
}
"""Name of each option → its type as error messages call it."""

IGNORED = frozenset({"tfs_z", "penalize_newline", "numa", "low_vram", "f16_kv", "vocab_only", "draft_num_predict"})
"""Options that are accepted for the sake of older clients and have no effect."""

RENAMED: Mapping[str, str] = {
    "num_predict": "max_tokens",
    "num_ctx": "context_length",
    "num_keep": "keep_tokens",
    "num_batch": "batch_tokens",
    "num_gpu": "gpu_layers",
    "num_thread": "threads",
}
"""Ollama's name of an option → its name in `Options`, where they differ."""

MAX_NAMED_OPTIONS = 10
"""Number of unknown options of one request that the log names; the others are only counted."""

_reported_as_ignored: set[str] = set()

_FLOAT_LIMIT = sys.float_info.max
_INTEGER_LIMIT = 2**63 - 1
_NOTATION = {
    "integer": ("int", re.compile(r"[+-]?[0-9]{1,19}")),
    "float32": ("float", re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")),
    "boolean": ("bool", re.compile(r"1|t|T|TRUE|true|True|0|f|F|FALSE|false|False")),
}


class InvalidOption(LibraryError, ValueError):
    """An option has a value that it cannot have."""


class UnknownOption(InvalidOption):
    """There is no option of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown parameter '{name}'")
        self.name = name


def check_option(name: str, value: object) -> OptionValue | None:
    """Return the JSON `value` of option `name` in the option's own type; None means "not set".

    Numbers given for integers are cut to whole ones, and to 64 bits.

    Raises:
        UnknownOption: if there is no such option.
        InvalidOption: if the value has another type, or is a list that is too long.
    """
    kind = OPTION_TYPES.get(name)
    if kind is None:
        raise UnknownOption(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _FLOAT_LIMIT:
        if kind == "integer":
            return max(-_INTEGER_LIMIT - 1, min(_INTEGER_LIMIT, int(value)))
        if kind == "float32":
            return float(value)
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "array" and isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            raise InvalidOption(f'option "{name}" must be of an array of strings')
        if len(value) > MAX_STOPS or sum(map(len, value)) > MAX_STOP_CHARACTERS:
            raise InvalidOption(
                f'option "{name}" must have at most {MAX_STOPS} strings, with {MAX_STOP_CHARACTERS} characters in all'
            )
        return list(value)
    raise InvalidOption(f'option "{name}" must be of type {kind}')


def check_options(options: Mapping[str, object]) -> dict[str, OptionValue]:
    """Return the options that are known and set, in their own types.

    Raises:
        InvalidOption: if a known one has a value of another type.
    """
    known = ((name, check_option(name, value)) for name, value in options.items() if name in OPTION_TYPES)
    return {name: value for name, value in known if value is not None}


def read_options(values: Mapping[str, object]) -> Options | InvalidOption:
    """Return options that are named as Ollama does. Unknown ones are logged and ignored.

    If one has a value of another type, return the error: it is raised by whoever needs the options, so that an unknown
    model is reported before a wrong option.
    """
    fields: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in values.items():
        if name not in OPTION_TYPES:
            unknown.append(name)
            continue
        try:
            checked = check_option(name, value)
        except InvalidOption as error:
            return error
        if checked is None:
            continue
        if name in IGNORED:
            _report_ignored(name)
        else:
            fields[RENAMED.get(name, name)] = tuple(checked) if isinstance(checked, list) else checked
    if unknown:
        _report_unknown(unknown)
    return Options(**fields) if fields else NO_OPTIONS


def _report_unknown(names: list[str]) -> None:
    for name in names[:MAX_NAMED_OPTIONS]:
        _log.warning("option %r is unknown and ignored", name)
    if len(names) > MAX_NAMED_OPTIONS:
        _log.warning("%d more options are unknown and ignored", len(names) - MAX_NAMED_OPTIONS)


def _report_ignored(name: str) -> None:
    if name not in _reported_as_ignored:
        _reported_as_ignored.add(name)
        _log.info("option %r has no effect: the engine no longer has it", name)


def parse_option(name: str, text: str) -> OptionValue:
    """Return the value that `PARAMETER name text` of a Modelfile gives; a list of one for options that add up.

    Raises:
        UnknownOption: if there is no such option.
        InvalidOption: if `text` is no value of its type.
    """
    kind = OPTION_TYPES.get(name)
    if kind is None:
        raise UnknownOption(name)
    if kind == "array":
        return [text]
    word, pattern = _NOTATION[kind]
    if pattern.fullmatch(text):
        if kind == "boolean":
            return text[0] in "1tT"
        if kind == "integer" and abs(int(text)) <= _INTEGER_LIMIT:
            return int(text)
        if kind == "float32" and math.isfinite(float(text)):
            return float(text)
    raise InvalidOption(f"invalid {word} value [{text}]")
