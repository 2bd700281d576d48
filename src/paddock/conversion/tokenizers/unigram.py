"""Unigram models of SentencePiece, as in XLM-RoBERTa: from a `tokenizer.json`, or from its own file.

The network was trained with fairseq, which put other tokens before the pieces of that file, and one after them; so the
numbers in the file are not the network's.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.numbers import finite32
from paddock.conversion.checkpoint.safetensors import shown
from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.bpe import MAX_TOKENS
from paddock.conversion.tokenizers.charsmap import check_charsmap, normalized
from paddock.conversion.tokenizers.sentencepiece import add_tokens, from_model
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary

FAIRSEQ_FILE = "sentencepiece.bpe.model"
"""A unigram model, in spite of its name."""
_FIRST = {"<s>": "bos", "<pad>": "pad", "</s>": "eos", "<unk>": "unk"}
"""Tokens of fairseq in place of the file's first three pieces."""
_LAST = "<mask>"
_SPACE = "\u2581"
_WHITESPACE = "\t\n\r"
"""Whitespace other than the space."""


def read_unigram(checkpoint: Checkpoint, tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a checkpoint with a unigram model.

    Raises:
        ConversionError: if it is broken, or processes text in a way that the engine does not have.
    """
    if tokenizer.get("model"):
        return from_json(tokenizer, added)
    return from_fairseq_file(checkpoint, added)


def from_json(tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `tokenizer.json`.

    Raises:
        ConversionError: if it is broken, or processes text in a way that the engine does not have.
    """
    model = tokenizer["model"]
    if model.get("byte_fallback"):
        raise ConversionError("tokenizer.json: a unigram model that falls back to bytes is not imported")
    tokens, scores = _pieces(model.get("vocab"))
    found = Vocabulary(
        "t5", tokens, [TokenKind.NORMAL] * len(tokens), scores=scores, settings=_normalizer_settings(tokenizer)
    )
    unknown = model.get("unk_id")
    if not isinstance(unknown, int) or isinstance(unknown, bool) or not 0 <= unknown < len(tokens):
        raise ConversionError("tokenizer.json: the unigram model has no token for what it does not know (unk_id)")
    found.special["unk"] = unknown
    found.kinds[unknown] = TokenKind.UNKNOWN
    add_tokens(found, added)
    return found


def from_fairseq_file(checkpoint: Checkpoint, added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `sentencepiece.bpe.model`, numbered as the model knows it.

    Raises:
        ConversionError: if it is no such file.
    """
    found = from_model(checkpoint.bytes(FAIRSEQ_FILE) or b"", {}, checkpoint.settings("tokenizer_config.json"))
    if found.model != "t5" or found.scores is None:
        raise ConversionError(f"{FAIRSEQ_FILE} is no unigram model")
    found.tokens = [*_FIRST, *found.tokens[3:], _LAST]
    found.scores = [*(0.0 for _ in _FIRST), *found.scores[3:], 0.0]
    kinds = [TokenKind.UNKNOWN if name == "unk" else TokenKind.CONTROL for name in _FIRST.values()]
    found.kinds = [*kinds, *found.kinds[3:], TokenKind.CONTROL]
    found.special = {name: number for number, name in enumerate(_FIRST.values())} | {"mask": len(found.tokens) - 1}
    found.settings |= {"add_bos_token": True, "add_eos_token": True, "add_sep_token": True}
    add_tokens(found, added)
    return found


def _pieces(vocab: Any) -> tuple[list[str], list[float]]:
    if not isinstance(vocab, list) or not 0 < len(vocab) < MAX_TOKENS:
        raise ConversionError("tokenizer.json has no vocabulary")
    tokens, scores = [], []
    for piece in vocab:
        text, score = piece if isinstance(piece, list) and len(piece) == 2 else (None, None)
        if not isinstance(text, str) or not finite32(score):
            raise ConversionError("tokenizer.json has a vocabulary that is no list of pieces with scores")
        tokens.append(text)
        scores.append(float(score))
    return tokens, scores


@dataclass
class _Steps:
    """The steps by which a `tokenizer.json` prepares a text before the unigram model segments it."""

    charsmap: bytes = b""
    order: list[str] = field(default_factory=list)
    """Names of the steps: `Merge` and `Mark` replace several spaces by one space or ▁, `Escape` each by a ▁."""
    prefixes: str = "never"
    """Where a ▁ is inserted: `never`, `first` (before the text), or `always` (before each of its parts)."""


_ORDER = re.compile("(Precompiled )?(Strip )?(Merge |Mark )?((Escape )?Metaspace |WhitespaceSplit Metaspace |Escape )")
_TRIMS = ("Strip", "WhitespaceSplit")


def _normalizer_settings(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata for how a text is normalized.

    The engine can keep all spaces; or strip those around a text, merge those in it, and put one before it.

    Raises:
        ConversionError: if the engine does not have this normalization.
    """
    steps = _Steps()
    for step in _flattened(tokenizer.get("normalizer"), "normalizers"):
        _normalize(steps, step)
    for step in _flattened(tokenizer.get("pre_tokenizer"), "pretokenizers"):
        _pretokenize(steps, step)
    done = set(steps.order)
    merges, prefixes = bool(done & {"Merge", "Mark", "WhitespaceSplit"}), steps.prefixes != "never"
    if merges and not prefixes:
        raise ConversionError("tokenizer.json: one space for several, but none before the text, is not imported")
    if not _ORDER.fullmatch("".join(f"{name} " for name in steps.order)):
        raise ConversionError(f"tokenizer.json: the steps {shown(', '.join(steps.order))} are not imported together")
    if not merges and "Strip" in done:
        raise ConversionError("tokenizer.json: Strip without one space for several is not imported")
    if not merges and prefixes:
        raise ConversionError("tokenizer.json: a space before the text, but not one for several, is not imported")
    # Older checkpoints (e5) say `Merge` alone, which keeps a space at the end of a text. SentencePiece, which they were
    # trained with and which the engine does as, drops it.
    if "Mark" in done and "Strip" not in done:
        raise ConversionError(
            "tokenizer.json: one space for several is imported only if those at the end of a text are dropped (Strip)"
        )
    if "WhitespaceSplit" in done and steps.prefixes != "always":
        raise ConversionError("tokenizer.json: WhitespaceSplit without a space before every word is not imported")
    if done & set(_TRIMS) and any(normalized(steps.charsmap, letter).strip(" ") for letter in _WHITESPACE):
        raise ConversionError(
            "tokenizer.json: Strip and WhitespaceSplit are imported only with a table of characters "
            "(precompiled_charsmap) that makes spaces of tabs and line ends"
        )
    found = {"add_space_prefix": prefixes, "remove_extra_whitespaces": merges}
    return found | ({"precompiled_charsmap": steps.charsmap} if steps.charsmap else {})


def _normalize(steps: _Steps, step: dict[str, Any]) -> None:
    kind, pattern, content = step.get("type"), step.get("pattern"), step.get("content")
    if kind == "Precompiled":
        try:
            steps.charsmap = b64decode(step.get("precompiled_charsmap") or "", validate=True)
        except (ValueError, TypeError):
            raise ConversionError("tokenizer.json: precompiled_charsmap is no base64") from None
        if steps.charsmap:
            check_charsmap(steps.charsmap)
        steps.order.append(kind)
    elif kind == "Replace" and pattern == {"Regex": " {2,}"} and content in (" ", _SPACE):
        steps.order.append("Merge" if content == " " else "Mark")
    elif kind == "Replace" and pattern == {"String": " "} and content == _SPACE:
        steps.order.append("Escape")
    elif kind == "Strip" and step.get("strip_right") is not False:
        steps.order.append(kind)
    else:
        raise ConversionError(f"tokenizer.json: a normalizer {shown(str(kind))} is not imported for unigram models")


def _pretokenize(steps: _Steps, step: dict[str, Any]) -> None:
    kind = step.get("type")
    if kind == "Metaspace" and step.get("replacement", _SPACE) == _SPACE:
        scheme = step.get("prepend_scheme", "always" if step.get("add_prefix_space", True) else "never")
        steps.prefixes = scheme if scheme in ("never", "first") else "always"
    elif kind != "WhitespaceSplit":
        raise ConversionError(f"tokenizer.json: a pre-tokenizer {shown(str(kind))} is not imported for unigram models")
    steps.order.append(str(kind))


def _flattened(step: Any, parts: str) -> Iterator[dict[str, Any]]:
    """Yield the steps that a step consists of."""
    if isinstance(step, dict) and step.get("type") == "Sequence":
        inside = step.get(parts)
        for part in inside if isinstance(inside, list) else ():
            yield from _flattened(part, parts)
    elif isinstance(step, dict):
        yield step
