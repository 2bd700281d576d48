"""Word pieces as in BERT."""

from typing import Any

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.bpe import numbered
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary

WORD_BEGINS = "\u2581"
"""llama.cpp marks the beginnings of words; BERT's files mark what is none, with `##`."""


def word_pieces(checkpoint: Checkpoint, tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `tokenizer.json` with a WordPiece model, or of a `vocab.txt`.

    Raises:
        ConversionError: if it is broken, or does with text what the engine cannot.
    """
    model = tokenizer.get("model") or {}
    vocab = model.get("vocab") if model else _listed(checkpoint)
    if model.get("continuing_subword_prefix", "##") != "##":
        raise ConversionError('tokenizer.json: continuing_subword_prefix must be "##"')
    tokens, kinds = numbered(vocab, added)
    for number, token in enumerate(tokens):
        if (
            kinds[number] is TokenKind.NORMAL
            and token.startswith("[")
            and token.endswith("]")
            and token[1:-1].isupper()
        ):
            kinds[number] = TokenKind.CONTROL
        if kinds[number] is not TokenKind.CONTROL:
            tokens[number] = token[2:] if token.startswith("##") and len(token) > 2 else WORD_BEGINS + token
    settings = checkpoint.settings("tokenizer_config.json")
    normalizer = _normalizer(tokenizer.get("normalizer"), settings)
    return Vocabulary("bert", tokens, kinds, settings=normalizer)


def _normalizer(normalizer: Any, settings: dict[str, Any]) -> dict[str, bool]:
    """What happens to letters before they are looked up."""
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
