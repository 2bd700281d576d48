"""One request at a time in a runner without a server, against the bare loop with the same file and threads."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.bare import BareLoop, BareSettings
from bench.models import BLOBS, file_ref, one_billion
from bench.peers import llama_server
from bench.report import WORDS, Row, at_least
from bench.server import models_folder, running
from paddock.fleet.resources import usable_cores
from paddock.ipc import (
    Command,
    Event,
    Finished,
    Frames,
    Generate,
    Loaded,
    LoadFailed,
    LoadModel,
    Sampling,
    Shutdown,
    Step,
    decode_event,
    encode,
)

ROUNDS = 9
PROMPT_TOKENS = 512
REPLY_TOKENS = 64
CELLS = 2048


@dataclass(frozen=True)
class Timed:
    """The times of one reply, in seconds."""

    first: float
    """From sending the request to the first token."""
    rest: float
    """From the first token to the last."""
    finished: Finished


class RunnerUnderTest:
    """A runner process and its pipes. Events are timed when they arrive and decoded afterwards."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.pid = process.pid
        self._input, self._output = process.stdin.fileno(), process.stdout.fileno()
        self._frames = Frames()
        self._next = 0

    def load(self, command: LoadModel) -> Loaded:
        """Have the runner load a model."""
        self.send(command)
        while True:
            for event in self.events(self.read()):
                if isinstance(event, LoadFailed):
                    raise RuntimeError(event.message)
                if isinstance(event, Loaded):
                    return event

    def send(self, command: Command) -> None:
        """Write a command, however long it is."""
        data = encode(command)
        while data:
            data = data[os.write(self._input, data) :]

    def events(self, data: bytes) -> Iterator[Event]:
        """Decode the events that are complete with `data`."""
        return map(decode_event, self._frames.feed(data))

    def read(self) -> bytes:
        """Wait for output of the runner and return it, at least one byte."""
        piece = os.read(self._output, 65536)
        if not piece:
            raise RuntimeError("the runner has ended; what it logged is above")
        return piece

    def generate(self, prompt: str, tokens: int, seed: int) -> Timed:
        """Run one request and return its times."""
        self._next += 1
        command = Generate(
            id=self._next, prompt=prompt, num_predict=tokens, sampling=Sampling(seed=seed), cache_prompt=False
        )
        times: list[float] = []
        finished: Finished | None = None
        now, read = time.perf_counter, self.read
        start = now()
        self.send(command)
        while finished is None:
            piece = read()
            arrived = now() - start
            for event in self.events(piece):
                if isinstance(event, Step):
                    if event.failed:
                        raise RuntimeError(event.failed[0].message)
                    times.append(arrived)
                    finished = event.finished[0] if event.finished else None
        return Timed(times[0], times[-1] - times[0], finished)


@contextmanager
def runner() -> Iterator[RunnerUnderTest]:
    """Start a runner process, and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "paddock.engine", str(BLOBS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "GGML_NO_BACKTRACE": "1"},
    )
    try:
        yield RunnerUnderTest(process)
    finally:
        assert process.stdin is not None
        process.stdin.write(encode(Shutdown()))
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def measure(file: Path | None = None, rounds: int = ROUNDS) -> list[Row]:
    """Measure and return the rows of this scenario."""
    file = file or one_billion()
    with runner() as one:
        loaded = one.load(
            LoadModel(
                model=file_ref(file),
                context_length=CELLS,
                pool_tokens=CELLS,
                max_sequences=1,
                threads=usable_cores(),
            )
        )
        loop = BareLoop(file, BareSettings(loaded.threads, loaded.flash_attention, loaded.pool_tokens))
        prefill: list[tuple[float, float]] = []
        decode: list[tuple[float, float]] = []
        for number in range(rounds + 1):
            prompt = _prompt(number)
            tokens = loop.tokenize(prompt)
            if number % 2:
                timed, bare_prefill, bare_decode = one.generate(prompt, REPLY_TOKENS, number), *_bare(loop, tokens)
            else:
                (bare_prefill, bare_decode), timed = _bare(loop, tokens), one.generate(prompt, REPLY_TOKENS, number)
            if timed.finished.prompt_tokens != len(tokens) or timed.finished.reply_tokens != REPLY_TOKENS:
                raise RuntimeError(f"the runner did not do the same work as the bare loop: {timed.finished}")
            if number:  # the first round warms both up
                prefill.append((len(tokens) / timed.first, len(tokens) / bare_prefill))
                decode.append(((REPLY_TOKENS - 1) / timed.rest, REPLY_TOKENS / bare_decode))
        loop.close()
    how = f"{loaded.threads} threads, flash attention {'on' if loaded.flash_attention else 'off'}"
    rows = [_row(f"prefill of {PROMPT_TOKENS}", prefill, how), _row(f"decode of {REPLY_TOKENS}", decode, how)]
    return rows + _peer(file, loaded.threads)


def _prompt(number: int) -> str:
    return " ".join(random.Random(number).choices(WORDS, k=PROMPT_TOKENS - 1))


def _bare(loop: BareLoop, tokens: list[int]) -> tuple[float, float]:
    return loop.prefill(tokens), loop.decode(REPLY_TOKENS)


def _row(what: str, rates: list[tuple[float, float]], how: str) -> Row:
    ratios = [ours / bare for ours, bare in rates]
    ours, bare = (median(column) for column in zip(*rates, strict=True))
    note = f"{min(ratios):.3f}–{max(ratios):.3f} in {len(ratios)} rounds; {ours:.1f} of {bare:.1f} tokens/s, {how}"
    return at_least(f"{what}, share of the bare loop", median(ratios), 0.97, note)


def _peer(file: Path, threads: int) -> list[Row]:
    command = llama_server(file, threads, CELLS)
    if command is None:
        return []
    body = {"n_predict": REPLY_TOKENS, "cache_prompt": False, "ignore_eos": True}
    with models_folder() as folder, running(folder, command, answers="/health") as server:
        timings = [server.post("/completion", {"prompt": _prompt(i), **body})["timings"] for i in range(3)]
    figures = [median(t[f"{kind}_per_second"] for t in timings) for kind in ("prompt", "predicted")]
    return [Row("llama-server: prefill, decode", f"{figures[0]:.1f}, {figures[1]:.1f} tokens/s")]
