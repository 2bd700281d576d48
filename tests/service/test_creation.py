import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from paddock.errors import PaddockError
from paddock.options import NO_OPTIONS
from paddock.service.creation import CreationService
from paddock.service.job_queue import JobQueueConfig
from paddock.service.models import CreateModel
from tests.models.llama import tiny_llama
from tests.service.making import make, order
from tests.service.services import RunningServices, ScriptedRunners, run, services


def test_the_progress_of_making_a_model_ends_with_success(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        progress = await running.creation.create(order("own", base="tiny", system="Be brief."))
        statuses = [report.status async for report in progress]
        assert statuses[-1] == "success"
        assert (await running.loader.open("own")).model.system == "Be brief."

    run(tmp_path, body)


def test_a_wrong_request_is_refused_before_any_progress(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        for wrong in (order("?", base="tiny"), order("own", base="tiny", quantize="Q9")):
            with pytest.raises(PaddockError):
                await running.creation.create(wrong)

    run(tmp_path, body)


def test_a_model_that_is_made_again_replaces_the_loaded_one(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        one, two = (
            running.library.blobs.put(tiny_llama(tmp_path / "x.gguf", layers=layers).read_bytes())[0]
            for layers in (1, 2)
        )
        make(running.models, "own", files={"x.gguf": one})
        model = await running.loader.open("own")
        (await running.loader.acquire(model, running.loader.options(model, NO_OPTIONS), None)).release()
        async for _ in await running.creation.create(order("own", files={"x.gguf": two})):
            pass
        assert running.loader.active() == []

    run(tmp_path, body)


def test_a_model_is_made_as_a_whole_although_nobody_reads_its_progress(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        progress = await running.creation.create(order("own", base="tiny", system="Be brief."))
        await anext(progress)
        await progress.aclose()
        assert (await running.loader.open("own")).model.system == "Be brief."

    run(tmp_path, body)


def test_long_work_is_cancelled_when_the_server_stops(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        digest = running.library.blobs.put(tiny_llama(tmp_path / "x.gguf").read_bytes())[0]
        running.creation.close()
        progress = await running.creation.create(order("own", files={"x.gguf": digest}, quantize="Q8_0"))
        with pytest.raises(PaddockError, match="the server is stopping"):
            async for _ in progress:
                pass
        with pytest.raises(PaddockError, match="not found"):
            await running.loader.open("own")

    run(tmp_path, body)


async def statuses(creation: CreationService, name: str, client: str = "", **spec: str) -> list[str]:
    return [line.status async for line in await creation.create(order(name, **spec), client)]


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in time")


def test_long_work_waits_for_its_turn_and_short_work_does_not(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        digest = running.library.blobs.put(tiny_llama(tmp_path / "x.gguf").read_bytes())[0]
        make(running.models, "base", files={"x.gguf": digest})
        creation = CreationService(running.models, running.transfer, running.loader, JobQueueConfig(slots=1))
        first = creation._queue.join("somebody")
        jobs = []
        for number, client in enumerate("aab", 1):
            job = statuses(creation, f"q{number}", client, base="base", quantize="Q8_0")
            jobs.append(asyncio.create_task(job))
            await until(lambda number=number: len(creation._queue._waiting) == number)  # type: ignore[misc]
        assert (await statuses(creation, "brief", base="base", system="Be brief."))[-1] == "success"
        assert not any(job.done() for job in jobs)
        first.leave()
        said = await asyncio.gather(*jobs)
        assert [lines[0] for lines in said] == [f"waiting: {before} before you" for before in (1, 2, 2)]
        assert all(lines[-1] == "success" for lines in said)
        assert said[1][1] == "waiting: 3 before you", "who comes from elsewhere is before the second job of another"

    run(tmp_path, body)


def test_a_job_that_nobody_waits_for_leaves_the_queue(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        creation = CreationService(running.models, running.transfer, running.loader, JobQueueConfig(slots=1))
        running_turn = creation._queue.join("somebody")
        progress = await creation.create(order("own", base="tiny", quantize="Q8_0"))
        assert (await anext(progress)).status == "waiting: 1 before you"
        await progress.aclose()
        assert len(creation._queue._waiting) == 0
        running_turn.leave()

    run(tmp_path, body)


def test_copying_local_files_is_long_work(tmp_path: Path) -> None:
    async def body() -> None:
        file = tiny_llama(tmp_path / "x.gguf")
        async with services(tmp_path / "models", ScriptedRunners(), local_files=True) as running:
            creation = CreationService(running.models, running.transfer, running.loader, JobQueueConfig(slots=1))
            turn = creation._queue.join("somebody")
            progress = await creation.create(order("own", modelfile=f"FROM {file}"))
            assert (await anext(progress)).status == "waiting: 1 before you"
            assert not running.library.blobs.folder.exists()
            turn.leave()
            assert [line.status async for line in progress][-1] == "success"

    asyncio.run(asyncio.wait_for(body(), 60))


def test_copying_ends_when_the_server_stops_and_nothing_is_kept(tmp_path: Path) -> None:
    async def body() -> None:
        file = tmp_path / "x.gguf"
        file.write_bytes(bytes(8 << 20))
        async with services(tmp_path / "models", ScriptedRunners(), local_files=True) as running:
            progress = await running.creation.create(order("own", modelfile=f"FROM {file}"))
            running.creation._closing = True
            with pytest.raises(PaddockError, match="the server is stopping"):
                await anext(progress)
            assert list(running.library.blobs.folder.iterdir()) == []

    asyncio.run(asyncio.wait_for(body(), 60))


def test_copying_ends_when_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        begun = threading.Event()

        def slow(order: CreateModel, check: Callable[[], None]) -> None:
            begun.set()
            while True:
                check()
                time.sleep(0.01)

        async with services(tmp_path / "models", ScriptedRunners(), local_files=True) as running:
            monkeypatch.setattr(running.models, "creation", slow)
            progress = await running.creation.create(order("own", modelfile="FROM x"))
            waiting = asyncio.ensure_future(anext(progress))
            await until(begun.is_set)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert not running.creation._queue._running

    asyncio.run(asyncio.wait_for(body(), 60))
