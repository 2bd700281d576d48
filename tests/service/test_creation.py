from pathlib import Path

import pytest

from paddock.errors import PaddockError
from paddock.options import NO_OPTIONS
from tests.models.llama import tiny_llama
from tests.service.making import make, order
from tests.service.services import RunningServices, run


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
