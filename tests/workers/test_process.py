import asyncio
from collections.abc import Awaitable, Callable

import pytest

from paddock.workers import process
from paddock.workers.errors import TemplateWorkerFailed
from paddock.workers.limits import WorkerLimits
from paddock.workers.messages import RenderCompletion, Rendered, TemplateSource, job_frame
from paddock.workers.process import TemplateWorker

QUICK = RenderCompletion(TemplateSource("{{ .Prompt }}!"), "Hi")


def run(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), 60))


class Watched:
    """A worker, and what it has told of itself."""

    def __init__(self) -> None:
        self.changes = 0
        self.changed = asyncio.Event()
        self.worker = TemplateWorker(WorkerLimits(start_seconds=20), self._note, lambda _: None)

    def _note(self, _: TemplateWorker) -> None:
        self.changes += 1
        self.changed.set()


def test_a_worker_tells_when_it_is_idle_and_ends_when_it_is_to_leave() -> None:
    async def body() -> None:
        watched = Watched()
        worker = watched.worker
        assert not worker.is_idle
        await worker.open()
        await watched.changed.wait()
        assert worker.is_idle
        result = worker.begin(job_frame(QUICK))
        assert not worker.is_idle
        assert await result == Rendered("Hi!")
        assert (worker.is_idle, watched.changes) == (True, 2)
        worker.leave()
        assert not worker.is_idle
        await worker.gone

    run(body)


def test_a_worker_that_is_killed_before_it_has_started_is_gone() -> None:
    async def body() -> None:
        worker = Watched().worker
        worker.kill(TemplateWorkerFailed("no more"))
        await worker.open()
        await worker.gone

    run(body)


def test_a_worker_that_answers_nonsense_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    script = r"printf '\0\0\0\0'; head -c 4 >/dev/null; printf '\1\0\0\0x'; exec sleep 60"
    monkeypatch.setattr(process, "command", lambda _: ["/bin/sh", "-c", script])

    async def body() -> None:
        watched = Watched()
        await watched.worker.open()
        await watched.changed.wait()
        with pytest.raises(TemplateWorkerFailed, match="answers what cannot be read"):
            await watched.worker.begin(job_frame(QUICK))
        await watched.worker.gone

    run(body)


def test_a_worker_gets_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_API_KEY", "secret")
    monkeypatch.setenv("OLLAMA_API_KEY", "secret")
    monkeypatch.setenv("TZ", "UTC")
    assert "secret" not in process._environment().values()
    assert process._environment()["TZ"] == "UTC"
