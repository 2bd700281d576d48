import struct
from typing import Any

import pytest

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import AddedToken
from paddock.conversion.tokenizers.sentencepiece import add_tokens, from_json, from_model, uses_metaspace
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary
from tests.conversion.checkpoints import byte_tokenizer


def message(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def piece(text: str, score: float, kind: int = 1) -> bytes:
    return message(1, message(1, text.encode()) + b"\x15" + struct.pack("<f", score) + bytes([3 << 3, kind]))


BPE, UNIGRAM = message(2, b"\x18\2"), message(2, b"\x18\1")
PIECES = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("▁a", -1.5)


def test_a_model_file_is_read_with_its_scores_and_special_tokens() -> None:
    found = from_model(PIECES + BPE, {}, {})
    assert (found.model, found.tokens, found.scores) == ("llama", ["<unk>", "<s>", "</s>", "▁a"], [0, 0, 0, -1.5])
    assert found.special == {"unk": 0, "bos": 1, "eos": 2}
    assert found.settings == {"add_space_prefix": True, "remove_extra_whitespaces": True}
    assert from_model(PIECES + UNIGRAM, {}, {"add_prefix_space": False}).settings["add_space_prefix"] is False


@pytest.mark.parametrize("data", [b"", BPE, PIECES + message(2, b"\x18\3"), PIECES + message(2, b"\x18\1\x98\2\1")])
def test_other_models_are_refused(data: bytes) -> None:
    with pytest.raises(ConversionError, match=r"tokenizer\.model"):
        from_model(data, {}, {})


def tokenizer(**parts: Any) -> dict[str, Any]:
    vocab = {"<unk>": 0, "<0x0A>": 1, "▁": 2, "a": 3, "▁a": 4}
    return {"model": {"type": "BPE", "vocab": vocab, "merges": ["▁ a"], "unk_token": "<unk>"}, **parts}


def test_ranks_of_merges_become_scores() -> None:
    found = from_json(tokenizer(), {})
    assert found.scores == [-1.0, -1.0, -1.0, -1.0, 0.0]
    assert (found.kinds[0], found.kinds[1]) == (TokenKind.UNKNOWN, TokenKind.BYTE)


@pytest.mark.parametrize(
    ("step", "prefix"),
    [
        ({"type": "Prepend", "prepend": "▁"}, True),
        ({"type": "Sequence", "normalizers": [{"type": "Prepend"}]}, True),
        ({"type": "Metaspace", "prepend_scheme": "never"}, False),
        ({"type": "Metaspace"}, True),
        (None, False),
    ],
)
def test_a_space_before_the_text_is_put_by_either_step(step: Any, prefix: bool) -> None:
    assert from_json(tokenizer(normalizer=step), {}).settings["add_space_prefix"] is prefix


def test_only_sentencepiece_writes_spaces_as_a_letter() -> None:
    assert uses_metaspace({"pre_tokenizer": {"type": "Metaspace", "replacement": "▁"}})
    assert not uses_metaspace(byte_tokenizer())


def test_added_tokens_change_the_kind_of_those_that_are_there() -> None:
    found = Vocabulary("llama", ["<unk>", "a"], [TokenKind.UNKNOWN, TokenKind.NORMAL], scores=[0.0, 0.0])
    add_tokens(found, {0: AddedToken("<unk>", True), 1: AddedToken("▁b", False), 3: AddedToken("<end>", True)})
    assert found.tokens == ["<unk>", " b", "[PAD2]", "<end>"]
    assert found.kinds == [TokenKind.UNKNOWN, TokenKind.USER_DEFINED, TokenKind.UNUSED, TokenKind.CONTROL]
