"""Descriptors of this process."""

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from paddock.server.descriptors import max_connections, open_descriptors


def run(script: str) -> list[int]:
    """Run a script in another process, since limits cannot be raised again, and return the numbers that it prints."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_the_limit_is_raised_as_far_as_the_system_allows() -> None:
    numbers = run(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (50, 300))\n"
        "from paddock.server.descriptors import raise_limit\n"
        "print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE), raise_limit())\n"
    )
    assert numbers == [300, 300, 300, 300]


def test_open_descriptors_are_counted(tmp_path: Path) -> None:
    before = open_descriptors()
    with (tmp_path / "a").open("w"), (tmp_path / "b").open("w"):
        assert open_descriptors() == before + 2
    assert open_descriptors() == before


def test_two_fifths_of_the_free_descriptors_are_for_connections() -> None:
    assert max_connections(1024, 24, 4096) == 393
    assert max_connections(1 << 20, 24, 4096) == 4096
    assert max_connections(20, 12, 4096) == 2


@given(st.integers(0, 1 << 20), st.integers(0, 1 << 20), st.integers(1, 10_000))
def test_there_is_always_room_for_one_connection_and_never_for_more_than_asked(
    limit: int, in_use: int, most: int
) -> None:
    assert 1 <= max_connections(limit, in_use, most) <= most
