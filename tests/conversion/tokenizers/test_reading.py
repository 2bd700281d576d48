"""Imported tokenizers split text as the originals do."""

import json
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import WeightType
from paddock.conversion.output.writer import write_gguf
from paddock.conversion.tokenizers import Vocabulary, read_vocabulary
from paddock.conversion.tokenizers.pretokenizers import GPT2
from paddock.conversion.tokenizers.sentencepiece import from_model
from tests.conversion.checkpoints import DATA, SILENT, byte_tokenizer, word_piece_tokenizer
from tests.examples import scaled

tokenizers = pytest.importorskip("tokenizers")

CORPUS = (Path(__file__).parents[1] / "sentences.txt").read_text("utf-8").splitlines()
TEXTS = [
    *CORPUS,
    "",
    " ",
    "   three  spaces   ",
    "tabs\tand\nlines\n\n\nmore\r\n  end  ",
    "I'll we've they'RE it'S don't 'tis",
    "12345678 1,234.5 x=3.14e-10",
    "camelCase HTTPServer snake_case a/b//c",
    "<s>special</s> <unk> <|end|>",
    "e\u0301 \u200b \ufeff \U0001f600\U0001f3fd",
]
SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = rf"{SUFFIX}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{REST % '{1,3}'}"
QWEN2 = rf"{SUFFIX}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{REST % ''}"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASES = rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+%s|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*%s"
SLASH = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEKKEN = CASES % ("", "") + r"|\p{N}" + SLASH
GPT4O = CASES % (f"{SUFFIX}?", f"{SUFFIX}?") + r"|\p{N}{1,3}" + SLASH
CUTS: dict[str, tuple[Sequence[str], bool]] = {
    "gpt-2": ((), False),
    "smollm": (("digits",), False),
    "dbrx": ((LLAMA3,), False),
    "llama-bpe": ((LLAMA3,), True),
    "qwen2": ((QWEN2,), False),
    "tekken": ((TEKKEN,), False),
    "gpt-4o": ((GPT4O,), False),
}
"""By llama.cpp's name: the splits of a `tokenizer.json`, and whether it has `ignore_merges`."""


WITHOUT_MARKS = ("tekken", "gpt-4o")
"""Pre-tokenizers in which the engine has no class for combining marks, and splits before them."""


def has_marks(text: str) -> bool:
    return any(unicodedata.category(letter).startswith("M") for letter in text)


class Engine:
    """The engine's tokenizer with an imported vocabulary."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        llama_cpp.llama_backend_init()
        with path.open("wb") as file:
            write_gguf(file, "llama", vocabulary.metadata(), [], WeightType.F32)
        llama_cpp.llama_log_set(SILENT, None)
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = True
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        assert self._model
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)

    def tokens(self, text: str, *, around: bool = False) -> list[int]:
        data = text.encode()
        room = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(self._vocab, data, len(data), room, len(room), around, True)
        return list(room[:count])

    def close(self) -> None:
        llama_cpp.llama_model_free(self._model)


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[Any]:
    made: list[Engine] = []

    def make(vocabulary: Vocabulary) -> Engine:
        made.append(Engine(tmp_path / f"{len(made)}.gguf", vocabulary))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def read(folder: Path, config: dict[str, Any] | None = None, *, embeds: bool = False, **files: Any) -> Vocabulary:
    """Read the tokenizer of a checkpoint with these files (`tokenizer_config` → `tokenizer_config.json`)."""
    folder.mkdir(exist_ok=True)
    for name, value in files.items():
        (folder / f"{name}.json").write_text(value if isinstance(value, str) else json.dumps(value))
    checkpoint = Checkpoint({path.name: path for path in folder.iterdir()})
    return read_vocabulary(checkpoint, Config(config or {}), embeds=embeds)


def trained(cuts: Sequence[str], whole_words: bool) -> Any:
    """Return a byte-level BPE tokenizer trained on the sentences."""
    pre = tokenizers.pre_tokenizers
    steps = [
        pre.Digits(individual_digits=True) if cut == "digits" else pre.Split(tokenizers.Regex(cut), "isolated")
        for cut in cuts
    ]
    uses_own = not cuts or "digits" in cuts
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(ignore_merges=whole_words))
    tokenizer.pre_tokenizer = pre.Sequence([*steps, pre.ByteLevel(add_prefix_space=False, use_regex=uses_own)])
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=1000,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=pre.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


@pytest.mark.parametrize("name", CUTS)
def test_byte_level_bpe_splits_as_the_original(tmp_path: Path, engines: Any, name: str) -> None:
    original = trained(*CUTS[name])
    vocabulary = read(tmp_path / "checkpoint", tokenizer=original.to_str())
    assert (vocabulary.model, vocabulary.pre) == ("gpt2", name)
    engine = engines(vocabulary)
    wrong = [text for text in TEXTS if engine.tokens(text) != original.encode(text).ids]
    assert not [text for text in wrong if name not in WITHOUT_MARKS or not has_marks(text)]


def test_a_sentencepiece_tokenizer_is_read_from_its_json(tmp_path: Path, engines: Any) -> None:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    normalizers = tokenizers.normalizers
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=900, special_tokens=special, show_progress=False)
    words = [word for line in CORPUS for word in f" {line}".replace(" ", "\n ").split("\n")]
    tokenizer.train_from_iterator(words, trainer)
    described = json.loads(tokenizer.to_str())
    described["added_tokens"] = described["added_tokens"][:3]
    original = tokenizers.Tokenizer.from_str(json.dumps(described))
    vocabulary = read(tmp_path / "checkpoint", tokenizer=described)
    assert (vocabulary.model, vocabulary.settings["add_space_prefix"]) == ("llama", True)
    engine = engines(vocabulary)
    wrong = [text for text in TEXTS if text and engine.tokens(text) != original.encode(text).ids]
    assert not wrong


def test_a_sentencepiece_model_splits_as_recorded(tmp_path: Path, engines: Any) -> None:
    (tmp_path / "checkpoint").mkdir()
    model = (DATA / "sentence_pieces.model").read_bytes()
    (tmp_path / "checkpoint" / "tokenizer.model").write_bytes(model)
    vocabulary = read(tmp_path / "checkpoint", added_tokens={"<|im_end|>": 1150})
    assert (vocabulary.model, vocabulary.special) == ("llama", {"unk": 0, "bos": 1, "eos": 2})
    engine = engines(vocabulary)
    expected: dict[str, list[int]] = json.loads((DATA / "sentence_pieces.json").read_text("utf-8"))
    assert not [text for text, tokens in expected.items() if engine.tokens(text) != tokens]
    assert engine.tokens("a<|im_end|>", around=True)[-1] == 1150
    assert engine.tokens("a", around=True)[0] == 1


@given(st.data())
@settings(deadline=None, max_examples=scaled(60))
def test_a_corrupt_sentencepiece_model_is_read_or_refused(data: st.DataObject) -> None:
    model = bytearray((DATA / "sentence_pieces.model").read_bytes()[:600])
    for _ in range(data.draw(st.integers(1, 4))):
        model[data.draw(st.integers(0, len(model) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = from_model(bytes(model), {}, {})
    except ConversionError:
        return
    assert len(found.tokens) == len(found.kinds) == len(found.scores or ())


def test_special_tokens_around_a_text_come_from_the_post_processor(tmp_path: Path, engines: Any) -> None:
    start, end = {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    named = {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "add_bos_token": False}
    for number, (single, expected) in enumerate(
        [([start, text], [1, 3]), ([start, text, end], [1, 3, 2]), ([text], [3])]
    ):
        described = byte_tokenizer() | {"post_processor": {"type": "TemplateProcessing", "single": single}}
        vocabulary = read(tmp_path / str(number), tokenizer=described, tokenizer_config=named)
        assert engines(vocabulary).tokens("e", around=True) == expected


def test_a_tokenizer_that_names_no_end_of_text_gets_the_usual_one_or_is_refused(tmp_path: Path) -> None:
    found = read(tmp_path / "1", tokenizer=byte_tokenizer())
    assert (found.special["eos"], found.special["bos"]) == (2, 2)
    nameless = json.dumps(byte_tokenizer()).replace("</s>", "<end>")
    with pytest.raises(ConversionError, match="ends a text"):
        read(tmp_path / "2", tokenizer=nameless)
    assert read(tmp_path / "3", {"eos_token_id": 2}, tokenizer=nameless).special["eos"] == 2


def test_both_tokens_that_end_a_reply_are_set(tmp_path: Path) -> None:
    found = read(
        tmp_path / "checkpoint",
        tokenizer=byte_tokenizer(),
        tokenizer_config={"eos_token": "</s>"},
        generation_config={"eos_token_id": [2, 5]},
    )
    assert (found.special["eos"], found.special["eot"]) == (2, 5)


def test_chat_templates_are_imported(tmp_path: Path) -> None:
    named = [{"name": "default", "template": "{{ a }}"}, {"name": "tool_use", "template": "{{ b }}"}]
    found = read(tmp_path / "1", tokenizer=byte_tokenizer(), tokenizer_config={"chat_template": named}).metadata()
    assert found["tokenizer.chat_template"] == "{{ a }}"
    assert (found["tokenizer.chat_template.tool_use"], found["tokenizer.chat_templates"]) == ("{{ b }}", ["tool_use"])
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "chat_template.jinja").write_text("{{ c }}")
    found = read(tmp_path / "2", tokenizer=byte_tokenizer(), tokenizer_config={"chat_template": named}).metadata()
    assert found["tokenizer.chat_template"] == "{{ c }}"


def test_a_vocabulary_gets_as_many_tokens_as_there_are_embeddings(tmp_path: Path) -> None:
    found = read(tmp_path / "checkpoint", tokenizer=byte_tokenizer())
    found.fit(70)
    assert (len(found.tokens), len(found.kinds)) == (70, 70)
    found.fit(60)
    assert (len(found.tokens), len(found.kinds)) == (60, 60)


def test_impossible_token_numbers_are_ignored(tmp_path: Path) -> None:
    decoder = {"9" * 5000: {"content": "a"}, "64": {"content": "<more>"}}
    added = {"<far>": 1 << 40, "<below>": -1, "<true>": True}
    found = read(
        tmp_path / "1",
        tokenizer=byte_tokenizer(),
        tokenizer_config={"added_tokens_decoder": decoder},
        added_tokens=added,
    )
    assert found.tokens[64:] == ["<more>"]


def test_sentencepiece_steps_that_are_no_list_are_ignored(tmp_path: Path) -> None:
    described = byte_tokenizer() | {"normalizer": {"type": "Prepend", "prepend": "▁"}}
    described["pre_tokenizer"] = {"normalizers": 5, "pretokenizers": {"a": 1}}
    found = read(tmp_path / "1", tokenizer=described)
    assert (found.model, found.settings["add_space_prefix"]) == ("llama", True)


def test_a_score_that_no_file_can_hold_is_refused() -> None:
    endless = b"\n\1a\x15\0\0\x80\x7f"
    wide = b"\n\1a\x11" + struct.pack("<d", 1e300)
    for piece in (endless, wide):
        with pytest.raises(ConversionError, match="a score that is no number"):
            from_model(b"\n" + bytes([len(piece)]) + piece, {}, {})


def without(part: str) -> dict[str, Any]:
    tokenizer = byte_tokenizer()
    del tokenizer["model"][part]
    return tokenizer


def with_merges(merges: list[Any]) -> dict[str, Any]:
    tokenizer = byte_tokenizer()
    tokenizer["model"]["merges"] = merges
    return tokenizer


def with_cut(step: Any) -> dict[str, Any]:
    return byte_tokenizer() | {"pre_tokenizer": step}


def with_token(first: str, second: str, number: int = 65) -> dict[str, Any]:
    """Return a tokenizer with two more tokens, the second with this number."""
    tokenizer = byte_tokenizer()
    tokenizer["added_tokens"] += [{"id": 64, "content": first}, {"id": number, "content": second}]
    return tokenizer


WRONG: list[tuple[Any, str]] = [
    ({}, "the tokenizer is missing"),
    ({"model": {"type": "WordLevel"}}, "type WordLevel is not imported"),
    (without("vocab"), "no vocabulary"),
    (without("merges"), "no merges"),
    ({"model": {"type": "BPE", "vocab": {"a": 1 << 40}, "merges": []}}, "no vocabulary"),
    ({"model": {"type": "BPE", "vocab": {"a": 100_000}, "merges": []}}, "large gaps"),
    (with_merges(["abc"]), "no pairs"),
    ({"model": [1]}, "a model that is none"),
    (with_token("a\0b", "a"), 'the token "a" twice'),
    (with_token("[PAD70]", "x", 71), r'the token "\[PAD70\]" twice'),
    (with_cut({"type": "Split", "pattern": {"Regex": r"\w+"}, "behavior": "Isolated"}), "does not know"),
    (with_cut({"type": "Whitespace"}), "type Whitespace"),
    (with_cut({"type": "Split", "pattern": {"Regex": GPT2}, "behavior": "Contiguous"}), "Contiguous"),
    (word_piece_tokenizer() | {"normalizer": {"type": "NFC"}}, "other than BertNormalizer"),
    ("[1, 2]", "the tokenizer is missing"),
    ("{", "is no JSON"),
    ("[" * 100_000, "is no JSON"),
]


@pytest.mark.parametrize(("tokenizer", "message"), WRONG)
def test_a_tokenizer_that_cannot_be_imported_is_named(tmp_path: Path, tokenizer: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        read(tmp_path / "checkpoint", tokenizer=tokenizer)
