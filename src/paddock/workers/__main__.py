"""A worker: `python -m paddock.workers LIMITS`, with the limits as JSON.

It reads jobs from its standard input, one after the other, and writes the answers to its standard output. It ends when
its input ends. Jinja and the engine of Go templates are imported when they are first needed.
"""

import os
import resource
import signal
import sys
import time
from io import FileIO

import msgspec

from paddock.ipc.frames import HEADER
from paddock.sandbox.confinement import confine
from paddock.workers.jobs import run
from paddock.workers.limits import WorkerLimits
from paddock.workers.messages import Answer, JobFailed, Outcome, answer_frame, decode_job

PAGE = resource.getpagesize()


def main() -> None:
    """Work until the input ends."""
    limits = msgspec.json.decode(sys.argv[1], type=WorkerLimits)
    output = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints goes to the log
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is meant for the server
    memory = _memory_file()
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.most_memory))
    confine()
    jobs = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 (a descriptor, open until the end)
    _write(output, HEADER.pack(0))
    is_last = False
    while not is_last and (size := _read(jobs, HEADER.size)) is not None:
        # The signal ends the process, whatever it does: a handler would not run inside of a long call of C code.
        signal.setitimer(signal.ITIMER_PROF, limits.processor_seconds)
        before = time.process_time()
        try:
            outcome = _outcome(jobs, HEADER.unpack(size)[0], limits)
            if outcome is None:
                return
            is_last = _memory_in_use(memory) > limits.kept_memory
            frame = answer_frame(Answer(outcome, time.process_time() - before, is_last))
        except MemoryError:
            is_last = True  # the job may not have been read to its end
            frame = answer_frame(Answer(JobFailed("the prompt needs too much memory"), is_last=is_last))
        signal.setitimer(signal.ITIMER_PROF, 0)
        outcome = None
        _write(output, frame)
        del frame


def _outcome(jobs: FileIO, length: int, limits: WorkerLimits) -> Outcome | None:
    """Read a job of `length` bytes and do it; return None if the input ends before."""
    memory = min(limits.memory + limits.memory_per_byte * length, limits.most_memory)
    resource.setrlimit(resource.RLIMIT_AS, (memory, limits.most_memory))
    body = _read(jobs, length)
    if body is None:
        return None
    try:
        job = decode_job(body)
    except RecursionError:
        return JobFailed("a value of the conversation is nested too deeply")
    del body
    return run(job)


def _memory_file() -> int | None:
    """Return the file in which the system tells the memory of this process; None where there is none."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None


def _memory_in_use(file: int | None) -> int:
    """Return the bytes of this process that are in memory; 0 where the system does not tell."""
    return int(os.pread(file, 100, 0).split()[1]) * PAGE if file is not None else 0


def _read(file: FileIO, size: int) -> bytearray | None:
    """Read exactly `size` bytes; None if the input ends before."""
    data = bytearray(size)
    with memoryview(data) as rest:
        done = 0
        while done < size:
            count = file.readinto(rest[done:])
            if not count:
                return None
            done += count
    return data


def _write(descriptor: int, data: bytes | bytearray) -> None:
    with memoryview(data) as rest:
        done = 0
        while done < len(data):
            done += os.write(descriptor, rest[done:])


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # the server has gone
        sys.exit(1)
