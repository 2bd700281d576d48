from collections.abc import Sequence
from pathlib import Path

import pytest

from paddock.gguf import DamagedModel, read_header
from paddock.gguf import vocabulary as checking
from paddock.gguf.encoded import EncodedValue, array, strings, text
from paddock.gguf.types import INT32
from paddock.gguf.vocabulary import check_vocabulary
from paddock.gguf.writer import encode_header

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
WORDS = ["<unk>", "<s>", "</s>", "\u2581the", "\u2581a"]


def check(
    folder: Path,
    tokens: Sequence[str] | EncodedValue,
    types: Sequence[int] | None = None,
    *,
    tokenizer: str = "llama",
    split: str = "default",
) -> None:
    """Check a file with these tokens."""
    metadata = {
        "general.architecture": text("llama"),
        "tokenizer.ggml.model": text(tokenizer),
        "tokenizer.ggml.pre": text(split),
        "tokenizer.ggml.tokens": tokens if isinstance(tokens, EncodedValue) else strings(tokens),
    }
    if types is not None:
        metadata["tokenizer.ggml.token_type"] = array(INT32, types)
    path = folder / "model.gguf"
    path.write_bytes(encode_header(metadata, [])[0])
    check_vocabulary(read_header(path), path)


def test_a_vocabulary_of_words_and_bytes_is_sound(tmp_path: Path) -> None:
    check(tmp_path, [*WORDS, *BYTES], [2, 3, 3, 1, 1] + [6] * 256)
    check(tmp_path, [*WORDS, *BYTES])
    check(tmp_path, [*WORDS, *BYTES], [2])
    check(tmp_path, [*WORDS, *BYTES], [2, 3, 3, 1, 1] + [6] * 1000)


def test_a_sentencepiece_vocabulary_needs_a_token_for_each_byte(tmp_path: Path) -> None:
    with pytest.raises(DamagedModel, match="its vocabulary lacks 256 of the 256 tokens for bytes"):
        check(tmp_path, WORDS)
    with pytest.raises(DamagedModel, match="lacks 1 of the 256"):
        check(tmp_path, [*WORDS, *BYTES[:-1]])
    check(tmp_path, [*WORDS, *BYTES[:65], "A", *BYTES[66:]])
    with pytest.raises(DamagedModel, match="lacks 1 of the 256"):
        check(tmp_path, [*WORDS, *BYTES[:200], "\u00c8", *BYTES[201:]])


@pytest.mark.parametrize(("tokenizer", "split"), [("gpt2", "qwen2"), ("bert", ""), ("t5", ""), ("llama", "gemma4")])
def test_others_need_none(tmp_path: Path, tokenizer: str, split: str) -> None:
    check(tmp_path, WORDS, tokenizer=tokenizer, split=split)


def test_a_token_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedModel, match='has the token "the" twice'):
        check(tmp_path, ["the", "a", "the"], tokenizer="gpt2")
    with pytest.raises(DamagedModel, match='has the token "a" twice'):
        check(tmp_path, ["a", "a\0b"], tokenizer="gpt2")
    check(tmp_path, ["a", "", "", "A"], tokenizer="gpt2")


def test_tokens_are_compared_by_their_bytes(tmp_path: Path) -> None:
    def raw(*pieces: bytes) -> EncodedValue:
        one = strings(["x"] * len(pieces))
        head = one.data[:12]
        return EncodedValue(one.type, head + b"".join(len(p).to_bytes(8, "little") + p for p in pieces))

    check(tmp_path, raw(b"\xff", b"\xfe"), tokenizer="gpt2")
    with pytest.raises(DamagedModel, match="twice"):
        check(tmp_path, raw(b"\xff", b"a", b"\xff"), tokenizer="gpt2")


def test_a_byte_token_names_its_byte(tmp_path: Path) -> None:
    with pytest.raises(DamagedModel, match='its token "ab" is said to be a byte'):
        check(tmp_path, ["<0x41>", "ab"], [6, 6], tokenizer="gpt2")
    with pytest.raises(DamagedModel, match='its token "<0x41>" is said to be a byte'):
        check(tmp_path, ["<0x41>"], [6], tokenizer="bert")


def test_a_vocabulary_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MAX_TOKENS", 100)
    with pytest.raises(DamagedModel, match="its vocabulary has 261 tokens, and can have 100"):
        check(tmp_path, [*WORDS, *BYTES])


def test_a_file_without_tokens_is_left_to_llama_cpp(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(encode_header({"general.architecture": text("llama")}, [])[0])
    check_vocabulary(read_header(path), path)
