from typing import Any

import pytest

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.bpe import MAX_TOKENS, read_bpe, read_merges, tokens_by_id
from paddock.conversion.tokenizers.vocabulary import TokenKind
from tests.conversion.checkpoints import byte_tokenizer


def test_a_tokenizer_becomes_a_vocabulary_with_merges() -> None:
    found = read_bpe(byte_tokenizer(), {})
    assert (found.model, found.pre, found.merges) == ("gpt2", "gpt-2", ["t h", "th e", "Ġ the"])


def test_gaps_between_numbers_are_unused_tokens() -> None:
    tokens, kinds = tokens_by_id({"a": 0, "b": 3}, {2: AddedToken("<x>", True), 4: AddedToken("y", False)})
    assert tokens == ["a", "[PAD1]", "<x>", "b", "y"]
    assert kinds == [
        TokenKind.NORMAL,
        TokenKind.UNUSED,
        TokenKind.CONTROL,
        TokenKind.NORMAL,
        TokenKind.USER_DEFINED,
    ]


@pytest.mark.parametrize("vocab", [None, [], {}, {"a": -1}, {"a": "1"}, {"a": MAX_TOKENS}, {"a": 100_000}])
def test_what_is_no_vocabulary_is_refused(vocab: Any) -> None:
    with pytest.raises(ConversionError, match=r"no vocabulary|large gaps"):
        tokens_by_id(vocab, {})


def test_merges_are_read_from_either_form() -> None:
    assert read_merges(["a b", ["c", "d e"]]) == ["a b", "c dĠe"]
    for wrong in (None, ["abc"], [["a"]], [[1, 2]], ["a b c"]):
        with pytest.raises(ConversionError, match=r"no merges|no pairs"):
            read_merges(wrong)
