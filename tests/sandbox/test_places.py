"""What every confined process may read: places of modules and libraries, and none where users keep their own."""

import sys
from pathlib import Path

import pytest

from paddock.sandbox.landlock import Access
from paddock.sandbox.places import shared_places


def test_modules_libraries_and_nothing_are_there() -> None:
    places = shared_places(gpu=False)
    assert {Path("/usr/lib"), Path("/dev/urandom"), Path(sys.prefix, "lib"), Path(sys.base_prefix, "lib")} <= set(
        places
    )
    assert {path for path, access in places.items() if access & Access.WRITE_FILE} == {Path("/dev/null")}


def test_no_folder_holds_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/:{tmp_path}:{home}:{home}/lib:relative")
    monkeypatch.setattr(sys, "path", ["", str(home), "/", str(home / "modules")])
    places = set(shared_places(gpu=False))
    assert places.isdisjoint({home, *home.parents})
    assert {home / "lib", home / "modules"} <= places


def test_devices_are_only_for_who_uses_a_gpu() -> None:
    with_gpu = shared_places(gpu=True)
    assert Path("/sys") in with_gpu
    assert Path("/sys") not in shared_places(gpu=False)
    assert all(
        access & Access.IOCTL_DEV
        for path, access in with_gpu.items()
        if path.name.startswith("nvidia") and path.parent == Path("/dev")
    )
