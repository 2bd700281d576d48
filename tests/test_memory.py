"""Memory that goes back to the system."""

import ctypes
import sys
from pathlib import Path

import pytest

from paddock.memory import give_back

PAGE = 4096
BLOCKS = 20_000


def resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries have no such function")
def test_freed_memory_goes_back_to_the_system() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.malloc.argtypes = [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    if not hasattr(library, "malloc_trim"):
        pytest.skip("this is not glibc")
    give_back()
    before = resident()
    blocks = [library.malloc(PAGE) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, PAGE)
    last = library.malloc(PAGE)  # in the way of the others, which the library could free by itself at the end
    for block in blocks:
        library.free(block)
    assert resident() - before > BLOCKS * PAGE // 2
    give_back()
    assert resident() - before < BLOCKS * PAGE // 4
    library.free(last)
    give_back()
