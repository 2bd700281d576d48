"""Short programs in a process of their own, since what a process gives up it never gets back."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paddock.sandbox import landlock, seccomp

needs_landlock = pytest.mark.skipif(landlock.landlock_version() == 0, reason="this kernel has no Landlock")
needs_seccomp = pytest.mark.skipif(seccomp.machine() is None, reason="this processor's system calls are not known")

ATTEMPT = '''
import json, os, sys
from pathlib import Path

def attempt(action):
    """Return "done" or the name of the error."""
    try:
        action()
    except BaseException as error:
        return type(error).__name__
    return "done"

def answer(value):
    print(json.dumps(value))
'''


def run(program: str, *arguments: object, cwd: Path | None = None, **environment: str) -> Any:
    """Run a program that calls `answer` once; return the value."""
    done = run_process(program, *arguments, cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_process(
    program: str, *arguments: object, cwd: Path | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", ATTEMPT + program, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=cwd, env={**os.environ, **environment}, check=False
    )
