"""Record which functions of `paddock` run in this process between two marks; Python imports this file at its start.

It stands on `PYTHONPATH` of the processes that `tools.journeys` starts, and uses nothing but the standard library. A
thread watches the folder named by `JOURNEYS`: while a file `recording` exists there, every call is recorded;
when that file goes, the functions are written to `<process id>.json`.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

POLL_SECONDS = 0.01


def install(folder: Path) -> None:
    """Profile all threads of this process, and start the thread that watches `folder`."""
    codes: set[CodeType] = set()
    on = False

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        if on and event == "call":
            codes.add(frame.f_code)

    def watch() -> None:
        nonlocal on
        mark = folder / "recording"
        while True:
            if mark.exists() != on:
                if not on:
                    codes.clear()
                    on = True
                else:
                    on = False
                    write(folder / f"{os.getpid()}.json", set(codes))
            time.sleep(POLL_SECONDS)

    threading.Thread(target=watch, daemon=True, name="journeys").start()
    threading.setprofile(profile)
    sys.setprofile(profile)


def write(path: Path, codes: set[CodeType]) -> None:
    """Write the functions among `codes` that belong to `paddock`, as `[file, name, line]` each."""
    package = f"{os.sep}paddock{os.sep}"
    rows = []
    for code in codes:
        file = code.co_filename
        if package in file and "site-packages" not in file and code.co_name != "<module>":
            rows.append([file.rsplit(package, 1)[1], code.co_qualname, code.co_firstlineno])
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(sorted(rows)))
    unfinished.rename(path)


if os.environ.get("JOURNEYS"):
    install(Path(os.environ["JOURNEYS"]))
