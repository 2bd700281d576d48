"""Landlock: a process says which files it will still open, and the kernel holds it to that, root included.

See the kernel's userspace-api/landlock. What an older kernel does not know is left out, step by step. Landlock decides
when a file is opened, so files that are open already stay usable; it does not hide that a file exists, nor how large
it is.
"""

import contextlib
import os
import stat
import struct
from collections.abc import Collection, Mapping
from enum import IntFlag
from pathlib import Path

from paddock.sandbox.kernel import system_call, thread_count

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on every architecture."""
_VERSION = 1
_PATH_BENEATH = 1
_ALL_THREADS = 1 << 3
_ALL_THREADS_ABI = 8
_NET_ABI, _SCOPE_ABI = 4, 6
_BIND_AND_CONNECT_TCP = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


class Access(IntFlag):
    """Rights to files and folders, `LANDLOCK_ACCESS_FS_…`."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Access.READ_FILE | Access.READ_DIR
WRITE = READ | Access.WRITE_FILE | Access.TRUNCATE
CHANGE = WRITE | Access.REMOVE_DIR | Access.REMOVE_FILE | Access.MAKE_DIR | Access.MAKE_REG | Access.REFER
"""What is done in a folder of results: make, move and remove files and folders, but no links and no devices."""
USE_DEVICE = WRITE | Access.IOCTL_DEV

_OF_FILES = Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
_ALL = Access((1 << 16) - 1)
_KNOWN = {1: Access((1 << 13) - 1), 2: Access((1 << 14) - 1), 3: Access((1 << 15) - 1), 4: Access((1 << 15) - 1)}
"""The rights that a kernel knows, by its version of Landlock; later versions know all."""


def landlock_version() -> int:
    """Return the version of Landlock that the kernel has; 0 if it has none or none is allowed here."""
    try:
        return system_call(_CREATE_RULESET, None, 0, _VERSION)
    except (OSError, AttributeError):
        return 0


def restrict_files(rights: Mapping[Path, Access], version: int) -> bool:
    """Take from this process, for ever, all rights to files that are not given here; no program can be started.

    Threads that run already are only restricted by kernels of version 8 and later, so call it before there are any.

    Args:
        rights: what may be done with each file, or with everything in each folder; one that does not exist is skipped.
        version: what `landlock_version` returned, or a lower one.

    Returns:
        Whether all threads are restricted.

    Raises:
        OSError: if the kernel refuses.
    """
    known = _KNOWN.get(version, _ALL)
    net = _BIND_AND_CONNECT_TCP if version >= _NET_ABI else 0
    scoped = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= _SCOPE_ABI else 0
    attributes = struct.pack("=QQQ", known, net, scoped)
    ruleset = system_call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path, access in rights.items():
            _allow(ruleset, path, access & known)
        threads = thread_count()
        everywhere = _ALL_THREADS if threads > 1 and version >= _ALL_THREADS_ABI else 0
        system_call(_RESTRICT_SELF, ruleset, everywhere)
    finally:
        os.close(ruleset)
    return threads == 1 or everywhere != 0


def _allow(ruleset: int, path: Path, access: int) -> None:
    with contextlib.suppress(OSError):  # it is not there, or not ours
        opened = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
        try:
            allowed = access if stat.S_ISDIR(os.fstat(opened).st_mode) else access & _OF_FILES
            if allowed:
                system_call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", allowed, opened), 0)
        finally:
            os.close(opened)


def rights_without(folder: Path, access: Access, hidden: Collection[Path]) -> dict[Path, Access]:
    """Return the rights that give `access` to all of `folder` but the `hidden` folders; all paths are free of links.

    Landlock can give a folder but not take a part of it away again. So what lies beside a hidden folder is given, and
    the names of the files on the way to it and in it can still be listed, which importing modules takes.
    """
    if folder in hidden:
        return {}
    if not any(folder in one.parents for one in hidden):
        return {folder: access}
    rights = {folder: access & Access.READ_DIR}
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            if not entry.is_symlink():
                rights |= rights_without(entry, access, hidden)
    return rights
