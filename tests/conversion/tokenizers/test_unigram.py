"""Imported unigram tokenizers split text as the originals do."""

import contextlib
import json
import tempfile
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers import Vocabulary
from tests.conversion.checkpoints import DATA
from tests.conversion.embedders import QUESTION, unigram_tokenizer
from tests.conversion.embedders import TEXTS as SHORT
from tests.conversion.tokenizers.test_charsmap import full_width
from tests.conversion.tokenizers.test_reading import TEXTS, engines, read, tokenizers
from tests.examples import scaled

__all__ = ["engines"]

ALL = [*TEXTS, *SHORT, "ＡＢＣ　ａｂｃ！", "a\u00a0b", "zero\u200bwidth", "<mask> me", "x" * 3000]
"""In more than a dozen scripts."""
CONFIG = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
MODEL = "sentencepiece.bpe.model"


def original(described: dict[str, Any]) -> Any:
    return tokenizers.Tokenizer.from_str(json.dumps(described))


def own_file(folder: Path, **files: Any) -> Vocabulary:
    folder.mkdir()
    (folder / MODEL).write_bytes((DATA / "unigrams.model").read_bytes())
    return read(folder, CONFIG, embeds=True, **files)


def test_a_unigram_model_splits_as_the_original(tmp_path: Path, engines: Any) -> None:
    described = unigram_tokenizer()
    vocabulary = read(tmp_path / "1", CONFIG, embeds=True, tokenizer=described)
    assert vocabulary.model == "t5"
    assert {name: vocabulary.special[name] for name in ("bos", "pad", "eos", "unk", "sep")} == {
        "bos": 0, "pad": 1, "eos": 2, "unk": 3, "sep": 2,
    }  # fmt: skip
    theirs, engine = original(described), engines(vocabulary)
    texts = [text for text in ALL if "<mask>" not in text]
    assert any(3 in theirs.encode(text).ids for text in texts)
    assert not [text for text in texts if engine.tokens(text, around=True) != theirs.encode(text).ids]


def test_a_model_in_its_own_file_is_numbered_as_the_network_knows_it(tmp_path: Path, engines: Any) -> None:
    named = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    vocabulary = own_file(tmp_path / "1", tokenizer_config=named)
    same = read(tmp_path / "2", CONFIG, embeds=True, tokenizer=unigram_tokenizer(), tokenizer_config=named)
    assert vocabulary.tokens == same.tokens
    assert vocabulary.kinds == same.kinds
    for key in ("precompiled_charsmap", "add_space_prefix", "add_bos_token", "add_eos_token", "add_sep_token"):
        assert vocabulary.settings[key] == same.settings[key]
    engine = engines(vocabulary)
    expected: dict[str, list[int]] = json.loads((DATA / "unigrams_cut.json").read_text("utf-8"))
    # fairseq's numbers are those of the file and one more; only the unknown token has another.
    shifted = {text: [token + 1 if token else 3 for token in tokens] for text, tokens in expected.items()}
    assert not [text for text, tokens in shifted.items() if engine.tokens(text) != tokens]
    assert engine.tokens("<mask>") == [len(vocabulary.tokens) - 1]


def test_two_texts_have_two_separators_between_them(tmp_path: Path) -> None:
    described = unigram_tokenizer()
    ids = original(described).encode(QUESTION, SHORT[0]).ids
    assert ids.count(2) == 3
    assert read(tmp_path / "1", CONFIG, embeds=True, tokenizer=described).settings["add_sep_token"] is True
    for number, (kind, twice) in enumerate((("RobertaProcessing", True), ("BertProcessing", False)), 2):
        described["post_processor"] = {"type": kind, "cls": ["<s>", 0], "sep": ["</s>", 2]}
        found = read(tmp_path / str(number), CONFIG, embeds=True, tokenizer=described).settings
        assert (found["add_bos_token"], found["add_eos_token"], found["add_sep_token"]) == (True, True, twice)


TABLE = unigram_tokenizer()["normalizer"]
ALWAYS, FIRST, NEVER = (
    {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": True}
    for scheme in ("always", "first", "never")
)
STRIP = {"type": "Strip", "strip_left": False, "strip_right": True}
MERGE, MARK = ({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": content} for content in (" ", "▁"))
ESCAPE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
SPLIT = {"type": "WhitespaceSplit"}


def cutting(normalizers: list[Any], cuts: list[Any]) -> dict[str, Any]:
    return {
        "normalizer": {"type": "Sequence", "normalizers": normalizers} if normalizers else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": cuts} if cuts else None,
    }


@pytest.mark.parametrize(
    ("normalizers", "cuts"),
    [
        ([TABLE, STRIP, MERGE], [ALWAYS]),
        ([TABLE, STRIP | {"strip_left": True}, MARK], [ALWAYS]),
        ([TABLE, STRIP, MARK], [FIRST]),
        ([TABLE], [SPLIT, ALWAYS]),
        ([TABLE, MERGE], [SPLIT, ALWAYS]),
        ([TABLE, STRIP, MARK], [SPLIT, ALWAYS]),
        ([], [NEVER]),
        ([TABLE], [NEVER]),
        ([ESCAPE], []),
    ],
    ids=["strip", "strip both", "first", "split", "merge and split", "all", "kept", "kept with a table", "escaped"],
)
def test_spaces_are_treated_as_the_original_treats_them(
    tmp_path: Path, engines: Any, normalizers: list[Any], cuts: list[Any]
) -> None:
    described = unigram_tokenizer() | cutting(normalizers, cuts)
    theirs, engine = original(described), engines(read(tmp_path / "1", CONFIG, tokenizer=described))
    texts = ["tea", "two  spaces", "a   b c", " tea", "tea ", "  tea  ", "a\nb", "tea\n", "\ttea", "a \n b", " "]
    assert [engine.tokens(text, around=True) for text in texts] == [theirs.encode(text).ids for text in texts]


def test_a_space_at_the_end_is_dropped_as_sentencepiece_drops_it(tmp_path: Path, engines: Any) -> None:
    described = unigram_tokenizer() | cutting([TABLE, MERGE], [ALWAYS])
    theirs, engine = original(described), engines(read(tmp_path / "1", CONFIG, tokenizer=described))
    for text in ("tea", "two  spaces", " tea", "tea ", "a\nb", "tea\n", "\ttea  "):
        assert engine.tokens(text, around=True) == theirs.encode(text.rstrip()).ids


CANNOT: dict[str, tuple[list[Any], list[Any], str]] = {
    "strip alone": ([TABLE, STRIP], [ALWAYS], "Strip without one space for several"),
    "mark and split": ([TABLE, MARK], [SPLIT, ALWAYS], "only if those at the end of a text are dropped"),
    "left strip": ([TABLE, STRIP | {"strip_left": True, "strip_right": False}, MERGE], [ALWAYS], "normalizer Strip"),
    "strip too late": ([TABLE, MARK, STRIP], [ALWAYS], "Precompiled, Mark, Strip, Metaspace are not imported together"),
    "prefix alone": ([], [ALWAYS], "a space before the text, but not one for several"),
    "split without a table": ([], [SPLIT, ALWAYS], "only with a table of characters"),
    "strip without a table": ([STRIP, MERGE], [ALWAYS], "only with a table of characters"),
    "first word only": ([TABLE], [SPLIT, FIRST], "without a space before every word"),
    "split too late": ([TABLE], [ALWAYS, SPLIT], "Precompiled, Metaspace, WhitespaceSplit are not imported together"),
    "spaces left": ([TABLE], [], "the steps Precompiled are not imported together"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_spaces_that_the_engine_would_treat_otherwise_are_refused(tmp_path: Path, case: str) -> None:
    normalizers, cuts, message = CANNOT[case]
    with pytest.raises(ConversionError, match=message):
        read(tmp_path / "1", CONFIG, tokenizer=unigram_tokenizer() | cutting(normalizers, cuts))


def changed(part: str, value: Any) -> dict[str, Any]:
    described = unigram_tokenizer()
    return described | {"model": described["model"] | {part: value}}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "bytes": (changed("byte_fallback", True), "falls back to bytes"),
    "no vocabulary": (changed("vocab", {}), "no vocabulary"),
    "no scores": (changed("vocab", [["a"]]), "no list of pieces"),
    "no numbers": (changed("vocab", [["a", "b"]]), "no list of pieces"),
    "endless score": (changed("vocab", [["<unk>", 10**400]]), "no list of pieces"),
    "score beyond floats": (changed("vocab", [["<unk>", 1e60]]), "no list of pieces"),
    "score no number": (changed("vocab", [["<unk>", True]]), "no list of pieces"),
    "model no object": ({"model": [1]}, "a model that is none"),
    "no unknown": (changed("unk_id", None), "unk_id"),
    "unknown outside": (changed("unk_id", 5000), "unk_id"),
    "twice": (changed("vocab", [[t, -1.0] for t in ["<s>", "<pad>", "</s>", "<unk>", "ab", "ab"]]), '"ab" twice'),
    "letters": ({"normalizer": {"type": "NFKC"}}, "normalizer NFKC is not imported for unigram models"),
    "base64": ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "?"}}, "no base64"),
    "cut off": ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAQAAAAg"}}, "is cut off"),
    "cuts": ({"pre_tokenizer": {"type": "Digits"}}, "pre-tokenizer Digits is not imported for unigram models"),
    "no prefix": ({"pre_tokenizer": {"type": "WhitespaceSplit"}}, "none before the text"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_unigram_model_that_cannot_be_imported_is_named(tmp_path: Path, case: str) -> None:
    changes, message = WRONG[case]
    with pytest.raises(ConversionError, match=message):
        own_file(tmp_path / "1", tokenizer=unigram_tokenizer() | changes)


@pytest.mark.parametrize("name", [MODEL, "tokenizer.model"])
def test_the_table_of_a_model_in_a_file_is_checked(tmp_path: Path, name: str) -> None:
    model, table = (DATA / "unigrams.model").read_bytes(), b64decode(TABLE["precompiled_charsmap"])
    assert model.count(table) == 1
    at = model.index(table) + full_width(table)
    for number, (data, message) in enumerate((
        (model[:at] + b"\xef\xfc\xff\x7f" + model[at + 4 :], "leads out of itself"),
        (model.replace("\n\5▁un".encode(), "\n\5▁la".encode(), 1), 'the token "▁la" twice'),
    )):  # fmt: skip
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_bytes(data)
        with pytest.raises(ConversionError, match=message):
            read(folder, CONFIG)


def test_a_duplicate_token_is_found_fast(tmp_path: Path) -> None:
    pieces = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], *([f"a{i}", -1.0] for i in range(20_000))]
    started = time.monotonic()
    with pytest.raises(ConversionError, match='the token "a19999" twice'):
        read(tmp_path / "1", CONFIG, tokenizer=changed("vocab", [*pieces, pieces[-1]]))
    assert time.monotonic() - started < 20  # minutes, if each is looked for in all


def test_many_added_tokens_are_read_fast(tmp_path: Path) -> None:
    first = len(unigram_tokenizer()["model"]["vocab"])
    added = {f"extra{i}": first + 2 * i for i in range(10_000)}
    started = time.monotonic()
    found = read(tmp_path / "1", CONFIG, tokenizer=unigram_tokenizer(), added_tokens=added)
    assert time.monotonic() - started < 20  # minutes, if each is looked for in all
    assert found.tokens[-3:] == ["extra9998", f"[PAD{first + 2 * 9998 + 1}]", "extra9999"]


def test_a_token_with_the_name_of_a_gap_is_refused(tmp_path: Path) -> None:
    first = len(unigram_tokenizer()["model"]["vocab"])
    with pytest.raises(ConversionError, match=f"PAD{first}.*twice"):
        read(tmp_path / "1", CONFIG, tokenizer=unigram_tokenizer(), added_tokens={f"[PAD{first}]": first + 1})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "normalizers",
                    "pretokenizers",
                    "processors",
                    "single",
                    "pair",
                    "SpecialToken",
                    "id",
                    "cls",
                    "sep",
                ]
            ),
            inner
            | st.sampled_from(
                ["Sequence", "Precompiled", "Replace", "Metaspace", "TemplateProcessing", "RobertaProcessing"]
            ),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["normalizer", "pre_tokenizer", "post_processor", "added_tokens"]))
@settings(deadline=None, max_examples=scaled(100))
def test_malformed_steps_are_refused_or_ignored(step: Any, part: str) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ConversionError):
        found = read(Path(folder) / "1", CONFIG, embeds=True, tokenizer=unigram_tokenizer() | {part: step})
        assert len(found.tokens) == len(found.kinds) == len(found.scores or ())


@pytest.mark.parametrize("data", [b"", b"\x01", b"no model at all", (DATA / "sentence_pieces.model").read_bytes()])
def test_a_file_that_is_no_unigram_model_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / MODEL).write_bytes(data)
    with pytest.raises(ConversionError, match="model"):
        read(tmp_path / "1", CONFIG)
