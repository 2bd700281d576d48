"""The numbers of system calls are those of the kernel's headers, where these are installed."""

import re
from pathlib import Path

import pytest

from paddock.sandbox.syscalls import ARCHITECTURES, CHANGES_OF_FILES, FORBIDDEN

HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_numbers_are_those_of_the_header(machine: str) -> None:
    headers = [Path(name) for name in HEADERS[machine] if Path(name).exists()]
    if not headers:
        pytest.skip("no headers of the kernel here")
    text = headers[0].read_text()
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    ours = ARCHITECTURES[machine].numbers
    assert {name: ours[name] for name in ours if name in numbers} == {
        name: numbers[name] for name in ours if name in numbers
    }
    assert [name for name in (*FORBIDDEN, *CHANGES_OF_FILES) if name in numbers and name not in ours] == []


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_no_two_calls_have_one_number(machine: str) -> None:
    numbers = ARCHITECTURES[machine].numbers
    assert len(set(numbers.values())) == len(numbers)


def test_every_forbidden_call_is_known_on_one_architecture() -> None:
    known = {name for architecture in ARCHITECTURES.values() for name in architecture.numbers}
    assert {*FORBIDDEN, *CHANGES_OF_FILES} - known == set()
