"""The runner process by itself: it outlives Ctrl-C in the terminal and ends with the server that started it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil


def test_a_runner_ignores_the_terminals_interrupt_and_ends_when_its_input_ends() -> None:
    command = [sys.executable, "-m", "paddock.engine"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            until_ignored(process.pid, signal.SIGINT)
            process.send_signal(signal.SIGINT)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(60) >= 0  # no signal ended it
        finally:
            process.kill()


def until_ignored(pid: int, number: signal.Signals) -> None:
    """Wait until a process ignores a signal."""
    ignored = 0
    while not ignored >> (number - 1) & 1:
        assert psutil.pid_exists(pid)
        time.sleep(0.01)
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        ignored = next(int(line.split()[1], 16) for line in status if line.startswith("SigIgn"))
