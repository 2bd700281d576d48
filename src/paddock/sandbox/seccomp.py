"""seccomp: a filter of system calls, which the kernel runs from then on before every call of this process.

See the kernel's userspace-api/seccomp_filter. The filter is a program for the kernel's packet filter. A forbidden call
fails with EPERM, as if the user might not make it, so that libraries which try one report an error and go on.
"""

import ctypes
import errno
import os
import struct
from dataclasses import dataclass

from paddock.sandbox.kernel import system_call
from paddock.sandbox.syscalls import ARCHITECTURES, CHANGES_OF_FILES, FORBIDDEN, UNKNOWN_FROM, Architecture

_SET_FILTER = 1
_ALL_THREADS = 1 << 0
_KEEP_SPECULATION = 1 << 2
"""Without it, older kernels turn a processor's prediction of stores off, which slows all native code down."""

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1, _ARGUMENT_2 = 0, 4, 16, 24, 32
"""Where the kernel's `struct seccomp_data` has them; arguments by their lower half."""
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000

_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x7E020000
_AF_UNIX = 1
_OPEN_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_IOCTL_REQUESTS = (0x5412, 0x541C, 0x8901, 0x8902)
"""`TIOCSTI` and `TIOCLINUX` type characters into a terminal; `FIOSETOWN` and `SIOCSPGRP` have a process signalled."""
_FCNTL_REQUESTS = (8, 15)
"""`F_SETOWN` and `F_SETOWN_EX`, which have a process signalled."""


def machine() -> Architecture | None:
    """Return this machine's architecture, if its numbers of system calls are known here."""
    found = ARCHITECTURES.get(os.uname().machine)
    return found if found is not None and struct.calcsize("P") == 8 else None


@dataclass(frozen=True)
class Needs:
    """What a process does that others need not.

    Args:
        makes_files: whether it makes, moves or removes files.
        opens_to_write: whether it opens files to write to them; Landlock says which.
        gpu: whether it uses a GPU, whose driver may make a local socket; none connects or is connected to.
    """

    makes_files: bool = False
    opens_to_write: bool = False
    gpu: bool = False


def restrict_calls(architecture: Architecture, needs: Needs) -> None:
    """Take from all threads of this process, for ever, the system calls that no model needs.

    Those that start programs or processes (threads are allowed), open sockets, reach other processes or the kernel's
    administration, and those newer than this module's table. New privileges must have been given up before.

    Raises:
        OSError: if the kernel refuses.
    """
    program = _program(architecture, os.getpid(), needs)
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    for flags in (_ALL_THREADS | _KEEP_SPECULATION, _ALL_THREADS):
        try:
            unlike = system_call(architecture.numbers["seccomp"], _SET_FILTER, flags, header)
        except OSError as error:
            if error.errno != errno.EINVAL or flags == _ALL_THREADS:
                raise
        else:
            if unlike:
                raise OSError(errno.EBUSY, f"thread {unlike} has a filter of its own")
            return


def _program(architecture: Architecture, pid: int, needs: Needs) -> bytes:
    """Return the filter's instructions, 8 bytes each."""
    numbers = architecture.numbers
    allow, forbid = [(_RETURN, 0, 0, _ALLOW)], [(_RETURN, 0, 0, _ERROR | errno.EPERM)]
    unknown = [(_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    names = FORBIDDEN if needs.makes_files else FORBIDDEN + CHANGES_OF_FILES
    gpu_calls = ("socket", "bind", "listen") if needs.gpu else ()
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        *_unless(_IF_EQUAL, architecture.audit_number, [(_RETURN, 0, 0, _KILL)]),
        (_LOAD, 0, 0, _NUMBER),
        *_when(_IF_AT_LEAST, UNKNOWN_FROM, unknown),
        # The C library makes threads with `clone`, whose flags can be seen here, where there is no `clone3`.
        *_when(_IF_EQUAL, numbers["clone3"], unknown),
    ]
    for name in names:
        if name in numbers and name not in gpu_calls:
            code += _when(_IF_EQUAL, numbers[name], forbid)
    first, second = (_LOAD, 0, 0, _ARGUMENT_0), (_LOAD, 0, 0, _ARGUMENT_1)
    own = [first, *_when(_IF_EQUAL, pid, allow), *forbid]
    conditions = {
        "clone": [
            first,
            *_when(_IF_ANY_BIT, _CLONE_NAMESPACES, forbid),
            *_when(_IF_ANY_BIT, _CLONE_THREAD, allow),
            *forbid,
        ],
        "kill": own,
        "tgkill": own,
        "prlimit64": [first, *_when(_IF_EQUAL, 0, allow), *_when(_IF_EQUAL, pid, allow), *forbid],
        "ioctl": [second, *(one for value in _IOCTL_REQUESTS for one in _when(_IF_EQUAL, value, forbid)), *allow],
        "fcntl": [second, *(one for value in _FCNTL_REQUESTS for one in _when(_IF_EQUAL, value, forbid)), *allow],
    }
    if needs.gpu:
        conditions["socket"] = [first, *_when(_IF_EQUAL, _AF_UNIX, allow), *forbid]
    if not needs.opens_to_write:
        conditions["open"] = [second, *_when(_IF_ANY_BIT, _OPEN_TO_WRITE, forbid), *allow]
        conditions["openat"] = [(_LOAD, 0, 0, _ARGUMENT_2), *_when(_IF_ANY_BIT, _OPEN_TO_WRITE, forbid), *allow]
        conditions["openat2"] = unknown
    for name, block in conditions.items():
        if name not in numbers:
            continue
        code += _when(_IF_EQUAL, numbers[name], block)
    return b"".join(struct.pack("=HBBI", *one) for one in [*code, *allow])


_Instruction = tuple[int, int, int, int]


def _when(condition: int, value: int, block: list[_Instruction]) -> list[_Instruction]:
    """Return instructions that run `block`, which ends in returns, if the condition holds."""
    return [(condition, 0, len(block), value), *block]


def _unless(condition: int, value: int, block: list[_Instruction]) -> list[_Instruction]:
    return [(condition, len(block), 0, value), *block]
