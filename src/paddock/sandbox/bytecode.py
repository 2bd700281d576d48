"""Compiled modules for processes that may not write them themselves."""

import contextlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

COMPILE_SECONDS = 60


def compile_modules(names: Sequence[str]) -> None:
    """Have another process import these modules, if the first one has no compiled form where it could have one.

    Installers that do not compile leave that to the first process that imports a module. A confined one cannot keep
    what it compiles, so that each would compile anew: numpy alone takes about a second. Call it before `confine`.
    """
    if sys.dont_write_bytecode:
        return
    spec = importlib.util.find_spec(names[0])
    if spec is None or spec.cached is None or spec.origin is None or Path(spec.cached).exists():
        return
    if not os.access(Path(spec.origin).parent, os.W_OK):
        return
    import subprocess

    nothing = subprocess.DEVNULL
    command = [sys.executable, "-c", f"import {', '.join(names)}"]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, stdin=nothing, stdout=nothing, stderr=nothing, timeout=COMPILE_SECONDS, check=False)
