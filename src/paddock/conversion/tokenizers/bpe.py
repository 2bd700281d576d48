"""Byte pairs as in GPT-2: tokens are strings of bytes, written with a letter for each byte."""

from typing import Any

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.pretokenizers import pre_tokenizer
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary


def byte_pairs(tokenizer: dict[str, Any], added: dict[int, AddedToken]) -> Vocabulary:
    """Return the vocabulary of a `tokenizer.json` with a byte-level BPE model.

    Raises:
        ConversionError: if it is broken, or cuts text in a way that the engine does not know.
    """
    tokens, kinds = numbered(tokenizer["model"].get("vocab"), added)
    merges = read_merges(tokenizer["model"].get("merges"))
    return Vocabulary("gpt2", tokens, kinds, pre=pre_tokenizer(tokenizer), merges=merges)


def numbered(vocab: Any, added: dict[int, AddedToken]) -> tuple[list[str], list[TokenKind]]:
    """Return the tokens of a vocabulary (token → number) in the order of their numbers, and what they are for.

    Raises:
        ConversionError: if it is no vocabulary.
    """
    if not isinstance(vocab, dict) or not all(isinstance(n, int) and 0 <= n < MOST for n in vocab.values()):
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
    """Return merges as `left right`, from either of the two ways to write them.

    Raises:
        ConversionError: if they are none.
    """
    if not isinstance(merges, list):
        raise ConversionError("tokenizer.json has no merges")
    found = []
    for merge in merges:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise ConversionError("tokenizer.json has merges that are no pairs")
        # A space inside a part would be read as the border between the two.
        found.append(" ".join(part.replace(" ", "Ġ") for part in pair))
    return found


MOST = 1 << 24
"""Tokens; the largest vocabularies have 260,000."""
