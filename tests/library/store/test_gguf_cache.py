import os
from pathlib import Path

import pytest

from paddock.gguf import BadGguf
from paddock.library.store.gguf_cache import CACHE_ENTRIES, cached_header
from tests.models.raw_header import head

U32 = 4


def number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def test_a_header_is_read_once_until_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(head([("a", U32, number(1))]))
    first = cached_header(file)
    assert cached_header(file) is first
    file.write_bytes(head([("a", U32, number(2)), ("b", U32, number(2))]))
    assert cached_header(file).metadata["a"] == 2
    os.utime(file, ns=(1, 1))
    assert cached_header(file).metadata["a"] == 2


def test_a_failure_is_not_cached(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    with pytest.raises(BadGguf):
        cached_header(file)
    file.write_bytes(head([("a", U32, number(1))]))
    assert cached_header(file).metadata == {"a": 1}


def test_the_header_unused_for_longest_is_dropped_first(tmp_path: Path) -> None:
    files = [tmp_path / f"{i}.gguf" for i in range(CACHE_ENTRIES + 1)]
    for file in files:
        file.write_bytes(head([("a", U32, number(1))]))
    oldest = cached_header(files[0])
    for file in files[1:-1]:
        cached_header(file)
    assert cached_header(files[0]) is oldest
    second = cached_header(files[1])
    cached_header(files[-1])
    assert cached_header(files[0]) is oldest
    assert cached_header(files[1]) is second
    third = cached_header(files[3])
    assert cached_header(files[3]) is third
