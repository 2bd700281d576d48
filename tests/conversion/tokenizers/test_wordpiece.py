from pathlib import Path
from typing import Any

import pytest

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.vocabulary import TokenKind
from paddock.conversion.tokenizers.wordpiece import read_wordpiece
from tests.conversion.checkpoints import word_piece_tokenizer

EMPTY = Checkpoint({})


def test_tokens_that_start_a_word_are_marked_in_place_of_the_others() -> None:
    found = read_wordpiece(EMPTY, word_piece_tokenizer(), {})
    assert found.tokens[:2] == ["[PAD]", "[UNK]"]
    assert (found.tokens[5], found.tokens[-1]) == ("▁a", "2")
    assert found.kinds[:6] == [TokenKind.CONTROL] * 5 + [TokenKind.NORMAL]


def test_a_vocab_txt_is_read_by_its_lines(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[UNK]\r\nthe\r\n##re\r\n")
    found = read_wordpiece(Checkpoint({"vocab.txt": tmp_path / "vocab.txt"}), {}, {})
    assert found.tokens == ["[UNK]", "▁the", "re"]


@pytest.mark.parametrize(("accents", "stripped"), [(None, True), (False, False), (True, True)])
def test_accents_are_stripped_with_the_case_unless_a_file_says_otherwise(accents: bool | None, stripped: bool) -> None:
    normalizer = {"type": "BertNormalizer", "lowercase": True, "strip_accents": accents}
    found = read_wordpiece(EMPTY, word_piece_tokenizer() | {"normalizer": normalizer}, {})
    assert found.settings == {"normalizer.lowercase": True, "normalizer.strip_accents": stripped}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"normalizer": {"type": "NFC"}}, "other than BertNormalizer"),
        (
            {"normalizer": {"type": "BertNormalizer", "handle_chinese_chars": False}},
            "handle_chinese_chars must be true",
        ),
        ({"model": {"vocab": {"a": 0}, "continuing_subword_prefix": "@@"}}, "continuing_subword_prefix"),
        ({"model": {}}, "the tokenizer is missing"),
    ],
)
def test_what_the_engine_does_not_have_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        read_wordpiece(EMPTY, word_piece_tokenizer() | changes, {})
