"""Where a machine has what every process reads: Python, its libraries, what the kernel tells, and GPUs."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from paddock.sandbox.landlock import READ, USE_DEVICE, Access

_PACKAGE = Path(__file__).resolve().parents[1]
_LIBRARIES = (
    *("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"),
    *("/nix/store", "/gnu/store", "/run/current-system/sw/lib", "/run/opengl-driver"),
)
_CONFIGURATION = (
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
)
_KERNEL = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system", "/sys/fs/cgroup")
_RANDOM = ("/dev/urandom", "/dev/random", "/dev/zero")
_LIBRARY_VARIABLES = ("LD_LIBRARY_PATH", "LLAMA_CPP_LIB_PATH", "GGML_BACKEND_PATH")
_GPU_DEVICES = ("nvidia*", "dri", "kfd", "dxg")
_GPU_FILES = (
    *(
        "/sys",
        "/proc/devices",
        "/proc/modules",
        "/proc/driver/nvidia",
        "/etc/OpenCL",
        "/etc/vulkan",
        "/usr/share/vulkan",
    ),
    *("/usr/share/drirc.d", "/usr/share/nvidia", "/usr/share/libdrm", "/opt/rocm", "/opt/intel", "/opt/cuda"),
)


def shared_places(*, gpu: bool) -> dict[Path, Access]:
    """Return the rights to what no process can do without; with `gpu`, also to GPUs and their drivers.

    A folder in which the user's home lies is never among them, whatever a variable says.
    """
    places = [*_python(), *_libraries(), *map(Path, (*_CONFIGURATION, *_KERNEL, *_RANDOM))]
    if gpu:
        places += map(Path, _GPU_FILES)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 (Path.home() fails where there is none)
    rights = dict.fromkeys((path for path in places if path not in (home, *home.parents)), READ)
    rights[Path(os.devnull)] = READ | Access.WRITE_FILE
    if gpu:
        rights |= {path: USE_DEVICE for name in _GPU_DEVICES for path in Path("/dev").glob(name)}
    return rights


def _python() -> Iterator[Path]:
    """Yield where modules are imported from, also those that are imported later."""
    yield _PACKAGE
    # `python -m` puts the folder first in which it was started, which is no place of modules, but often someone's home.
    entries = sys.path if sys.flags.safe_path else sys.path[1:]
    yield from (Path(entry).absolute() for entry in entries if entry)
    for prefix in {sys.prefix, sys.base_prefix}:
        yield Path(prefix, "lib")


def _libraries() -> Iterator[Path]:
    """Yield where the system's linker looks."""
    yield from map(Path, _LIBRARIES)
    yield from Path("/usr/local").glob("cuda*")
    for variable in _LIBRARY_VARIABLES:
        yield from (Path(entry) for entry in os.environ.get(variable, "").split(":") if entry.startswith("/"))
    for configuration in Path("/etc/ld.so.conf.d").glob("*.conf"):
        with contextlib.suppress(OSError):
            lines = configuration.read_text("utf-8", "replace").split("\n")
            yield from (Path(line.strip()) for line in lines if line.startswith("/"))
