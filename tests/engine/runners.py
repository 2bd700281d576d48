"""A runner process as the tests speak to it: blocking, one message at a time."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from paddock import ipc
from tests.blobs import BLOBS, file_ref

T = TypeVar("T")


class RunnerUnderTest:
    """Started as the fleet starts it; `log` holds its standard error once it has ended."""

    def __init__(
        self,
        load: ipc.LoadModel | None = None,
        *,
        modules: Sequence[str] = ("paddock.engine",),
        environment: dict[str, str] | None = None,
    ) -> None:
        """Start the last of `modules`; those before it run it in their own way."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", *modules, str(BLOBS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        self._frames = ipc.Frames()
        self._events: deque[ipc.Event] = deque()
        if load is not None:
            self.send(load)

    def __enter__(self) -> "RunnerUnderTest":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def send(self, command: ipc.Command) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(ipc.encode(command))
        self.process.stdin.flush()

    def receive(self) -> ipc.Event:
        assert self.process.stdout is not None
        while not self._events:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise EOFError("the runner has gone")
            self._events += [ipc.decode_event(body) for body in self._frames.feed(data)]
        return self._events.popleft()

    def expect(self, kind: type[T]) -> T:
        """Skip to the next event of a kind."""
        while True:
            event = self.receive()
            if isinstance(event, kind):
                return event

    def complete(self, *requests: ipc.Generate) -> dict[int, tuple[str, ipc.Finished | ipc.Failed]]:
        """Run requests at once; return the text and the end of each."""
        for request in requests:
            self.send(request)
        texts = {r.id: "" for r in requests}
        ends: dict[int, ipc.Finished | ipc.Failed] = {}
        while len(ends) < len(requests):
            step = self.expect(ipc.Step)
            for chunk in step.chunks:
                assert chunk.id not in ends
                texts[chunk.id] += chunk.text
            ends |= {end.id: end for end in step.finished}
            ends |= {end.id: end for end in step.failed}
        return {r.id: (texts[r.id], ends[r.id]) for r in requests}


def load(model: Path, *, projector: Path | None = None, **options: Any) -> ipc.LoadModel:
    """Name the files of a small model, and how to load it."""
    fields = {"context_length": 512, "pool_tokens": 2048, "max_sequences": 4, "threads": 1, **options}
    encoder = file_ref(projector) if projector is not None else None
    return ipc.LoadModel(model=file_ref(model), projector=encoder, **fields)


GREEDY = ipc.Sampling(temperature=0)
