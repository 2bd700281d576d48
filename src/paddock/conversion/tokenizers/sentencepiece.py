"""SentencePiece models: from their own file `tokenizer.model`, or from a `tokenizer.json` made from one.

The layout of the file: sentencepiece_model.proto of https://github.com/google/sentencepiece.
"""

from typing import Any

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.numbers import finite32
from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.bpe import read_merges, tokens_by_id
from paddock.conversion.tokenizers.charsmap import check_charsmap
from paddock.conversion.tokenizers.protobuf import Field, fields
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary

_UNIGRAM, _BPE = 1, 2
_ADDED_SCORE = -1000.0
_SPACE = "\u2581"


def from_model(data: bytes, added: dict[int, AddedToken], settings: dict[str, Any]) -> Vocabulary:
    """Return the vocabulary of a `tokenizer.model`; `settings` are those of `tokenizer_config.json`.

    Raises:
        ConversionError: if `data` is no such file.
    """
    tokens, scores, kinds = [], [], []
    trainer: dict[int, Field] = {}
    normalizer: dict[int, Field] = {}
    for number, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            piece = dict(fields(value))
            text, score, kind = piece.get(1, b""), piece.get(2, 0.0), piece.get(3, 1)
            tokens.append(text.decode("utf-8", "replace") if isinstance(text, bytes) else "")
            if isinstance(score, float) and not finite32(score):
                raise ConversionError("tokenizer.model has a score that is no number")
            scores.append(score if isinstance(score, float) else 0.0)
            kinds.append(TokenKind(kind) if isinstance(kind, int) and 1 <= kind <= 6 else TokenKind.NORMAL)
        elif number in (2, 3) and isinstance(value, bytes):
            (trainer if number == 2 else normalizer).update(fields(value))
    kind = trainer.get(3, _UNIGRAM)
    if not tokens or kind not in (_UNIGRAM, _BPE):
        raise ConversionError("tokenizer.model is neither a unigram nor a BPE model of SentencePiece")
    if kind == _UNIGRAM and trainer.get(35):
        raise ConversionError("tokenizer.model: a unigram model that falls back to bytes is not imported")
    prefix = settings.get("add_prefix_space")
    found = Vocabulary(
        "llama" if kind == _BPE else "t5",
        tokens,
        kinds,
        scores=scores,
        settings={
            "add_space_prefix": prefix if isinstance(prefix, bool) else bool(normalizer.get(3, 1)),
            "remove_extra_whitespaces": bool(normalizer.get(4, 1)),
        },
    )
    charsmap = normalizer.get(2)
    if kind == _UNIGRAM and isinstance(charsmap, bytes) and charsmap:
        check_charsmap(charsmap)
        found.settings["precompiled_charsmap"] = charsmap
    for name, field, default in (("unk", 40, 0), ("bos", 41, 1), ("eos", 42, 2), ("pad", 43, -1)):
        token = trainer.get(field, default)
        if isinstance(token, int) and 0 <= token < len(tokens):
            found.special[name] = token
    add_tokens(found, added)
    return found


def from_json(tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `tokenizer.json` whose BPE model works on text with `▁` for spaces.

    Raises:
        ConversionError: if it is broken.
    """
    model = tokenizer["model"]
    tokens, kinds = tokens_by_id(model.get("vocab"), added)
    ranks: dict[str, int] = {}
    for rank, merge in enumerate(read_merges(model.get("merges"))):
        ranks.setdefault(merge.replace(" ", "", 1), rank)
    # SentencePiece merges the pair with the highest score, BPE the one with the lowest rank: so ranks become scores.
    scores = [float(-ranks.get(token, len(ranks))) for token in tokens]
    for number, token in enumerate(tokens):
        if kinds[number] is TokenKind.NORMAL and len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            kinds[number] = TokenKind.BYTE
    found = Vocabulary("llama", tokens, kinds, scores=scores, settings={"add_space_prefix": _prefixes(tokenizer)})
    unknown = model.get("unk_token")
    if isinstance(unknown, str) and unknown in tokens:
        found.special["unk"] = tokens.index(unknown)
        kinds[found.special["unk"]] = TokenKind.UNKNOWN
    return found


def uses_metaspace(tokenizer: dict[str, Any]) -> bool:
    """Return whether a BPE model of a `tokenizer.json` is SentencePiece's (with `▁` for spaces), not byte-level."""
    text = repr(tokenizer.get("normalizer")) + repr(tokenizer.get("pre_tokenizer"))
    return _SPACE in text and "ByteLevel" not in text


def _prefixes(tokenizer: dict[str, Any]) -> bool:
    """Return whether the tokenizer puts a space before the text."""
    steps = [tokenizer.get("normalizer"), tokenizer.get("pre_tokenizer")]
    while steps:
        step = steps.pop()
        if not isinstance(step, dict):
            continue
        inside = (step.get(key) for key in ("normalizers", "pretokenizers"))
        steps += [part for parts in inside if isinstance(parts, list) for part in parts]
        if step.get("type") == "Prepend":
            return True
        if step.get("type") == "Metaspace":
            scheme = step.get("prepend_scheme", "always" if step.get("add_prefix_space", True) else "never")
            if scheme != "never":
                return True
    return False


def add_tokens(vocabulary: Vocabulary, added: dict[int, AddedToken]) -> None:
    """Put added tokens at their numbers; those already in the vocabulary may change their kind."""
    assert vocabulary.scores is not None
    vocabulary.fit(max(len(vocabulary.tokens), *(number + 1 for number in added), 0))
    for number, token in sorted(added.items()):
        known = vocabulary.kinds[number]
        if known in (TokenKind.UNKNOWN, TokenKind.BYTE) and vocabulary.tokens[number] == token.text:
            continue
        # The engine looks for added tokens in the text before spaces become ▁.
        vocabulary.tokens[number] = token.text if token.special else token.text.replace(_SPACE, " ")
        vocabulary.kinds[number] = TokenKind.CONTROL if token.special else TokenKind.USER_DEFINED
        vocabulary.scores[number] = _ADDED_SCORE


def read_sentencepiece(checkpoint: Checkpoint, tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary, from `tokenizer.model` if there is one.

    Raises:
        ConversionError: if it is broken.
    """
    data = checkpoint.bytes("tokenizer.model")
    if data is not None:
        return from_model(data, added, checkpoint.settings("tokenizer_config.json"))
    return from_json(tokenizer, added)
