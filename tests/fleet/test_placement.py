import asyncio
from pathlib import Path

import pytest

from paddock.fleet import LoadFailure, LocalProcesses, Placement
from paddock.fleet.resources import usable_cores
from paddock.ipc import LoadModel
from tests.blobs import BLOBS, file_ref
from tests.fleet.memory_transport import LOAD
from tests.models.llama import tiny_llama


def test_a_runner_finds_its_files_in_the_placements_folders(tmp_path: Path) -> None:
    tiny_llama(tmp_path / "model.gguf")

    async def body(placement: Placement) -> None:
        load = LoadModel(model=file_ref(tmp_path / "model.gguf"), context_length=128, threads=1)
        runner = await placement.start("m", load, 30)
        try:
            assert runner.loaded.context_length == 128
            assert list(await runner.tokenize("a")) != []
        finally:
            await runner.close()
        assert await runner.wait_closed() == "exit status 0"

    asyncio.run(body(LocalProcesses([tmp_path, BLOBS])))


def test_a_file_that_is_in_no_folder_fails_the_loading(tmp_path: Path) -> None:
    with pytest.raises(LoadFailure, match="does not exist"):
        asyncio.run(LocalProcesses([tmp_path]).start("m", LOAD, 30))


def test_the_resources_are_those_of_this_machine(tmp_path: Path) -> None:
    found = asyncio.run(LocalProcesses([]).resources())
    assert found.cores == usable_cores()
    assert found.available_memory > 0
