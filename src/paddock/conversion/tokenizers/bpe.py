"""Byte-level BPE as in GPT-2: tokens are byte strings, written with one letter per byte."""

from typing import Any

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.pretokenizers import pre_tokenizer
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary

MAX_TOKENS = 1 << 24
"""The largest vocabularies have 260,000 tokens."""


def read_bpe(tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `tokenizer.json` with a byte-level BPE model.

    Raises:
        ConversionError: if it is broken, or the engine does not have its pre-tokenizer.
    """
    tokens, kinds = tokens_by_id(tokenizer["model"].get("vocab"), added)
    merges = read_merges(tokenizer["model"].get("merges"))
    return Vocabulary("gpt2", tokens, kinds, pre=pre_tokenizer(tokenizer), merges=merges)


def tokens_by_id(vocab: Any, added: dict[int, AddedToken]) -> tuple[list[str], list[TokenKind]]:
    """Return the tokens of a vocabulary (token → number) in the order of their numbers, and their kinds.

    Raises:
        ConversionError: if `vocab` is no such mapping.
    """
    if not isinstance(vocab, dict) or not all(isinstance(n, int) and 0 <= n < MAX_TOKENS for n in vocab.values()):
        raise ConversionError("tokenizer.json has no vocabulary")
    size = max([-1, *vocab.values(), *added]) + 1
    if not vocab or size > 2 * (len(vocab) + len(added)) + 1024:
        raise ConversionError("tokenizer.json numbers its tokens with large gaps")
    tokens = [f"[PAD{i}]" for i in range(size)]
    kinds = [TokenKind.UNUSED] * size
    for token, number in vocab.items():
        tokens[number], kinds[number] = token, TokenKind.NORMAL
    for number, token in added.items():
        tokens[number] = token.text
        kinds[number] = TokenKind.CONTROL if token.special else TokenKind.USER_DEFINED
    return tokens, kinds


def read_merges(merges: Any) -> list[str]:
    """Return merges as `left right`, from either of the two forms in which files have them.

    Raises:
        ConversionError: if `merges` is no list of pairs.
    """
    if not isinstance(merges, list):
        raise ConversionError("tokenizer.json has no merges")
    found = []
    for merge in merges:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise ConversionError("tokenizer.json has merges that are no pairs")
        # A space inside a part would be taken for the separator of the two.
        found.append(" ".join(part.replace(" ", "Ġ") for part in pair))
    return found
