"""Pre-tokenizers, which split text before BPE: recognized by their definition, not by the model's name.

llama.cpp has a name for each one that it knows (src/llama-vocab.cpp); a `tokenizer.json` has regular expressions. These
are compared in one canonical form, for there are several ways to write the same expression.
"""

import re
from collections.abc import Iterator
from typing import Any

from paddock.conversion.errors import ConversionError

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""The split that a ByteLevel pre-tokenizer contains."""
_SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_CASES = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+%s|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*%s"
_SLASH_REST = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_DEEPSEEK_CJK = "[一-龥\u3040-ゟ゠-ヿ]+"
_DEEPSEEK_WORDS = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

Splits = tuple[str, ...]

_LLAMA3 = (rf"{_SUFFIX}|{_WORDS}|\p{{N}}{{1,3}}|{_REST}",)
_TEKKEN = (rf"{_CASES % ('', '')}|\p{{N}}|{_SLASH_REST}",)

PRE_TOKENIZERS: dict[Splits, str] = {
    (GPT2,): "gpt-2",
    ("digits", GPT2): "smollm",
    (r"\p{N}", GPT2): "smollm",
    _LLAMA3: "dbrx",
    (rf"{_SUFFIX}|{_WORDS}|\p{{N}}|{_REST}",): "qwen2",
    (rf"{_SUFFIX}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|\s*[\r\n]+"
     r"|\s+(?!\S)|\s+",): "qwen35",
    _TEKKEN: "tekken",
    (rf"{_CASES % (f'{_SUFFIX}?', f'{_SUFFIX}?')}|\p{{N}}{{1,3}}|{_SLASH_REST}",): "gpt-4o",
    (r"\p{N}{1,3}", _DEEPSEEK_CJK, _DEEPSEEK_WORDS): "deepseek-v3",
    (rf"{_SUFFIX}|{_WORDS}|\p{{N}}{{1}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+",): "seed-coder",
}  # fmt: skip
"""By the splits, one after another: llama.cpp's name, for tokenizers that apply merges to every word."""

_IGNORE_MERGES: dict[Splits, str] = {_LLAMA3: "llama-bpe"}
"""The same for tokenizers that keep a word which is a token as a whole (`ignore_merges`)."""


def pre_tokenizer(tokenizer: dict[str, Any]) -> str:
    """Return llama.cpp's name of the pre-tokenizer of a `tokenizer.json`.

    Raises:
        ConversionError: if llama.cpp does not have it, so that it would split text differently from the model.
    """
    splits = tuple(_splits(tokenizer.get("pre_tokenizer")))
    canonical = tuple(map(_canonical, splits))
    model = tokenizer.get("model")
    ignores_merges = isinstance(model, dict) and bool(model.get("ignore_merges"))
    for table in (_IGNORE_MERGES, PRE_TOKENIZERS) if ignores_merges else (PRE_TOKENIZERS,):
        for known, name in table.items():
            if canonical == tuple(map(_canonical, known)):
                return name
    raise ConversionError(
        "the tokenizer cuts text in a way that the engine does not know: "
        + (" then ".join(splits)[:300] or "not at all")
    )


def _splits(step: Any) -> Iterator[str]:
    """Yield the regular expressions by which a pre-tokenizer splits text, in order."""
    if not isinstance(step, dict):
        return
    kind = step.get("type")
    if kind == "Sequence":
        for part in step.get("pretokenizers") or ():
            yield from _splits(part)
    elif kind == "ByteLevel":
        if step.get("use_regex", True):
            yield GPT2
    elif kind == "Digits":
        yield "digits" if step.get("individual_digits") else r"\p{N}+"
    elif kind == "Split":
        pattern = step.get("pattern")
        text = next(iter(pattern.values()), "") if isinstance(pattern, dict) else ""
        if step.get("behavior") not in ("Isolated", "Removed") or not isinstance(text, str):
            raise ConversionError(f"the tokenizer cuts text in a way that is not imported: {step.get('behavior')}")
        yield text
    else:
        raise ConversionError(f"a pre-tokenizer of the type {kind} is not imported")


def _canonical(expression: str) -> str:
    """Return one form for expressions that match the same."""
    text = expression.replace("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", _SUFFIX)
    text = text.replace("\\r", "\r").replace("\\n", "\n").replace("\\-", "-").replace('\\"', '"').replace("\\/", "/")
    text = re.sub(r"(?<=[+*?}])\+", "", text)  # possessive quantifiers, which matter only for speed
    text = text.replace("\\s+$|", "")
    return text.removesuffix("|\\s+") if text.endswith("\\s+(?!\\S)|\\s+") else text
