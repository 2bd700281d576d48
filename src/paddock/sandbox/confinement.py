"""A process gives up, for ever, what it does not need for its work."""

import logging
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from paddock.sandbox import limits
from paddock.sandbox.landlock import CHANGE, READ, Access, landlock_version, restrict_files, rights_without
from paddock.sandbox.places import shared_places
from paddock.sandbox.seccomp import Needs, machine, restrict_calls
from paddock.sandbox.switch import is_enabled

log = logging.getLogger("paddock.sandbox")


@dataclass(frozen=True)
class Confinement:
    """What holds from now on for this process and all its threads."""

    files: bool = False
    """Whether files are restricted to those that were given."""
    calls: bool = False
    """Whether it can open no sockets, start no programs and reach no other processes."""


def confine(
    read: Iterable[Path] = (), write: Iterable[Path] = (), *, gpu: bool = False, hidden: Iterable[Path] = ()
) -> Confinement:
    """Give up, for ever, all that this process does not need to compute something from the files `read`.

    From then on it reads those, Python's modules and the system's libraries; it changes only what is in `write`, opens
    no socket, starts no program or process, reaches no other process, and gets no new privileges. Files, pipes and
    sockets that are open stay usable, threads can be started, and modules can be imported. What is not allowed fails
    with `PermissionError`.

    **Call it before any thread starts, and before a stranger's byte is read.** Before version 8 of Landlock, the kernel
    restricts the files of the calling thread and of threads that it starts, not of those beside it; then it is
    logged. A worker that needs no file but Python's calls `confine()`, one that reads an archive into a folder
    `confine([archive], [folder])`.

    It does nothing where the variable `PADDOCK_SANDBOX` says `0`. Where the kernel cannot do a part of it, that is
    logged in one line and the rest is done.

    Args:
        read: files, or folders with everything in them. What does not exist is skipped.
        write: files that are written, or folders in which files and folders are made, moved and removed, without links,
            and without changing modes or times. They must exist: make an empty file before.
        gpu: whether GPUs are used.
        hidden: folders that are not read although they lie in one of Python or the libraries; files of `read` in them
            are.
    """
    if not is_enabled():
        return Confinement()
    if sys.platform != "linux":
        log.warning("sandbox: this process keeps its rights, since only Linux can take them")
        return Confinement()
    lacking: list[str] = []
    architecture = machine()
    limits.limit_resources()
    try:
        limits.forbid_new_privileges()
        if architecture is not None:
            limits.drop_capabilities(architecture)
    except (OSError, AttributeError) as error:
        lacking.append(f"privileges cannot be dropped ({error})")
    write = list(write)
    makes_files = any(path.is_dir() for path in write)
    files = _restrict_files(list(read), write, gpu, list(hidden), lacking)
    # Where Landlock is there, it also lets a process write to the device that forgets everything.
    needs = Needs(makes_files=makes_files, opens_to_write=bool(write) or gpu or files, gpu=gpu)
    calls = False
    if architecture is None:
        lacking.append("system calls are not restricted on this kind of processor")
    else:
        try:
            restrict_calls(architecture, needs)
            calls = True
        except (OSError, AttributeError) as error:
            lacking.append(f"system calls are not restricted ({error})")
    if lacking:
        log.warning("sandbox: this kernel lacks a part of it: %s", "; ".join(lacking))
    return Confinement(files, calls)


def _restrict_files(read: list[Path], write: list[Path], gpu: bool, hidden: list[Path], lacking: list[str]) -> bool:
    version = landlock_version()
    if not version:
        lacking.append("files are not restricted (no Landlock)")
        return False
    real_hidden = {Path(os.path.realpath(folder)) for folder in hidden}
    rights: dict[Path, Access] = {}
    for place, access in shared_places(gpu=gpu).items():
        rights |= rights_without(Path(os.path.realpath(place)), access, real_hidden)
    rights |= dict.fromkeys(read, READ) | dict.fromkeys(write, CHANGE)
    try:
        everywhere = restrict_files(rights, version)
    except (OSError, AttributeError) as error:
        lacking.append(f"files are not restricted ({error})")
        return False
    if not everywhere:
        lacking.append("files are not restricted for threads that run already")
    return everywhere
