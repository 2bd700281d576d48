import contextlib
import os
import struct
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gguf
from paddock.gguf import (
    BadGguf,
    EncodedHeader,
    GgufArray,
    GgufError,
    GgufHeader,
    NotGguf,
    read_encoded,
    read_header,
    reader,
)
from paddock.gguf.encoded import EncodedValue
from paddock.gguf.reader import read_first_keys
from tests.calls import count_calls
from tests.conftest import SHARED
from tests.examples import scaled
from tests.models.llama import tiny_llama
from tests.models.raw_header import head, text

U8, U32, F32, BOOL, STRING, ARRAY, U64 = 0, 4, 6, 7, 8, 9, 10
VOCABULARY = SHARED / "vocab" / "ggml-vocab-llama-bpe.gguf"


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def u64(value: int) -> bytes:
    return struct.pack("<Q", value)


def strings(*items: str) -> bytes:
    return u32(STRING) + u64(len(items)) + b"".join(map(text, items))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


def test_a_whole_model_is_described(file: Path) -> None:
    header = read_header(tiny_llama(file, context_length=300, file_type=15, chat_template="{{ x }}"))
    assert (header.version, header.architecture, header.file_type) == (3, "llama", "Q4_K_M")
    assert (header.context_length, header.embedding_length) == (300, 64)
    assert header.parameter_count == sum(t.elements for t in header.tensors)
    assert header.text("tokenizer.chat_template") == "{{ x }}"
    last = max(header.tensors, key=lambda t: t.offset)
    assert header.data_offset + last.offset + last.size <= file.stat().st_size
    assert header.tensors[0].name == "token_embd.weight"
    assert header.tensors[0].shape[0] == 64


def test_a_real_model_is_described(packaged: Path) -> None:
    header = read_header(packaged)
    assert (header.file_type, header.context_length) == ("Q8_0", 2048)
    assert header.parameter_count == sum(t.elements for t in header.tensors) > 2_000_000
    assert header.metadata["llama.attention.layer_norm_rms_epsilon"] == pytest.approx(1e-05)
    assert header.metadata["general.license"] == "mit"


def test_every_kind_of_value_is_read(file: Path) -> None:
    keys = [
        ("u8", U8, b"\xff"),
        ("f32", F32, struct.pack("<f", 0.1)),
        ("bool", BOOL, b"\x01"),
        ("text", STRING, text("größer")),
        ("u64", U64, u64(2**64 - 1)),
        ("f64", 12, struct.pack("<d", 0.1)),
        ("i8", 1, b"\xff"),
        ("strings", ARRAY, strings("a", "", "b" * 300)),
        ("numbers", ARRAY, u32(5) + u64(2) + struct.pack("<2i", -1, 7)),
        ("empty", ARRAY, strings()),
    ]
    file.write_bytes(head(keys))
    assert read_header(file).metadata == {
        "u8": 255,
        "f32": 0.1,
        "bool": True,
        "text": "größer",
        "u64": 2**64 - 1,
        "f64": 0.1,
        "i8": -1,
        "strings": GgufArray(3, "string", ("a", "", "b" * 300)),
        "numbers": GgufArray(2, "int32", (-1, 7)),
        "empty": GgufArray(0, "string", ()),
    }


def test_long_arrays_are_read_only_when_asked_for(file: Path) -> None:
    words = [f"word{i}" for i in range(3000)]
    scores = u32(F32) + u64(3000) + struct.pack("<3000f", *range(3000))
    keys = [("words", ARRAY, strings(*words)), ("scores", ARRAY, scores), ("after", U32, u32(7))]
    file.write_bytes(head(keys))
    short = read_header(file).metadata
    assert short["words"] == GgufArray(3000, "string", None)
    assert short["scores"] == GgufArray(3000, "float32", None)
    assert short["after"] == 7
    long = read_header(file, arrays=True).metadata
    assert long["words"] == GgufArray(3000, "string", tuple(words))
    assert long["scores"] == GgufArray(3000, "float32", tuple(map(float, range(3000))))


@pytest.mark.parametrize("data", [b"", b"GGU", b"hello", b"ggml" + bytes(100), bytes(1000)])
def test_a_file_of_another_format_is_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(NotGguf, match=r"^supplied file was not in GGUF format$"):
        read_header(file)


def tensor(
    name: str = "t", shape: tuple[int, ...] = (32,), kind: int = 0, offset: int = 0
) -> tuple[str, tuple[int, ...], int, int]:
    return name, shape, kind, offset


DATA = bytes(128)
BROKEN = {
    "version 1 of": head(version=1),
    "version 4 of": head(version=4),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "ends in the middle of its header": head()[:12],
    "claims 18446744073709551615 tensors": head(tensor_count=2**64 - 1),
    "claims 18446744073709551615 metadata keys": head(key_count=2**64 - 1),
    "claims 1000 metadata keys": head(key_count=1000),
    "a metadata key claims 18446744073709551615 bytes": head([("", U8, b"")])[:24] + u64(2**64 - 1) + bytes(32),
    'the metadata key "a" appears twice': head([("a", U8, b"\0"), ("a", U8, b"\0")]),
    'value of "a" has the unknown type 13': head([("a", 13, b"\0" * 8)]),
    'the value of "a" claims 1099511627776 bytes': head([("a", STRING, u64(2**40))]),
    '"a" is an array of arrays': head([("a", ARRAY, u32(ARRAY) + u64(1) + strings("x"))]),
    'the array "a" has the unknown type 99': head([("a", ARRAY, u32(99) + u64(1))]),
    'items of "a"': head([("a", ARRAY, u32(U64) + u64(2**61))]),
    "general.alignment must": head([("general.alignment", U32, u32(33))]),
    'tensor "t" has 5 dimensions': head(tensors=[tensor(shape=(1,) * 5)], data=DATA),
    'tensor "t" has 4294967295 dimensions': head([], [tensor()])[:33] + u32(2**32 - 1) + bytes(64),
    'tensor "t" is empty': head(tensors=[tensor(shape=(0,))], data=DATA),
    'tensor "t" has the unknown type 5': head(tensors=[tensor(kind=5)], data=DATA),
    'tensor "t" has rows that are no whole number of Q4_K blocks': head(tensors=[tensor(kind=12)], data=DATA),
    'tensor "t" begins at 7': head(tensors=[tensor(offset=7)], data=DATA),
    'tensor "t" reaches beyond the end': head(tensors=[tensor()], data=DATA[:-1]),
    'tensor "t" reaches beyond': head(tensors=[tensor(shape=(2**63, 2**63))], data=DATA),
    'tensor "u" reaches beyond': head(tensors=[tensor("u", offset=2**63)], data=DATA),
    'the tensors "t" and "u" share their data': head(
        tensors=[tensor("u", offset=64), tensor(shape=(24,))], data=DATA * 2
    ),
    'the tensor "t" appears twice': head(tensors=[tensor(), tensor()], data=DATA),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_file_is_refused_with_the_cause_in_one_line(file: Path, reason: str) -> None:
    file.write_bytes(BROKEN[reason])
    with pytest.raises(BadGguf) as error:
        read_header(file)
    assert reason in str(error.value)
    assert str(error.value).startswith("invalid GGUF file: ")
    assert "\n" not in str(error.value)


def test_an_untrusted_name_cannot_break_the_line(file: Path) -> None:
    file.write_bytes(head([("a\n\x1b[31m" + "x" * 500, 99, b"")]))
    with pytest.raises(BadGguf) as error:
        read_header(file)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("cut", [5, 30, 500, 5000, 12_000, 14_100, 14_200, 500_000])
def test_a_cut_off_model_is_refused(packaged: Path, file: Path, cut: int) -> None:
    file.write_bytes(packaged.read_bytes()[:cut])
    with pytest.raises(BadGguf, match=r"cut off|can hold"):
        read_header(file)


SAMPLE = head(
    [
        ("general.architecture", STRING, text("llama")),
        ("general.alignment", U32, u32(32)),
        ("words", ARRAY, strings("a", "bc", "def")),
        ("many", ARRAY, strings(*["x"] * 1500)),
        ("numbers", ARRAY, u32(F32) + u64(3) + bytes(12)),
    ],
    [tensor("a"), tensor("b", (256, 2), 12, 128)],
    data=bytes(128 + 288),
)


def mutated(data: bytes) -> st.SearchStrategy[bytes]:
    """Files that differ from a good one in some bytes, in what lies between two places, or in their length."""
    place = st.integers(0, len(data) - 1)
    number = st.sampled_from([0, 1, 2, 8, 9, 31, 33, 2**31, 2**32 - 1, 2**48, 2**63, 2**64 - 1])
    patches = st.one_of(st.binary(min_size=1, max_size=9), number.map(u64), number.map(lambda n: u32(n % 2**32)))

    def apply(changes: list[tuple[int, bytes]], moved: tuple[int, int, int] | None, length: int) -> bytes:
        new = bytearray(data)
        for start, patch in changes:
            new[start : start + len(patch)] = patch
        if moved is not None:
            start, end, target = moved
            new[target:target] = new[min(start, end) : max(start, end)]
        return bytes(new[:length])

    lengths = st.one_of(st.integers(0, len(data)), st.just(2 * len(data)))
    return st.builds(
        apply, st.lists(st.tuples(place, patches), max_size=4), st.none() | st.tuples(place, place, place), lengths
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=scaled(400), deadline=None)
@given(mutated(SAMPLE), st.booleans())
def test_a_mutated_file_is_read_or_refused_and_nothing_else(file: Path, data: bytes, arrays: bool) -> None:
    file.write_bytes(data)
    tracemalloc.start()
    started = time.process_time()
    decoded: GgufHeader | str
    encoded: EncodedHeader | str
    try:
        try:
            decoded = read_header(file, arrays=arrays)
        except GgufError as error:
            decoded = str(error)
        with file.open("rb") as opened:
            try:
                encoded = read_encoded(opened)
            except GgufError as error:
                encoded = str(error)
            with contextlib.suppress(GgufError):
                read_first_keys(opened)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert time.process_time() - started < 10  # seconds; it takes milliseconds
    assert peak < 8 << 20
    if isinstance(decoded, str) or isinstance(encoded, str):
        assert decoded == encoded
        assert str(decoded).isprintable()
        return
    assert decoded.tensors == encoded.tensors
    assert list(decoded.metadata) == list(encoded.metadata)
    assert decoded.data_offset + sum(tensor.size for tensor in decoded.tensors) <= len(data)
    assert decoded.architecture


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_file_is_refused_for_the_same_reason_in_either_form(file: Path, reason: str) -> None:
    file.write_bytes(BROKEN[reason])
    with file.open("rb") as opened, pytest.raises(BadGguf) as error:
        read_encoded(opened)
    assert reason in str(error.value)


def test_tensors_lie_where_the_header_says(file: Path) -> None:
    data = tiny_llama(file).read_bytes()
    with file.open("rb") as opened:
        header = read_encoded(opened)
    theirs = gguf.GGUFReader(file).tensors
    assert [tensor.name for tensor in header.tensors] == [tensor.name for tensor in theirs]
    for ours, their in zip(header.tensors, theirs, strict=True):
        start = header.data_offset + ours.offset
        assert list(ours.shape) == list(their.shape)
        assert data[start : start + ours.size] == their.data.tobytes()


def test_the_first_keys_are_read_without_the_vocabulary(file: Path) -> None:
    words = strings(*["word"] * 100_000)
    file.write_bytes(head([("before", U32, u32(1)), ("words", ARRAY, words), ("after", U32, u32(2))]))
    with file.open("rb") as opened:
        assert read_first_keys(opened) == {"before": EncodedValue(U32, u32(1))}
        assert read_encoded(opened).metadata["after"].number == 2


def test_all_keys_of_a_short_file_are_first_keys(file: Path) -> None:
    file.write_bytes(SAMPLE)
    with file.open("rb") as opened:
        assert read_first_keys(opened) == read_encoded(opened).metadata


def test_headers_are_read_where_the_system_cannot_read_at_a_position(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_llama(file)
    expected = read_header(file)
    monkeypatch.delattr(os, "pread", raising=False)
    assert read_header(file) == expected
    with file.open("rb") as opened:
        opened.seek(100)
        assert read_encoded(opened).tensors == expected.tensors
        assert opened.tell() == 100


def test_the_position_of_an_open_file_does_not_matter(file: Path) -> None:
    file.write_bytes(SAMPLE)
    with file.open("rb") as opened:
        opened.seek(100)
        assert read_encoded(opened).metadata["general.architecture"].text == "llama"
        assert opened.tell() == 100


def test_a_long_array_that_ends_behind_the_file_is_refused(file: Path) -> None:
    words = [b"w"] * 1499
    data = b"".join(u64(len(word)) + word for word in words) + u64(2**40)
    file.write_bytes(head([("words", ARRAY, u32(STRING) + u64(1500) + data)]))
    with pytest.raises(BadGguf, match="cut off"):
        read_header(file)


def test_a_header_larger_than_the_limit_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_HEADER", 1 << 20)
    file.write_bytes(head([("bytes", ARRAY, u32(U8) + u64(2 << 19) + bytes(2 << 19))]))
    with pytest.raises(BadGguf, match="its header has more than 1 MiB"):
        read_header(file)


def test_a_header_larger_than_the_first_read_is_read(file: Path) -> None:
    words = ["x" * (i % 200) for i in range(40_000)]
    file.write_bytes(head([("words", ARRAY, strings(*words)), ("after", U32, u32(7))]))
    assert file.stat().st_size > 3 << 20
    assert read_header(file).metadata["after"] == 7
    values = read_header(file, arrays=True).metadata["words"]
    assert isinstance(values, GgufArray)
    assert values.values == tuple(words)


def test_a_large_vocabulary_is_skipped_with_one_call_for_each_token() -> None:
    if not VOCABULARY.exists():
        pytest.skip("the vocabulary is not here")
    header = read_header(VOCABULARY)
    assert header.metadata["tokenizer.ggml.tokens"] == GgufArray(128_256, "string", None)
    assert header.metadata["tokenizer.ggml.merges"] == GgufArray(280_147, "string", None)
    calls = count_calls(lambda: read_header(VOCABULARY))
    assert calls.total() < 1.01 * (128_256 + 280_147)


def test_the_blocks_of_the_first_gpt_oss_are_known(tmp_path: Path) -> None:
    file = tmp_path / "first.gguf"
    file.write_bytes(head(tensors=[("a", (64, 2), 4, 0)], data=bytes(68)))
    (tensor,) = read_header(file).tensors
    assert (tensor.type, tensor.size) == ("MXFP4_FIRST", 68)
