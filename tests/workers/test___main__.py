"""A worker as a program, without the pool."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import IO, Any

import pytest
from msgspec.structs import replace

from paddock.ipc.frames import HEADER
from paddock.workers.limits import WorkerLimits
from paddock.workers.messages import (
    Answer,
    Job,
    JobFailed,
    RenderChat,
    RenderCompletion,
    Rendered,
    TemplateSource,
    decode_answer,
    job_frame,
)
from paddock.workers.process import command

QUICK = RenderCompletion(TemplateSource("{{ .Prompt }}!"), "Hi")


class Worker:
    def __init__(self, **limits: Any) -> None:
        self.process = subprocess.Popen(
            command(WorkerLimits(**limits)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.input, self.output = self._pipe(self.process.stdin), self._pipe(self.process.stdout)
        assert self._body() == b""

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                self._pipe(pipe).close()

    def answer(self, job: Job) -> Answer:
        """Return the answer to a job, without the time that it took."""
        self.input.write(job_frame(job))
        self.input.flush()
        answer = decode_answer(self._body())
        assert 0 <= answer.seconds < 10
        return replace(answer, seconds=0.0)

    def _body(self) -> bytes:
        return self.output.read(HEADER.unpack(self.output.read(HEADER.size))[0])

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def test_it_answers_one_job_after_another_and_ends_with_its_input() -> None:
    with Worker() as worker:
        for _ in range(3):
            assert worker.answer(QUICK) == Answer(Rendered("Hi!"))
        worker.input.close()
        assert worker.process.wait(10) == 0


def test_it_ends_when_nobody_reads_its_answers() -> None:
    with Worker() as worker:
        worker.output.close()
        worker.input.write(job_frame(QUICK))
        worker.input.flush()
        assert worker.process.wait(10) == 1


def test_it_is_ended_by_a_job_that_takes_too_long_in_a_call_of_c_code() -> None:
    with Worker(processor_seconds=0.3) as worker:
        assert worker.answer(QUICK) == Answer(Rendered("Hi!"))
        worker.input.write(job_frame(RenderChat(TemplateSource(None, "{{ 5|round(-1000000000) }}"), [])))
        worker.input.flush()
        assert worker.process.wait(30) == -signal.SIGPROF


def test_its_memory_grows_with_the_job_but_not_beyond_a_limit() -> None:
    long = RenderCompletion(TemplateSource("{{ .Prompt }}"), "x" * 60_000_000)
    with Worker(memory=128 << 20, memory_per_byte=6, kept_memory=1 << 40) as worker:
        answer = worker.answer(long)
        assert isinstance(answer.outcome, Rendered)
        assert len(answer.outcome.prompt) == 60_000_000
    with Worker(memory=128 << 20, memory_per_byte=0, kept_memory=1 << 40) as worker:
        failed = Answer(JobFailed("the prompt needs too much memory"), is_last=True)
        assert worker.answer(long) == failed
        assert worker.process.wait(10) == 0


def test_it_says_when_it_has_grown_too_much_and_ends() -> None:
    with Worker(kept_memory=1) as worker:
        assert worker.answer(QUICK) == Answer(Rendered("Hi!"), is_last=True)
        assert worker.process.wait(10) == 0


def test_an_interrupt_from_the_terminal_does_not_end_it() -> None:
    with Worker() as worker:
        os.kill(worker.process.pid, signal.SIGINT)
        assert worker.answer(QUICK) == Answer(Rendered("Hi!"))


def test_it_imports_neither_the_template_engines_nor_an_event_loop_before_they_are_needed() -> None:
    program = "import sys, json; import paddock.workers.__main__; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(subprocess.check_output([sys.executable, "-c", program])))
    assert not loaded & {"jinja2", "gotpl", "asyncio", "numpy", "paddock.library", "paddock.service", "paddock.fleet"}


@pytest.mark.parametrize("text", ["{{ .Prompt }}", "{{ if .Prompt }}{{ .Prompt }}{{ end }}"])
def test_what_a_library_prints_is_no_answer(text: str) -> None:
    with Worker() as worker:
        assert worker.answer(RenderCompletion(TemplateSource(text), "Hi")) == Answer(Rendered("Hi"))
