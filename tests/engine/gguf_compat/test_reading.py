from pathlib import Path

import pytest

from paddock.engine.gguf_compat.reading import read_at


def test_bytes_are_read_from_any_position_without_moving_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    with path.open("rb") as file:
        file.seek(7)
        buffer = bytearray(10)
        read_at(file, 50, memoryview(buffer))
        assert bytes(buffer) == bytes(range(50, 60))
        assert file.tell() == 7


def test_a_file_that_ends_too_early_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    with path.open("rb") as file, pytest.raises(OSError, match="ends too early"):
        read_at(file, 95, memoryview(bytearray(10)))
