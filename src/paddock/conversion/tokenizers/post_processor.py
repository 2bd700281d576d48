"""The post-processor of a tokenizer: which special tokens it puts around a text, and between two texts."""

from dataclasses import dataclass
from typing import Any

from paddock.conversion.checkpoint.safetensors import shown
from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary


@dataclass(frozen=True)
class _Placement:
    """Special tokens around a text."""

    before: list[str]
    after: list[str]
    between: list[str]
    """Between two texts; empty if unknown."""


def place_special_tokens(vocabulary: Vocabulary, settings: dict[str, Any], processor: Any, *, embeds: bool) -> None:
    """Set which special tokens stand around a text: from the post-processor, else from `tokenizer_config.json`.

    The engine puts the bos and eos tokens around a text. A model that makes embeddings (`embeds`) may have others;
    as it writes no text, those become its bos and eos tokens.

    Raises:
        ConversionError: if such a model needs more tokens around a text than the engine puts there.
    """
    if vocabulary.model == "bert":
        return
    placement = _placement(processor)
    for name in ("bos", "eos"):
        value = settings.get(f"add_{name}_token")
        if placement is not None:
            value = _is_placed(
                vocabulary, name, placement.before[:1] if name == "bos" else placement.after[-1:], embeds
            )
        if not isinstance(value, bool):
            value = vocabulary.settings.get(f"add_{name}_token", name == "bos" and vocabulary.model == "llama")
        vocabulary.settings[f"add_{name}_token"] = value and name in vocabulary.special
    if placement is None or not embeds:
        return
    if len(placement.before) > 1 or len(placement.after) > 1:
        listed = " ".join([*placement.before, "…", *placement.after])
        raise ConversionError(
            f"tokenizer.json: more than one token on a side of a text is not imported: {shown(listed)}"
        )
    if placement.between:
        separator = placement.between[-1]
        twice = placement.between == [*placement.after, separator] and separator in vocabulary.tokens
        vocabulary.settings["add_sep_token"] = twice
        if twice:
            vocabulary.special["sep"] = vocabulary.tokens.index(separator)


def _is_placed(vocabulary: Vocabulary, name: str, tokens: list[str], embeds: bool) -> bool:
    """Return whether the special token `name` is the given one; with `embeds` it becomes that one."""
    number = vocabulary.tokens.index(tokens[0]) if tokens and tokens[0] in vocabulary.tokens else None
    if embeds and number is not None:
        vocabulary.special[name] = number
        if vocabulary.kinds[number] in (TokenKind.NORMAL, TokenKind.USER_DEFINED):
            vocabulary.kinds[number] = TokenKind.CONTROL
    return number is not None and vocabulary.special.get(name) == number


def _placement(step: Any) -> _Placement | None:
    """Return the tokens that a post-processor puts around texts; None if it puts none."""
    if not isinstance(step, dict):
        return None
    kind = step.get("type")
    if kind == "Sequence" and isinstance(step.get("processors"), list):
        found = [inner for inner in map(_placement, step["processors"]) if inner is not None]
        return found[-1] if found else None
    if kind in ("BertProcessing", "RobertaProcessing"):
        first, last = ([pair[0]] if isinstance(pair := step.get(key), list) and pair else [] for key in ("cls", "sep"))
        return _Placement(first, last, last * (2 if kind == "RobertaProcessing" else 1))
    if kind != "TemplateProcessing" or not isinstance(step.get("single"), list):
        return None
    one, two = _parts(step["single"]), _parts(step.get("pair"))
    places = [place for place, part in enumerate(two) if part is None]
    between = two[places[0] + 1 : places[1]] if len(places) == 2 else []
    start = one.index(None) if None in one else len(one)
    return _Placement(_tokens(one[:start]), _tokens(one[start:]), _tokens(between))


def _parts(template: Any) -> list[str | None]:
    """Return the tokens of a template, with None for each text."""
    parts: list[str | None] = []
    for part in template if isinstance(template, list) else ():
        token = part.get("SpecialToken") if isinstance(part, dict) else None
        text = token.get("id") if isinstance(token, dict) else None
        parts.append(text if isinstance(text, str) else None)
    return parts


def _tokens(parts: list[str | None]) -> list[str]:
    return [part for part in parts if part is not None]
