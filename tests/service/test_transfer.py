import asyncio
import io
from pathlib import Path

import pytest

from paddock.errors import ErrorKind, PaddockError
from paddock.service.job_queue import JobQueueConfig
from paddock.service.transfer import TransferService
from paddock.settings import Settings
from tests.models.llama import tiny_llama
from tests.service.making import make
from tests.service.services import RunningServices, run


def test_an_exported_model_can_be_imported_under_another_name(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        digest = running.library.blobs.put(tiny_llama(tmp_path / "x.gguf", layers=1).read_bytes())[0]
        make(running.models, "own", files={"x.gguf": digest}, system="Be brief.")
        archive = await running.transfer.export("own")
        try:
            data = b"".join(archive.pieces())
        finally:
            archive.close()
        assert len(data) == archive.size
        assert (await running.transfer.import_(io.BytesIO(data), "copy")).short == "copy:latest"
        assert (await running.transfer.import_(io.BytesIO(data))).short == "own:latest"
        assert (await running.loader.open("copy")).model.system == "Be brief."

    run(tmp_path, body)


def test_an_archive_that_is_none_stores_nothing(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        before = [model.name for model in running.models.list()]
        with pytest.raises(PaddockError) as error:
            await running.transfer.import_(io.BytesIO(b"no archive" * 100), "copy")
        assert error.value.kind is ErrorKind.INVALID
        assert [model.name for model in running.models.list()] == before

    run(tmp_path, body)


def test_a_bundled_model_that_was_deleted_is_pulled_without_a_registry(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        running.models.delete("tiny")
        with pytest.raises(PaddockError, match="not found"):
            await running.loader.open("tiny")
        progress = await running.transfer.pull("tiny")
        assert [report.status async for report in progress] == ["pulling manifest", "success"]
        assert (await running.loader.open("tiny")).model.name.short == "tiny:latest"

    run(tmp_path, body)


def test_what_is_no_name_is_refused_at_once(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        for call in (running.transfer.pull, running.transfer.push, running.transfer.export):
            with pytest.raises(PaddockError, match=r"^invalid model name$"):
                await call("?")

    run(tmp_path, body)


def test_a_registry_that_cannot_be_reached_is_told_while_the_progress_is_read(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        progress = await running.transfer.pull("http://127.0.0.1:9/library/nobody", insecure=True)
        with pytest.raises(PaddockError) as error:
            async for _ in progress:
                pass
        assert error.value.kind is ErrorKind.UPSTREAM

    run(tmp_path, body)


def test_archives_have_turns(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        transfer = TransferService(
            running.library, running.models, running.loader, Settings(), JobQueueConfig(slots=1, max_waiting=1)
        )
        first = await transfer.archive_turn("a")
        second = asyncio.create_task(transfer.archive_turn("b"))
        await asyncio.sleep(0)
        with pytest.raises(PaddockError, match="the queue for long work is full") as error:
            await transfer.archive_turn("c")
        assert error.value.kind is ErrorKind.OVERLOADED
        assert not second.done()
        first.leave()
        (await second).leave()
        last = await transfer.archive_turn("c")
        waiting = asyncio.create_task(transfer.archive_turn("c"))
        await asyncio.sleep(0)
        await transfer.close()
        with pytest.raises(PaddockError, match="the server is stopping"):
            await waiting
        last.leave()

    run(tmp_path, body)
