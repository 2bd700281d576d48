"""What a process may use and be allowed beyond files and system calls: resource limits and capabilities."""

import contextlib
import ctypes
import struct

from paddock.sandbox.kernel import control_process, system_call
from paddock.sandbox.syscalls import Architecture

DESCRIPTORS = 1024
"""Descriptors of a process that reads a model: as many as programs usually get. The server raises its own limit."""

_NO_NEW_PRIVILEGES = 38
_CAPABILITY_VERSION = 0x20080522
_KEPT_CAPABILITIES = 1 << 1 | 1 << 2 | 1 << 14
"""`CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH`, by which root reads another user's models (Landlock says which), and
`CAP_IPC_LOCK`, by which it keeps them in memory."""


def forbid_new_privileges() -> None:
    """Let no program that this process might start have more privileges than it has.

    Raises:
        OSError: if the kernel refuses.
    """
    control_process(_NO_NEW_PRIVILEGES, 1)


def limit_resources() -> None:
    """Let a crash leave no copy of the memory, which has prompts and replies; have no more descriptors than usual."""
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft > most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def drop_capabilities(architecture: Architecture) -> None:
    """Give up root's capabilities, but for those that reading a model takes. Other users have none.

    Raises:
        OSError: if the kernel refuses.
    """
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    sets = ctypes.create_string_buffer(24)  # effective, permitted, inheritable: the lower halves, then the upper ones
    system_call(architecture.numbers["capget"], header, ctypes.addressof(sets))
    held: tuple[int, ...] = struct.unpack("=6I", sets.raw)
    kept = (held[0] & _KEPT_CAPABILITIES, held[1] & _KEPT_CAPABILITIES, 0, 0, 0, 0)
    if kept != held:
        system_call(architecture.numbers["capset"], header, struct.pack("=6I", *kept))
