from pathlib import Path

import psutil
import pytest

from paddock.fleet.resources import Device, Resources, available_memory, gpus, local_resources, usable_cores


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that a test fills like the root of a Linux system, with 8 GiB of free memory."""
    put(tmp_path / "proc/meminfo", f"MemTotal:       99999999 kB\nMemAvailable:   {8 << 20} kB\nBuffers: 1 kB\n")
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_without_limits_the_machine_counts() -> None:
    free = psutil.virtual_memory().available
    assert abs(available_memory() - free) < free / 4 + (256 << 20)
    assert 1 <= usable_cores() <= (psutil.cpu_count() or 1)


def test_the_kernel_says_what_psutil_says(root: Path) -> None:
    nothing = root / "empty"
    assert usable_cores(nothing) >= usable_cores()  # psutil counts the same cores, without the container's limit
    assert available_memory(nothing) > 1 << 20
    assert gpus(nothing) == []


def test_a_containers_memory_limit_counts_less_what_it_uses_and_cannot_drop(root: Path) -> None:
    put(root / "sys/fs/cgroup/memory.max", "1000\n")
    put(root / "sys/fs/cgroup/memory.current", "700\n")
    assert available_memory(root) == 300
    put(root / "sys/fs/cgroup/memory.stat", "anon 400\ninactive_file 250\nactive_file 50\n")
    assert available_memory(root) == 550
    put(root / "sys/fs/cgroup/memory.current", "2000\n")
    assert available_memory(root) == 0


def test_a_container_without_a_limit_has_the_machines_memory(root: Path) -> None:
    put(root / "sys/fs/cgroup/memory.max", "max\n")
    assert available_memory(root) == 8 << 30


@pytest.mark.parametrize(("limit", "cores"), [("100000 100000", 1), ("20000 100000", 1)])
def test_a_containers_share_of_processor_time_limits_the_cores(root: Path, limit: str, cores: int) -> None:
    put(root / "sys/fs/cgroup/cpu.max", limit)
    assert usable_cores(root) == cores


def test_no_share_of_processor_time_is_no_limit(root: Path) -> None:
    without = usable_cores(root)
    put(root / "sys/fs/cgroup/cpu.max", "max 100000")
    assert usable_cores(root) == without


def test_hardware_threads_of_one_core_count_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    for number, threads in enumerate(("0-1", "0-1", "2-3", "2-3")):
        put(root / f"sys/devices/system/cpu/cpu{number}/topology/core_cpus_list", f"{threads}\n")
    assert usable_cores(root) == 2


def test_nvidia_gpus_have_names_in_the_order_of_their_slots(root: Path) -> None:
    for slot, model in (("0000:41:00.0", "NVIDIA H100 80GB HBM3"), ("0000:01:00.0", "NVIDIA L4")):
        put(
            root / f"proc/driver/nvidia/gpus/{slot}/information",
            f"Model: \t\t {model}\nIRQ:   \t\t 120\nGPU UUID: \t GPU-0\n",
        )
    assert gpus(root) == [Device("NVIDIA L4"), Device("NVIDIA H100 80GB HBM3")]


def test_amd_gpus_have_names_and_memory_and_processors_are_none(root: Path) -> None:
    nodes = root / "sys/class/kfd/kfd/topology/nodes"
    put(nodes / "0/properties", "cpu_cores_count 16\nsimd_count 0\n")
    put(nodes / "0/name", "\n")
    put(nodes / "0/mem_banks/0/properties", "heap_type 0\nsize_in_bytes 68719476736\n")
    put(nodes / "1/properties", "cpu_cores_count 0\nsimd_count 256\n")
    put(nodes / "1/name", "navi31\n")
    put(nodes / "1/mem_banks/0/properties", "heap_type 1\nsize_in_bytes 25753026560\n")
    put(nodes / "2/properties", "simd_count 8\n")
    assert gpus(root) == [Device("navi31", 25753026560), Device("AMD GPU")]


def test_resources_are_all_of_it_and_can_be_read_by_a_person(root: Path) -> None:
    put(root / "proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t NVIDIA L4\n")
    assert local_resources(root) == Resources(8 << 30, usable_cores(root), (Device("NVIDIA L4"),))
    found = Resources(3 << 29, 2, (Device("NVIDIA L4"), Device("navi31", 24 << 30)))
    assert str(found) == "2 cores, 1.5 GiB of free memory, NVIDIA L4, navi31 (24.0 GiB)"
    assert str(Resources(1 << 30, 1)) == "1 core, 1.0 GiB of free memory"
