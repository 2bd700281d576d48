"""Unigram models of SentencePiece, as XLM-RoBERTa has them: from a `tokenizer.json`, or from its own file.

The numbers of its own file are not those of the model: fairseq, with which it was trained, put other tokens before the
pieces, and one after them.
"""

import math
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paddock.conversion.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.safetensors import shown
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.byte_pairs import MOST
from paddock.conversion.tokenizers.charsmap import check_charsmap
from paddock.conversion.tokenizers.sentence_pieces import add_tokens, from_model
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary

OWN_FILE = "sentencepiece.bpe.model"
"""It holds no byte pairs, for all its name."""
_FIRST = {"<s>": "bos", "<pad>": "pad", "</s>": "eos", "<unk>": "unk"}
"""What fairseq has in place of the file's first three pieces."""
_LAST = "<mask>"
_SPACE = "\u2581"


def unigrams(checkpoint: Checkpoint, tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a checkpoint with a unigram model.

    Raises:
        ConversionError: if it is broken, or does with text what the engine cannot.
    """
    if tokenizer.get("model"):
        return from_json(tokenizer, added)
    return from_own_file(checkpoint, added)


def from_json(tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `tokenizer.json`.

    Raises:
        ConversionError: if it is broken, or does with text what the engine cannot.
    """
    model = tokenizer["model"]
    if model.get("byte_fallback"):
        raise ConversionError("tokenizer.json: a unigram model that falls back to bytes is not imported")
    tokens, scores = _pieces(model.get("vocab"))
    found = Vocabulary("t5", tokens, [TokenKind.NORMAL] * len(tokens), scores=scores, settings=_cleaning(tokenizer))
    unknown = model.get("unk_id")
    if not isinstance(unknown, int) or isinstance(unknown, bool) or not 0 <= unknown < len(tokens):
        raise ConversionError("tokenizer.json: the unigram model has no token for what it does not know (unk_id)")
    found.special["unk"] = unknown
    found.kinds[unknown] = TokenKind.UNKNOWN
    return _complete(found, added)


def from_own_file(checkpoint: Checkpoint, added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `sentencepiece.bpe.model`, numbered as the model knows it.

    Raises:
        ConversionError: if it is no such file.
    """
    found = from_model(checkpoint.bytes(OWN_FILE) or b"", {}, checkpoint.settings("tokenizer_config.json"))
    if found.model != "t5" or found.scores is None:
        raise ConversionError(f"{OWN_FILE} is no unigram model")
    found.tokens = [*_FIRST, *found.tokens[3:], _LAST]
    found.scores = [*(0.0 for _ in _FIRST), *found.scores[3:], 0.0]
    kinds = [TokenKind.UNKNOWN if name == "unk" else TokenKind.CONTROL for name in _FIRST.values()]
    found.kinds = [*kinds, *found.kinds[3:], TokenKind.CONTROL]
    found.special = {name: number for number, name in enumerate(_FIRST.values())} | {"mask": len(found.tokens) - 1}
    found.settings |= {"add_bos_token": True, "add_eos_token": True, "add_sep_token": True}
    return _complete(found, added)


def _complete(vocabulary: Vocabulary, added: dict[int, AddedToken]) -> Vocabulary:
    add_tokens(vocabulary, added)
    if len(set(vocabulary.tokens)) < len(vocabulary.tokens):
        # The engine would end itself.
        twice = next(token for token in vocabulary.tokens if vocabulary.tokens.count(token) > 1)
        raise ConversionError(f'the tokenizer has the token "{shown(twice)}" twice')
    charsmap = vocabulary.settings.get("precompiled_charsmap")
    if charsmap is not None:
        check_charsmap(charsmap)
    return vocabulary


def _pieces(vocab: Any) -> tuple[list[str], list[float]]:
    if not isinstance(vocab, list) or not 0 < len(vocab) < MOST:
        raise ConversionError("tokenizer.json has no vocabulary")
    tokens, scores = [], []
    for piece in vocab:
        text, score = piece if isinstance(piece, list) and len(piece) == 2 else (None, None)
        if not isinstance(text, str) or not isinstance(score, int | float) or not math.isfinite(score):
            raise ConversionError("tokenizer.json has a vocabulary that is no list of pieces with scores")
        tokens.append(text)
        scores.append(float(score))
    return tokens, scores


@dataclass
class _Steps:
    """What a `tokenizer.json` does to a text before it is cut."""

    charsmap: bytes = b""
    merges_spaces: bool = False
    prefixes: bool = False


def _cleaning(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """Return what is done to a text, in the engine's terms.

    Raises:
        ConversionError: if the engine cannot do that.
    """
    steps = _Steps()
    for step in _listed(tokenizer.get("normalizer"), "normalizers"):
        _normalize(steps, step)
    for step in _listed(tokenizer.get("pre_tokenizer"), "pretokenizers"):
        _cut(steps, step)
    if steps.merges_spaces and not steps.prefixes:
        raise ConversionError("tokenizer.json: one space for several, but none before the text, is not imported")
    found = {"add_space_prefix": steps.prefixes, "remove_extra_whitespaces": steps.merges_spaces}
    return found | ({"precompiled_charsmap": steps.charsmap} if steps.charsmap else {})


def _normalize(steps: _Steps, step: dict[str, Any]) -> None:
    kind = step.get("type")
    if kind == "Precompiled" and not steps.charsmap:
        try:
            steps.charsmap = b64decode(step.get("precompiled_charsmap") or "", validate=True)
        except (ValueError, TypeError):
            raise ConversionError("tokenizer.json: precompiled_charsmap is no base64") from None
    elif kind == "Replace" and step.get("pattern") == {"Regex": " {2,}"} and step.get("content") in (" ", _SPACE):
        steps.merges_spaces = True
    elif kind == "Replace" and step.get("pattern") == {"String": " "} and step.get("content") == _SPACE:
        pass  # the engine does that
    elif kind != "Strip":  # space around a text goes with that which is merged
        raise ConversionError(f"tokenizer.json: a normalizer {shown(str(kind))} is not imported for unigram models")


def _cut(steps: _Steps, step: dict[str, Any]) -> None:
    kind = step.get("type")
    if kind == "WhitespaceSplit":
        steps.merges_spaces = True
    elif kind == "Metaspace" and step.get("replacement", _SPACE) == _SPACE:
        scheme = step.get("prepend_scheme", "always" if step.get("add_prefix_space", True) else "never")
        steps.prefixes = scheme != "never"
    else:
        raise ConversionError(f"tokenizer.json: a pre-tokenizer {shown(str(kind))} is not imported for unigram models")


def _listed(step: Any, parts: str) -> Iterator[dict[str, Any]]:
    """The steps of which a step is made up."""
    if isinstance(step, dict) and step.get("type") == "Sequence":
        inside = step.get(parts)
        for part in inside if isinstance(inside, list) else ():
            yield from _listed(part, parts)
    elif isinstance(step, dict):
        yield step
