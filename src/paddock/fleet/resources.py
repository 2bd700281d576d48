"""What a machine has for models: cores, free memory, GPUs. The limits of a container count.

On Linux all of it comes from files of the kernel, within a millisecond; elsewhere from psutil, which takes longer to
import.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from paddock.processors import processors

ROOT = Path("/")


@dataclass(frozen=True)
class Device:
    """A GPU."""

    name: str
    memory: int | None = None
    """Bytes; None if the system does not say."""

    def __str__(self) -> str:
        """Return the name, with the memory if it is known."""
        return self.name if self.memory is None else f"{self.name} ({self.memory / 2**30:.1f} GiB)"


@dataclass(frozen=True)
class Resources:
    """What a machine has at one moment."""

    available_memory: int
    """Bytes that a new process could use without pushing others out."""
    cores: int
    """Number of physical cores that a runner may use."""
    devices: tuple[Device, ...] = ()
    """The GPUs that the system knows. Whether a runner can use them depends on how llama.cpp was built."""

    def __str__(self) -> str:
        """Return all of it in words, for the log."""
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return ", ".join([cores, f"{self.available_memory / 2**30:.1f} GiB of free memory", *map(str, self.devices)])


def local_resources(root: Path = ROOT) -> Resources:
    """Return what this machine has now. `root` is the folder with the kernel's `proc` and `sys`."""
    return Resources(available_memory(root), usable_cores(root), tuple(gpus(root)))


def usable_cores(root: Path = ROOT) -> int:
    """Return the number of physical cores that this process may use, at least 1.

    Two hardware threads of one core share its arithmetic: a second one gains nothing.
    """
    allowed = processors()
    logical = os.cpu_count() or allowed
    cores = max(1, allowed * _physical_cores(root, logical) // logical)
    quota = _cgroup_cores(root)
    return max(1, min(cores, quota)) if quota else cores


def available_memory(root: Path = ROOT) -> int:
    """Return the bytes that a new process could use without pushing others out."""
    available = _free_memory(root)
    limit = _cgroup_number(root, "memory.max")
    if limit is None:
        return available
    used = _cgroup_number(root, "memory.current") or 0
    return max(0, min(available, limit - used + _cgroup_cache(root)))


def gpus(root: Path = ROOT) -> list[Device]:
    """Return the GPUs of NVIDIA and AMD that Linux lists; none on other systems."""
    found = []
    for path in sorted(root.glob("proc/driver/nvidia/gpus/*/information")):
        model = re.search(r"^Model:\s*(.+?)\s*$", _text(path), re.MULTILINE)
        found.append(Device(model[1] if model else "NVIDIA GPU"))
    for node in sorted(root.glob("sys/class/kfd/kfd/topology/nodes/*")):
        if _property(node / "properties", "simd_count"):  # 0: the node is a processor
            memory = sum(_property(bank, "size_in_bytes") for bank in node.glob("mem_banks/*/properties"))
            found.append(Device(_text(node / "name").strip() or "AMD GPU", memory or None))
    return found


def _physical_cores(root: Path, logical: int) -> int:
    threads_of_cores = {_text(path) for path in root.glob("sys/devices/system/cpu/cpu[0-9]*/topology/core_cpus_list")}
    if threads_of_cores:
        return len(threads_of_cores)
    import psutil

    return psutil.cpu_count(logical=False) or logical


def _free_memory(root: Path) -> int:
    found = re.search(r"^MemAvailable:\s*(\d+) kB$", _text(root / "proc/meminfo"), re.MULTILINE)
    if found:
        return int(found[1]) * 1024
    import psutil

    return int(psutil.virtual_memory().available)


def _cgroup_number(root: Path, name: str) -> int | None:
    """Return the number in one of the control group's files; None if there is no such file or no limit."""
    text = _text(root / "sys/fs/cgroup" / name).strip()
    return int(text) if text.isdigit() else None


def _cgroup_cache(root: Path) -> int:
    """Return the bytes of file pages that the kernel would drop for this group."""
    return _property(root / "sys/fs/cgroup/memory.stat", "inactive_file")


def _cgroup_cores(root: Path) -> int:
    """Return the whole cores' worth of processor time that the group gets; 0 if there is no limit."""
    quota, _, period = _text(root / "sys/fs/cgroup/cpu.max").strip().partition(" ")
    return max(1, round(int(quota) / int(period))) if quota.isdigit() and period.isdigit() else 0


def _property(path: Path, key: str) -> int:
    """Return a number of a file with lines such as `key 1`; 0 if it is not there."""
    found = re.search(rf"^{re.escape(key)} (\d+)$", _text(path), re.MULTILINE)
    return int(found[1]) if found else 0


def _text(path: Path) -> str:
    """Return what a file holds; "" if it cannot be read."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
