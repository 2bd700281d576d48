"""Which special tokens stand around a text, and between two: what a tokenizer's post-processor says."""

from dataclasses import dataclass
from typing import Any

from paddock.conversion.checkpoint.safetensors import shown
from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary


@dataclass(frozen=True)
class _Marks:
    before: list[str]
    after: list[str]
    between: list[str]
    """Between two texts; nothing if that is not said."""


def place_marks(vocabulary: Vocabulary, settings: dict[str, Any], processor: Any, *, embeds: bool) -> None:
    """Say which special tokens stand around a text: by the post-processor, else by `tokenizer_config.json`.

    The engine puts the tokens there that begin and end a text. A model that makes vectors (`embeds`) may have others
    there; as it writes no text, those become the ones that begin and end it.

    Raises:
        ConversionError: if a model that makes vectors wants more around a text than the engine puts there.
    """
    if vocabulary.model == "bert":
        return
    marks = _marks(processor)
    for name in ("bos", "eos"):
        value = settings.get(f"add_{name}_token")
        if marks is not None:
            value = _stands(vocabulary, name, marks.before[:1] if name == "bos" else marks.after[-1:], embeds)
        if not isinstance(value, bool):
            value = vocabulary.settings.get(f"add_{name}_token", name == "bos" and vocabulary.model == "llama")
        vocabulary.settings[f"add_{name}_token"] = value and name in vocabulary.special
    if marks is None or not embeds:
        return
    if len(marks.before) > 1 or len(marks.after) > 1:
        listed = " ".join([*marks.before, "…", *marks.after])
        raise ConversionError(
            f"tokenizer.json: more than one token on a side of a text is not imported: {shown(listed)}"
        )
    if marks.between:
        separator = marks.between[-1]
        twice = marks.between == [*marks.after, separator] and separator in vocabulary.tokens
        vocabulary.settings["add_sep_token"] = twice
        if twice:
            vocabulary.special["sep"] = vocabulary.tokens.index(separator)


def _stands(vocabulary: Vocabulary, name: str, marks: list[str], embeds: bool) -> bool:
    """Whether the token `name` is this one; of a model that makes vectors, it becomes that."""
    number = vocabulary.tokens.index(marks[0]) if marks and marks[0] in vocabulary.tokens else None
    if embeds and number is not None:
        vocabulary.special[name] = number
        if vocabulary.kinds[number] in (TokenKind.NORMAL, TokenKind.USER_DEFINED):
            vocabulary.kinds[number] = TokenKind.CONTROL
    return number is not None and vocabulary.special.get(name) == number


def _marks(step: Any) -> _Marks | None:
    """What a post-processor puts around texts; None if it does not say."""
    if not isinstance(step, dict):
        return None
    kind = step.get("type")
    if kind == "Sequence" and isinstance(step.get("processors"), list):
        found = [marks for marks in map(_marks, step["processors"]) if marks is not None]
        return found[-1] if found else None
    if kind in ("BertProcessing", "RobertaProcessing"):
        first, last = ([pair[0]] if isinstance(pair := step.get(key), list) and pair else [] for key in ("cls", "sep"))
        return _Marks(first, last, last * (2 if kind == "RobertaProcessing" else 1))
    if kind != "TemplateProcessing" or not isinstance(step.get("single"), list):
        return None
    one, two = _parts(step["single"]), _parts(step.get("pair"))
    places = [place for place, part in enumerate(two) if part is None]
    between = two[places[0] + 1 : places[1]] if len(places) == 2 else []
    start = one.index(None) if None in one else len(one)
    return _Marks(_tokens(one[:start]), _tokens(one[start:]), _tokens(between))


def _parts(template: Any) -> list[str | None]:
    """The tokens of a template, None for a text."""
    parts: list[str | None] = []
    for part in template if isinstance(template, list) else ():
        token = part.get("SpecialToken") if isinstance(part, dict) else None
        text = token.get("id") if isinstance(token, dict) else None
        parts.append(text if isinstance(text, str) else None)
    return parts


def _tokens(parts: list[str | None]) -> list[str]:
    return [part for part in parts if part is not None]
