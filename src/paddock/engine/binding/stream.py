"""Hand files that exist only in this process to the library's C code."""

import ctypes
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, BinaryIO, Protocol, cast

from paddock.engine.binding.library import CannotRead, LoadError

FILE_BUFFER_BYTES = 1 << 18
"""Bytes that the C library reads at once; each read costs a few microseconds."""
_MAX_OFFSET = (1 << 63) - 1
_FAILED = -1
_UNREADABLE = (OSError, MemoryError, OverflowError, ValueError, AssertionError)
"""Exceptions of reading: the disk failed, memory ran out, or a size does not fit into C's types."""

_Read = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_Seek = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64), ctypes.c_int)


class _Functions(ctypes.Structure):
    _fields_ = (("read", _Read), ("write", ctypes.c_void_p), ("seek", _Seek), ("close", ctypes.c_void_p))


class Readable(Protocol):
    """A file that can be read at any offset."""

    size: int
    """Size in bytes."""

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill `buffer` with the bytes at `offset`, up to the end of the file; return how many they are."""

    def copy_to(self, file: BinaryIO) -> None:
        """Write the whole content to `file`."""


@contextmanager
def c_file(readable: Readable) -> Iterator[Any]:
    """Yield a `FILE *` that reads from `readable`.

    Raises:
        LoadError: if the C library of this system has no such files, or a read failed.
        CannotRead: if a read failed because of the disk.
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
        except Exception as error:  # an exception must not reach C
            failures.append(error)
            return _FAILED
        place += done
        return done

    def seek(_: object, offset: Any, whence: int) -> int:
        nonlocal place
        target = offset[0] + (0 if whence == os.SEEK_SET else place if whence == os.SEEK_CUR else readable.size)
        if target < 0 or target > _MAX_OFFSET:
            return _FAILED
        offset[0] = place = target
        return 0

    functions = _Functions(_Read(read), None, _Seek(seek), None)
    try:
        buffer = ctypes.create_string_buffer(FILE_BUFFER_BYTES)
        pointer = open_cookie(None, b"rb", functions)
    except _UNREADABLE as error:
        raise _unreadable(error) from None
    if not pointer:
        raise LoadError("the file could not be opened")
    try:
        libc.setvbuf(pointer, buffer, 0, FILE_BUFFER_BYTES)
        yield pointer
    finally:
        close(pointer)
    if failures:
        raise _unreadable(failures[0])


@contextmanager
def c_path(readable: Readable) -> Iterator[str]:
    """Yield the path of a copy of `readable`, in memory on Linux and on disk elsewhere. It is deleted afterwards.

    Raises:
        LoadError: if the file cannot be read.
        CannotRead: if there is no room for the copy.
    """
    with ExitStack() as opened:
        try:
            file = opened.enter_context(_temporary_file())
            readable.copy_to(file)
            file.flush()
        except _UNREADABLE as error:
            with suppress(OSError):  # closing tries once more to write the rest
                opened.close()
            raise _unreadable(error) from None
        yield file.name if isinstance(file.name, str) else f"/proc/self/fd/{file.fileno()}"


def _unreadable(error: Exception) -> LoadError:
    is_temporary = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno is not None)
    kind = CannotRead if is_temporary else LoadError
    return kind(f"the file could not be read: {str(error) or type(error).__name__}")


def _temporary_file() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("projector"), "w+b")
    return cast(BinaryIO, tempfile.NamedTemporaryFile())
