from pathlib import Path

import psutil
import pytest

from paddock.fleet import resources
from paddock.fleet.resources import available_memory, local_resources, usable_cores


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A control group's folder that the test fills."""
    monkeypatch.setattr(resources, "CGROUP", tmp_path)
    return tmp_path


def test_without_limits_the_machine_counts(cgroup: Path) -> None:
    free = psutil.virtual_memory().available
    assert abs(available_memory() - free) < free / 4 + (256 << 20)
    assert 1 <= usable_cores() <= (psutil.cpu_count() or 1)


def test_a_containers_memory_limit_counts_less_what_it_uses_and_cannot_drop(cgroup: Path) -> None:
    (cgroup / "memory.max").write_text("1000\n")
    (cgroup / "memory.current").write_text("700\n")
    assert available_memory() == 300
    (cgroup / "memory.stat").write_text("anon 400\ninactive_file 250\nactive_file 50\n")
    assert available_memory() == 550
    (cgroup / "memory.current").write_text("2000\n")
    assert available_memory() == 0


def test_a_container_without_a_limit_has_the_machines_memory(cgroup: Path) -> None:
    (cgroup / "memory.max").write_text("max\n")
    assert available_memory() > 1 << 20


@pytest.mark.parametrize(("limit", "cores"), [("100000 100000", 1), ("20000 100000", 1)])
def test_a_containers_share_of_processor_time_limits_the_cores(cgroup: Path, limit: str, cores: int) -> None:
    (cgroup / "cpu.max").write_text(limit)
    assert usable_cores() == cores


def test_no_share_of_processor_time_is_no_limit(cgroup: Path) -> None:
    without = usable_cores()
    (cgroup / "cpu.max").write_text("max 100000")
    assert usable_cores() == without


def test_resources_are_what_both_say(cgroup: Path) -> None:
    (cgroup / "memory.max").write_text("1000")
    found = local_resources()
    assert (found.available_memory, found.cores) == (1000, usable_cores())
