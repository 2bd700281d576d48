"""System calls by number, for those that Python does not offer."""

import ctypes
import os
from pathlib import Path


def system_call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call and return its result; bytes are passed by their address.

    Raises:
        OSError: if it fails.
    """
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    converted = [
        ctypes.c_long(one) if isinstance(one, int) else ctypes.c_char_p(one) if one is not None else ctypes.c_void_p()
        for one in arguments
    ]
    result: int = call(ctypes.c_long(number), *converted)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def control_process(option: int, value: int) -> None:
    """Call `prctl` with one argument.

    Raises:
        OSError: if it fails.
    """
    unused = [ctypes.c_ulong(0)] * 3
    if ctypes.CDLL(None, use_errno=True).prctl(ctypes.c_int(option), ctypes.c_ulong(value), *unused):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def thread_count() -> int:
    """Return the number of threads of this process; 1 where that cannot be read."""
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return 1
