import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from paddock.gguf import BadGguf, GgufHeader, read_header
from paddock.library.store.gguf_cache import CACHE_BYTES, HeaderCache, cached_header
from tests.models.raw_header import head, large_head, text

U32, STRING = 4, 8


def number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def traced(read: Callable[[], GgufHeader]) -> tuple[GgufHeader, int]:
    """Return what is read, and how many bytes of memory it takes."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        header = read()
        return header, tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


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


def test_the_headers_unused_for_longest_are_dropped_first(tmp_path: Path) -> None:
    files = [tmp_path / f"{i}.gguf" for i in range(10)]
    for file in files:
        file.write_bytes(head([("a", STRING, text("x" * 10_000))]))
    cache = HeaderCache(9 * read_header(files[0]).memory)
    oldest = cache.get(files[0])
    for file in files[1:9]:
        cache.get(file)
    assert cache.get(files[0]) is oldest
    third = cache.get(files[2])
    cache.get(files[9])
    assert cache.get(files[0]) is oldest
    assert cache.get(files[2]) is third
    assert cache.bytes == 9 * oldest.memory
    assert cache.get(files[1]) is cache.get(files[1])
    assert cache.bytes == 9 * oldest.memory


def test_a_file_that_changes_is_counted_once(tmp_path: Path) -> None:
    file, cache = tmp_path / "model.gguf", HeaderCache()
    for size in (10, 1000, 100):
        file.write_bytes(head([("a", STRING, text("x" * size))]))
        assert cache.get(file).memory == cache.bytes


def test_a_header_that_would_fill_much_of_the_cache_is_not_kept(tmp_path: Path) -> None:
    file, cache = tmp_path / "model.gguf", HeaderCache(20_000)
    file.write_bytes(head([("a", STRING, text("x" * 10_000))]))
    assert cache.get(file) is not cache.get(file)
    assert cache.bytes == 0


@pytest.mark.parametrize("kind", ["keys", "texts", "numbers", "names", "tensors"])
def test_a_header_of_any_kind_says_how_much_memory_it_takes(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(large_head(kind, 1 << 20))
    header, taken = traced(lambda: read_header(file))
    assert 0.6 < header.memory / taken < 1.5


def test_many_headers_take_no_more_memory_than_the_cache_may(tmp_path: Path) -> None:
    cache = HeaderCache(4 << 20)
    for i in range(20):
        file = tmp_path / f"{i}.gguf"
        file.write_bytes(large_head("texts", 400_000, seed=i))
        assert cache.get(file) is cache.get(file)
        assert cache.bytes <= 4 << 20
    assert cache.bytes > 3 << 20
    assert CACHE_BYTES == 64 << 20


def test_a_header_says_how_much_memory_it_takes(packaged: Path) -> None:
    header, taken = traced(lambda: read_header(packaged))
    assert 0.5 < header.memory / taken < 1.5
