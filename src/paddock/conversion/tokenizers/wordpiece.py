"""WordPiece tokenizers, as in BERT."""

from typing import Any

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.bpe import tokens_by_id
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary

WORD_START = "\u2581"
"""llama.cpp marks tokens that start a word; BERT's files mark all others, with `##`."""


def read_wordpiece(checkpoint: Checkpoint, tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `tokenizer.json` with a WordPiece model, or of a `vocab.txt`.

    Raises:
        ConversionError: if it is broken, or processes text in a way that the engine does not have.
    """
    model = tokenizer.get("model") or {}
    vocab = model.get("vocab") if model else _listed(checkpoint)
    if model.get("continuing_subword_prefix", "##") != "##":
        raise ConversionError('tokenizer.json: continuing_subword_prefix must be "##"')
    tokens, kinds = tokens_by_id(vocab, added)
    for number, token in enumerate(tokens):
        if (
            kinds[number] is TokenKind.NORMAL
            and token.startswith("[")
            and token.endswith("]")
            and token[1:-1].isupper()
        ):
            kinds[number] = TokenKind.CONTROL
        if kinds[number] is not TokenKind.CONTROL:
            tokens[number] = token[2:] if token.startswith("##") and len(token) > 2 else WORD_START + token
    settings = checkpoint.settings("tokenizer_config.json")
    normalizer = _normalizer(tokenizer.get("normalizer"), settings)
    return Vocabulary("bert", tokens, kinds, settings=normalizer)


def _normalizer(normalizer: Any, settings: dict[str, Any]) -> dict[str, bool]:
    """Return the settings of the normalizer that runs before tokens are looked up."""
    if normalizer is None:
        normalizer = {
            "type": "BertNormalizer",
            "lowercase": settings.get("do_lower_case", True),
            "strip_accents": settings.get("strip_accents"),
            "handle_chinese_chars": settings.get("tokenize_chinese_chars", True),
        }
    if not isinstance(normalizer, dict) or normalizer.get("type") != "BertNormalizer":
        raise ConversionError("tokenizer.json: a normalizer other than BertNormalizer is not imported for word pieces")
    if normalizer.get("handle_chinese_chars") is False:
        raise ConversionError("tokenizer.json: handle_chinese_chars must be true")
    lowercase = normalizer.get("lowercase", True) is not False
    accents = normalizer.get("strip_accents")
    return {
        "normalizer.lowercase": lowercase,
        "normalizer.strip_accents": lowercase if accents is None else accents is True,
    }


def _listed(checkpoint: Checkpoint) -> dict[str, int]:
    text = checkpoint.text("vocab.txt")
    if text is None:
        raise ConversionError("the tokenizer is missing: neither tokenizer.json nor vocab.txt is there")
    lines = text.split("\n")
    return {line.rstrip("\r"): number for number, line in enumerate(lines) if line or number < len(lines) - 1}
