"""The filter of system calls, run here by a small interpreter, so that every processor's filter is tested on any."""

import errno
import os
import struct

import pytest

from paddock.sandbox.seccomp import Needs, _program
from paddock.sandbox.syscalls import ARCHITECTURES, CHANGES_OF_FILES, FORBIDDEN, UNKNOWN_FROM

ALLOWED = 0x7FFF0000
KILLED = 0x80000000
DENIED = 0x00050000 | errno.EPERM
ABSENT = 0x00050000 | errno.ENOSYS
PID = 1234
WRITER = Needs(opens_to_write=True)
CLONE_THREAD, CLONE_NEWUSER = 0x00010000, 0x10000000
NEEDED_BY_ALL = {"x86_64": (0, 1, 9, 11, 202, 257), "aarch64": (56, 63, 64, 98, 215, 222)}
"""Numbers of read, write, mmap, munmap, futex and openat."""

machines = pytest.mark.parametrize("machine", ARCHITECTURES)


def verdict(machine: str, number: int, *arguments: int, needs: Needs = WRITER, audit: int = 0) -> int:
    """Return what the kernel is told about a call."""
    architecture = ARCHITECTURES[machine]
    program = _program(architecture, PID, needs)
    padded = [*arguments, *[0] * 6][:6]
    data = struct.pack("<IIQ6Q", number, audit or architecture.audit_number, 0, *padded)
    instructions = list(struct.iter_unpack("=HBBI", program))
    value, at = 0, 0
    while True:
        code, if_true, if_false, operand = instructions[at]
        at += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == 0x06:
            return int(operand)
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            at += if_true if holds else if_false


@machines
def test_what_no_model_needs_is_denied_and_the_rest_is_not(machine: str) -> None:
    numbers = ARCHITECTURES[machine].numbers
    for name in FORBIDDEN:
        if name in numbers:
            assert verdict(machine, numbers[name], needs=Needs(makes_files=True)) == DENIED, name
    for number in NEEDED_BY_ALL[machine]:
        assert verdict(machine, number) == ALLOWED


@machines
def test_only_who_makes_files_may_move_and_remove_them(machine: str) -> None:
    numbers = ARCHITECTURES[machine].numbers
    for name in CHANGES_OF_FILES:
        if name in numbers:
            assert verdict(machine, numbers[name], needs=Needs()) == DENIED, name
            assert verdict(machine, numbers[name], needs=Needs(makes_files=True)) == ALLOWED, name


@machines
def test_threads_can_be_made_and_processes_cannot(machine: str) -> None:
    numbers = ARCHITECTURES[machine].numbers
    assert verdict(machine, numbers["clone"], CLONE_THREAD) == ALLOWED
    assert verdict(machine, numbers["clone"], 17) == DENIED
    assert verdict(machine, numbers["clone"], CLONE_THREAD | CLONE_NEWUSER) == DENIED
    assert verdict(machine, numbers["clone3"]) == ABSENT


@machines
def test_only_the_process_itself_gets_its_signals_and_limits(machine: str) -> None:
    numbers = ARCHITECTURES[machine].numbers
    for name in ("kill", "tgkill", "prlimit64"):
        assert verdict(machine, numbers[name], PID) == ALLOWED
        assert verdict(machine, numbers[name], PID + 1) == DENIED
    assert verdict(machine, numbers["kill"], 0) == DENIED
    assert verdict(machine, numbers["kill"], 0xFFFFFFFF_FFFFFFFF) == DENIED
    assert verdict(machine, numbers["prlimit64"], 0) == ALLOWED


@machines
def test_nothing_is_typed_into_a_terminal(machine: str) -> None:
    ioctl = ARCHITECTURES[machine].numbers["ioctl"]
    assert verdict(machine, ioctl, 0, 0x5401) == ALLOWED
    assert verdict(machine, ioctl, 0, 0x5412) == DENIED
    assert verdict(machine, ioctl, 0, 0xFFFFFFFF_00005412) == DENIED


@machines
def test_no_other_process_is_signalled_when_a_file_is_ready(machine: str) -> None:
    numbers = ARCHITECTURES[machine].numbers
    assert verdict(machine, numbers["fcntl"], 0, 4) == ALLOWED
    for request in (8, 15):
        assert verdict(machine, numbers["fcntl"], 0, request) == DENIED
    assert verdict(machine, numbers["ioctl"], 0, 0x8901) == DENIED


@machines
def test_a_gpus_driver_makes_local_sockets_but_none_connects(machine: str) -> None:
    numbers = ARCHITECTURES[machine].numbers
    assert verdict(machine, numbers["socket"], 1, needs=Needs(gpu=True)) == ALLOWED
    assert verdict(machine, numbers["socket"], 2, needs=Needs(gpu=True)) == DENIED
    assert verdict(machine, numbers["socket"], 1, needs=Needs()) == DENIED
    assert verdict(machine, numbers["connect"], needs=Needs(gpu=True)) == DENIED


@machines
def test_calls_that_are_newer_or_of_another_kind_of_program_are_not_made(machine: str) -> None:
    assert verdict(machine, UNKNOWN_FROM - 1) == ALLOWED
    assert verdict(machine, UNKNOWN_FROM) == ABSENT
    assert verdict(machine, 0x40000000) == ABSENT
    assert verdict(machine, 0, audit=0x40000003) == KILLED


@machines
def test_files_are_only_opened_to_read_by_who_writes_none(machine: str) -> None:
    numbers = ARCHITECTURES[machine].numbers
    places = {"openat": 2, "open": 1}
    for name, place in places.items():
        if name in numbers:
            before = [0] * place
            assert verdict(machine, numbers[name], *before, os.O_RDONLY | os.O_CLOEXEC, needs=Needs()) == ALLOWED
            for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_TMPFILE | os.O_RDWR):
                assert verdict(machine, numbers[name], *before, flag, needs=Needs()) == DENIED
                assert verdict(machine, numbers[name], *before, flag, needs=Needs(opens_to_write=True)) == ALLOWED
    assert verdict(machine, numbers["openat2"], needs=Needs()) == ABSENT
