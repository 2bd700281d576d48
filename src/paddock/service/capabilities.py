"""What a model can do, as far as its files tell."""

import re
from collections.abc import Iterator

from paddock.library.gguf import Gguf
from paddock.library.model import Model
from paddock.service.parsers import parser_facts

_ACTION = re.compile(r"\{\{-?(?!\s*/\*)(.*?)-?\}\}", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
_VARIABLE = re.compile(r"\.([A-Z]\w*)")


def capabilities(model: Model) -> list[str]:
    """Return the capabilities in the order in which the API lists them.

    Raises:
        BrokenModel: if the GGUF file cannot be read.
    """
    gguf = model.gguf
    variables = set(_variables(model.template or ""))
    facts = parser_facts(model)
    embeds = _has(gguf, "pooling_type")
    found = {
        "completion": not embeds,
        "tools": "Tools" in variables or (facts is not None and facts.has_tools),
        "insert": "Suffix" in variables,
        "vision": bool(model.projector_paths) or _has(gguf, "vision.block_count"),
        "embedding": embeds,
        "thinking": bool(variables & {"Thinking", "Think"}) or (facts is not None and facts.has_thinking),
        "audio": _has(gguf, "audio.block_count"),
    }
    return [name for name, present in found.items() if present]


def _variables(template: str) -> Iterator[str]:
    for action in _ACTION.findall(template):
        yield from _VARIABLE.findall(_STRING.sub("", action))


def _has(gguf: Gguf, key: str) -> bool:
    return f"{gguf.architecture}.{key}" in gguf.metadata
