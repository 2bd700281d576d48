"""Models that the library reads through us."""

import ctypes
import io
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel, LoadError
from paddock.engine.binding.stream import c_file, c_path
from tests.models import kinds


class Bytes:
    """A file in memory; `broken` from some place on."""

    def __init__(self, data: bytes, broken: int = 1 << 62, error: Exception | None = None) -> None:
        self.data, self.size, self.broken = data, len(data), broken
        self.error = error or OSError("the disk is gone")

    def read_into(self, buffer: memoryview, offset: int) -> int:
        if offset + len(buffer) > self.broken:
            raise self.error
        part = self.data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        return len(part)

    def copy_to(self, file: BinaryIO) -> None:
        if self.broken < self.size:
            raise self.error
        file.write(self.data)


def logits(model: LlamaModel) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    context = Context(model, ContextOptions(cells=64, batch_tokens=32, sequences=1, threads=1))
    batch = Batch(32)
    for place, token in enumerate((5, 9, 13, 200)):
        batch.add(token, place, 0, logits=place == 3)
    context.decode(batch)
    found = context.logits(3).copy()
    context.close()
    return found


def test_a_model_is_the_same_through_a_stream(tmp_path: Path) -> None:
    path = kinds.full_attention(tmp_path / "model.gguf")
    plain, streamed = LlamaModel(str(path)), LlamaModel(str(path), translated=Bytes(path.read_bytes()))
    assert (logits(plain) == logits(streamed)).all()
    plain.close()
    streamed.close()


@pytest.mark.parametrize("broken", [0, 100, 100_000])
def test_a_read_that_fails_is_why_it_cannot_be_loaded(tmp_path: Path, broken: int) -> None:
    path = kinds.full_attention(tmp_path / "model.gguf")
    with pytest.raises(LoadError):
        LlamaModel(str(path), translated=Bytes(path.read_bytes(), broken))


def test_c_reads_the_bytes_of_the_object() -> None:
    libc = ctypes.CDLL(None)
    data = os.urandom(1_000_000)
    with c_file(Bytes(data)) as file:
        buffer = ctypes.create_string_buffer(700_000)
        pointer = ctypes.c_void_p(file)
        assert libc.fseek(pointer, ctypes.c_long(123_456), 0) == 0
        assert libc.fread(buffer, 1, 700_000, pointer) == 700_000
        assert buffer.raw == data[123_456:823_456]
        assert libc.fseek(pointer, ctypes.c_long(-10), 2) == 0
        assert libc.fread(buffer, 1, 100, pointer) == 10
        assert buffer.raw[:10] == data[-10:]


def test_a_copy_in_memory_is_there_as_long_as_it_is_needed() -> None:
    with c_path(Bytes(b"all of it")) as path:
        assert Path(path).read_bytes() == b"all of it"
    assert not Path(path).exists()
    with pytest.raises(LoadError, match="the disk is gone"), c_path(Bytes(b"all of it", 0)):
        pass


def test_no_room_for_a_copy_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("paddock.engine.binding.stream._temporary_file", Full)
    with pytest.raises(LoadError, match="No space left"), c_path(Bytes(b"all of it")):
        pass


@pytest.mark.parametrize("error", [OSError("odd"), MemoryError(), OverflowError("odd"), AssertionError("odd")])
def test_whatever_reading_raises_is_why_it_cannot_be_loaded(error: Exception) -> None:
    libc, buffer = ctypes.CDLL(None), ctypes.create_string_buffer(10)
    with pytest.raises(LoadError, match=r"odd|MemoryError"), c_file(Bytes(b"all of it", 0, error)) as file:
        assert libc.fread(buffer, 1, 5, ctypes.c_void_p(file)) == 0
    with pytest.raises(LoadError, match=r"odd|MemoryError"), c_path(Bytes(b"all of it", 0, error)):
        pass


def test_what_is_raised_while_a_copy_is_there_is_not_about_the_copy() -> None:
    with pytest.raises(FileNotFoundError), c_path(Bytes(b"all of it")):
        raise FileNotFoundError


def test_c_cannot_seek_outside_the_file() -> None:
    libc = ctypes.CDLL(None)
    with c_file(Bytes(b"all of it")) as file:
        assert libc.fseek(ctypes.c_void_p(file), ctypes.c_long(-10), 2) != 0
        assert libc.fseek(ctypes.c_void_p(file), ctypes.c_long((1 << 63) - 1), 2) != 0
        buffer = ctypes.create_string_buffer(10)
        assert libc.fread(buffer, 1, 3, ctypes.c_void_p(file)) == 3
        assert buffer.raw[:3] == b"all"
