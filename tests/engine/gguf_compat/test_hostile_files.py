"""Hostile files, and files that change meanwhile: they cost no more than their size allows, and no file stays open."""

import io
import os
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.gguf_compat import translated_model, translated_projector
from paddock.engine.gguf_compat import translation as translating
from paddock.engine.gguf_compat.header import TranslatedHeader, read_translatable
from paddock.engine.gguf_compat.language_models import LANGUAGE_MODELS
from paddock.engine.gguf_compat.projectors import PROJECTORS
from paddock.engine.gguf_compat.translated_file import TranslatedFile
from paddock.gguf.encoded import EncodedValue, array, f32, text, u32
from paddock.gguf.types import FLOAT32, INT32
from tests.examples import scaled
from tests.models import kinds

F32, F16, Q8_0, BF16, OLD_MXFP4 = 0, 1, 8, 30, 4
ROOM = 1 << 20
"""Bytes that a translated file may have beyond a small multiple of its source."""
VIEWS = (translated_model, translated_projector)


def described(architecture: str, tensors: dict[str, tuple[int, tuple[int, ...], int]], **keys: EncodedValue) -> bytes:
    """Return a header with these tensors: type, shape, offset."""
    metadata = {"general.architecture": text(architecture)}
    metadata |= {key.replace("__", "."): value for key, value in keys.items()}
    data = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        data += struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", value.type) + value.data
    listed = [
        struct.pack("<Q", len(name))
        + name.encode()
        + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, place)
        for name, (kind, shape, place) in tensors.items()
    ]
    return data + b"".join(listed)


def in_a_row(
    architecture: str, tensors: Mapping[str, tuple[int, tuple[int, ...]]], block: int = 32, /, **keys: EncodedValue
) -> bytes:
    """Return a file whose tensors follow one another, with zeros for their data."""
    sizes = {F32: (1, 4), F16: (1, 2), BF16: (1, 2), Q8_0: (32, 34), OLD_MXFP4: (32, 17)}
    placed, place = {}, 0
    for name, (kind, shape) in tensors.items():
        placed[name] = (kind, shape, place)
        count, size = sizes[kind]
        place += -(-int(np.prod(shape)) // count * size // block) * block
    return described(architecture, placed, **keys) + bytes(place + 2 * block)


@contextmanager
def nothing_stays_open() -> Iterator[None]:
    before = len(list(Path("/proc/self/fd").iterdir()))
    yield
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_tensors_that_share_their_data_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    head = described("gemma3", {f"v.{i}": (F32, (1 << 20,), 0) for i in range(2000)})
    path.write_bytes(head + bytes(32))
    os.truncate(path, len(head) + 32 + (4 << 20))
    assert translated_projector(path) is None


@pytest.mark.parametrize(
    ("kind", "shape", "place"),
    [
        (F32, (1 << 40,), 0),
        (F32, (8,), 1 << 40),
        (F32, (8,), (1 << 64) - 32),
        (F32, (8,), 8),
        (F32, (1 << 63, 1 << 63, 1 << 63, 1 << 63), 0),
        (F32, (0, 1 << 62), 0),
        (Q8_0, (33,), 0),
        (99, (8,), 0),
    ],
)
def test_impossible_tensors_are_refused(tmp_path: Path, kind: int, shape: tuple[int, ...], place: int) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(described("gemma3", {"v.a": (kind, shape, place)}) + bytes(1000))
    assert translated_projector(path) is None


def test_a_computed_tensor_is_at_most_a_few_times_larger_than_its_sources(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    first = {"v.blk.0.attn_q.weight": (F32, (1 << 14, 1)), "v.blk.0.attn_k.weight": (F16, (1, 1 << 14))}
    data = in_a_row("qwen35", {**first, "v.blk.0.attn_v.weight": (F32, (1, 1))}, qwen35__vision__block_count=u32(1))
    path.write_bytes(data)
    assert translated_projector(path) is None


def test_padding_counts_too(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    tensors = {"v.a": (F32, (1,)), "v.b": (F32, (1,)), "v.clamp_data": (F32, (1000,))}
    keys = {"gemma4__vision__block_count": u32(3), "general__alignment": u32(1 << 20)}
    path.write_bytes(in_a_row("gemma4", tensors, 1 << 20, **keys))
    view = translated_projector(path)
    assert view is None or view.size <= 8 * path.stat().st_size + ROOM


def test_missing_layers_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(in_a_row("glmocr", {"blk.0.ffn_up.weight": (F32, (8, 8))}, glmocr__block_count=u32(3_000_000)))
    start = time.process_time()
    view = translated_model(path)
    assert time.process_time() - start < 1
    assert view is not None
    view.close()


def test_missing_deepstack_layers_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    deep = "qwen3vl__vision__deepstack_visual_indexes"
    keys = {deep: array(INT32, range(10_000)), "qwen3vl__vision__block_count": u32(9)}
    path.write_bytes(in_a_row("qwen3vl", {f"v.{i}.weight": (F32, (8,)) for i in range(1000)}, **keys))
    start = time.process_time()
    view = translated_projector(path)
    assert time.process_time() - start < 1
    assert view is not None
    view.close()


@pytest.mark.parametrize(
    "value",
    [
        f32(float("nan")),
        f32(float("inf")),
        f32(32.0),
        u32(4),
        u32(33),
        u32(0),
        u32(1 << 21),
        text("32"),
        u32(2**32 - 1),
    ],
)
def test_an_impossible_alignment_is_refused(tmp_path: Path, value: EncodedValue) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(in_a_row("gemma3", {"v.a": (F32, (8,))}, general__alignment=value))
    assert translated_projector(path) is None


NAMES = st.sampled_from(
    [
        *("token_embd.weight", "per_layer_token_embd.weight", "blk.0.ffn_gate_up_exps.weight", "v.patch_embed.weight"),
        *("blk.0.ffn_gate_up_exps.bias", "blk.0.ffn_down_exps.weight", "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight"),
        *("v.blk.0.attn_q.weight", "v.blk.0.attn_k.weight", "v.blk.0.attn_v.weight", "v.clamp_data", "dense.0.weight"),
        *("v.patch_embd.weight", "v.deepstack_merger.0.norm.weight", "a.conv1d.0.weight", "s.neck.0.weight"),
        *("v.patch_conv.weight", "blk.0.ssm_conv1d.weight", "blk.0.shortconv.conv.weight", "output_norm.weight"),
    ]
)
SHAPES = st.lists(st.sampled_from([1, 2, 3, 32, 64]), min_size=1, max_size=4).map(tuple)
KEYS = st.sampled_from(
    [
        *("block_count", "vision.block_count", "audio.block_count", "vision.image_size", "vision.patch_size"),
        *("vision.deepstack_visual_indexes", "rope.mrope_section", "rope.dimension_sections", "vision.num_channels"),
        *(
            "attention.head_count_kv",
            "attention.key_length",
            "vision.attention.head_count",
            "vision.pixel_shuffle_ratio",
        ),
    ]
)
VALUES = st.one_of(
    st.sampled_from([0, 1, 2, 2**32 - 1]).map(u32),
    st.sampled_from([0.0, 1e-40, -1.0, float("nan"), float("inf")]).map(f32),
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4).map(lambda numbers: array(INT32, numbers)),
    st.lists(st.floats(width=32), max_size=4).map(lambda numbers: array(FLOAT32, numbers)),
    st.text(max_size=3).map(text),
)


@settings(max_examples=scaled(200), deadline=None)
@given(data=st.data())
def test_any_bytes_are_translated_or_left_alone(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.gguf"
    architecture = data.draw(st.sampled_from(sorted({*LANGUAGE_MODELS, *PROJECTORS, "clip"})))
    kinds_and_shapes = st.tuples(st.sampled_from([F32, F16, Q8_0, BF16, OLD_MXFP4]), SHAPES)
    tensors = data.draw(st.dictionaries(NAMES, kinds_and_shapes, max_size=6))
    keys = data.draw(st.dictionaries(KEYS.map(lambda key: f"{architecture}.{key}"), VALUES, max_size=4))
    if data.draw(st.integers(0, 9)) == 0:
        keys["general.alignment"] = data.draw(VALUES)
    head = bytearray(in_a_row(architecture, tensors, **keys))
    for place in data.draw(st.lists(st.integers(0, len(head) - 1), max_size=3)):
        head[place] = data.draw(st.sampled_from([0, 1, 4, 8, 9, 39, 127, 255]))
    path.write_bytes(head[: data.draw(st.sampled_from([len(head), len(head) - 40, len(head) // 2]))])
    for see in VIEWS:
        with nothing_stays_open():
            view = see(path)
            if view is None:
                continue
            with view:
                assert view.size <= 8 * len(head) + ROOM
                try:
                    view.copy_to(io.BytesIO())
                except OSError as error:
                    assert "cannot be translated" in str(error) or "too early" in str(error)


# A file that is replaced while it is read.


def turns(path: Path, rows: int = 64, fill: int = 7) -> Path:
    """Write interleaved experts, as in the first files of gpt-oss."""
    tensors = {
        "blk.0.ffn_gate_up_exps.weight": (OLD_MXFP4, (64, rows, 2)),
        "blk.0.ffn_gate_up_exps.bias": (BF16, (rows, 2)),
    }
    head = in_a_row("gptoss", tensors)
    size = 34 * rows * 2 + 2 * rows * 2
    path.write_bytes(head[:-size] + bytes([fill]) * size)
    return path


def whole(view: TranslatedFile | None) -> bytes:
    assert view is not None
    data = io.BytesIO()
    with view:
        view.copy_to(data)
    return data.getvalue()


def test_a_file_that_is_replaced_meanwhile_is_read_to_its_end(tmp_path: Path) -> None:
    expected = whole(translated_model(turns(tmp_path / "same.gguf")))
    view = translated_model(turns(tmp_path / "model.gguf"))
    turns(tmp_path / "other.gguf", fill=9).replace(tmp_path / "model.gguf")
    assert whole(view) == expected


def test_a_header_and_its_data_come_from_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = whole(translated_model(turns(tmp_path / "same.gguf")))
    turns(tmp_path / "model.gguf")

    def replaced(*args: object) -> TranslatedHeader:
        if (tmp_path / "other.gguf").exists():
            (tmp_path / "other.gguf").replace(tmp_path / "model.gguf")
        return read_translatable(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(translating, "read_translatable", replaced)
    turns(tmp_path / "other.gguf", rows=32, fill=9)
    assert whole(translated_model(tmp_path / "model.gguf")) == expected


@pytest.mark.parametrize("write", [turns, kinds.full_attention, lambda path: path.write_bytes(b"GGUF") and path])
def test_no_file_stays_open(tmp_path: Path, write: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "model.gguf")
    with nothing_stays_open():
        view = translated_model(path)
        if view is not None:
            view.close()

    def fail(*_: object) -> None:
        raise MemoryError

    for owner, function in ((translating, "read_translatable"), (TranslatedHeader, "to_bytes")):
        with monkeypatch.context() as patch, nothing_stays_open():
            patch.setattr(owner, function, fail)
            with pytest.raises(OSError, match="no memory") if write is turns else suppress(OSError):
                translated_model(path)


# Memory and imports.


def test_translating_without_converting_values_needs_neither_numpy_nor_the_gguf_package(tmp_path: Path) -> None:
    epsilon = {"gemma3__attention__layer_norm_rms_epsilon": f32(1e-6)}
    (tmp_path / "own.gguf").write_bytes(in_a_row("gemma3", {"token_embd.weight": (Q8_0, (32, 2))}, **epsilon))
    script = (
        "import sys; from pathlib import Path; from paddock.engine.gguf_compat import translated_model\n"
        "assert translated_model(Path(sys.argv[1])) is None and translated_model(Path(sys.argv[2])) is not None\n"
        "sys.exit('gguf' in sys.modules or 'numpy' in sys.modules)"
    )
    files = (tmp_path / "own.gguf", turns(tmp_path / "model.gguf"))
    assert subprocess.run([sys.executable, "-c", script, *files], timeout=120, check=False).returncode == 0


def test_computing_a_tensor_takes_about_twice_its_own_memory(tmp_path: Path) -> None:
    path = turns(tmp_path / "model.gguf", rows=1 << 17)
    size = 34 << 17
    view = translated_model(path)
    assert view is not None
    view.read_into(memoryview(bytearray(10)), view.size // 2)  # so that all is imported
    buffer = memoryview(bytearray(1 << 16))
    with view:
        tracemalloc.start()
        try:
            for place in range(0, view.size, 1 << 16):
                view.read_into(buffer, place)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 2.2 * size
