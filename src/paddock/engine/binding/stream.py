"""Files that exist nowhere but in this process, as the library's C code opens them."""

import ctypes
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, BinaryIO, Protocol, cast

from paddock.engine.binding.library import CannotRead, LoadError

BUFFER_BYTES = 1 << 18
"""The C library asks for so much at once; each time costs a few microseconds."""
_FARTHEST = (1 << 63) - 1
_FAILED = -1
_UNREADABLE = (OSError, MemoryError, OverflowError, ValueError, AssertionError)
"""What reading may raise: for want of a disk, or of memory for what is made, or for a size that C cannot have."""

_Read = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_Seek = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64), ctypes.c_int)


class _Functions(ctypes.Structure):
    _fields_ = (("read", _Read), ("write", ctypes.c_void_p), ("seek", _Seek), ("close", ctypes.c_void_p))


class Readable(Protocol):
    """What can be read at any place."""

    size: int
    """Bytes."""

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill `buffer` with what stands at `offset`, as far as it goes; return how many bytes that are."""

    def copy_to(self, file: BinaryIO) -> None:
        """Write all of it to `file`."""


@contextmanager
def c_file(readable: Readable) -> Iterator[Any]:
    """Yield a `FILE *` that reads from `readable`.

    Raises:
        LoadError: if the C library here cannot do that, or if a read failed; CannotRead if it was the disk that did.
    """
    libc = ctypes.CDLL(None)
    try:
        open_cookie, close = libc.fopencookie, libc.fclose
    except AttributeError:
        raise LoadError("this file has to be translated while it is read, which needs glibc or musl") from None
    open_cookie.restype = ctypes.c_void_p
    open_cookie.argtypes = [ctypes.c_void_p, ctypes.c_char_p, _Functions]
    close.argtypes = [ctypes.c_void_p]
    libc.setvbuf.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    place = 0
    failures: list[Exception] = []

    def read(_: object, address: int, count: int) -> int:
        nonlocal place
        try:
            done = readable.read_into(memoryview((ctypes.c_char * count).from_address(address)).cast("B"), place)
        except Exception as error:  # nothing may leave a function that C calls
            failures.append(error)
            return _FAILED
        place += done
        return done

    def seek(_: object, offset: Any, whence: int) -> int:
        nonlocal place
        wanted = offset[0] + (0 if whence == os.SEEK_SET else place if whence == os.SEEK_CUR else readable.size)
        if wanted < 0 or wanted > _FARTHEST:
            return _FAILED
        offset[0] = place = wanted
        return 0

    functions = _Functions(_Read(read), None, _Seek(seek), None)
    try:
        buffer = ctypes.create_string_buffer(BUFFER_BYTES)
        pointer = open_cookie(None, b"rb", functions)
    except _UNREADABLE as error:
        raise _unreadable(error) from None
    if not pointer:
        raise LoadError("the file could not be opened")
    try:
        libc.setvbuf(pointer, buffer, 0, BUFFER_BYTES)
        yield pointer
    finally:
        close(pointer)
    if failures:
        raise _unreadable(failures[0])


@contextmanager
def c_path(readable: Readable) -> Iterator[str]:
    """Yield the path of a copy of `readable` in memory, which is gone afterwards; elsewhere than on Linux, on the disk.

    Raises:
        LoadError: if it cannot be read; CannotRead if there is no room for it.
    """
    with ExitStack() as opened:
        try:
            file = opened.enter_context(_nameless())
            readable.copy_to(file)
            file.flush()
        except _UNREADABLE as error:
            with suppress(OSError):  # what could not be written is tried once more
                opened.close()
            raise _unreadable(error) from None
        yield file.name if isinstance(file.name, str) else f"/proc/self/fd/{file.fileno()}"


def _unreadable(error: Exception) -> LoadError:
    passing = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno is not None)
    kind = CannotRead if passing else LoadError
    return kind(f"the file could not be read: {str(error) or type(error).__name__}")


def _nameless() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("projector"), "w+b")
    return cast(BinaryIO, tempfile.NamedTemporaryFile())
