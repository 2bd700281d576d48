import asyncio
from pathlib import Path

import pytest

from paddock.errors import ErrorKind, PaddockError
from paddock.options import NO_OPTIONS, Options
from tests.models.llama import tiny_llama
from tests.service.making import make
from tests.service.services import RunningServices, run


def store(running: RunningServices, folder: Path, *, layers: int = 1) -> str:
    return running.library.blobs.put(tiny_llama(folder / "x.gguf", layers=layers).read_bytes())[0]


def test_a_model_is_resolved_once_until_it_changes(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        digest = store(running, tmp_path)
        make(running.models, "own", files={"x.gguf": digest}, system="one")
        for name in ("own", "tiny"):
            assert await running.loader.open(name) is await running.loader.open(name)
        first = await running.loader.open("own")
        make(running.models, "own", files={"x.gguf": digest}, system="two")
        assert (await running.loader.open("own")).model.system == "two"
        assert first.model.system == "one"

    run(tmp_path, body)


@pytest.mark.parametrize(
    ("name", "kind"), [("", ErrorKind.NOT_FOUND), ("nobody", ErrorKind.NOT_FOUND), ("?", ErrorKind.INVALID)]
)
def test_what_names_no_model_cannot_be_opened(tmp_path: Path, name: str, kind: ErrorKind) -> None:
    async def body(running: RunningServices) -> None:
        with pytest.raises(PaddockError) as error:
            await running.loader.open(name)
        assert error.value.kind is kind

    run(tmp_path, body)


def test_a_model_whose_file_is_damaged_cannot_be_opened(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        digest = store(running, tmp_path)
        make(running.models, "own", files={"x.gguf": digest})
        running.library.blobs.path(digest).write_bytes(b"damaged")
        with pytest.raises(PaddockError, match="is broken") as error:
            await running.loader.open("own")
        assert error.value.kind is ErrorKind.CORRUPT

    run(tmp_path, body)


def test_a_request_has_the_models_own_options_where_it_says_nothing(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        parameters = {"top_k": 3, "num_ctx": 64, "num_predict": 5, "stop": ["x"]}
        make(running.models, "own", files={"x.gguf": store(running, tmp_path)}, parameters=parameters)
        model = await running.loader.open("own")
        own = running.loader.options(model, NO_OPTIONS)
        assert (own.sampling.top_k, own.context_length, own.max_tokens, own.stop) == (3, 64, 5, ("x",))
        options = running.loader.options(model, Options(top_k=1, context_length=10**6))
        assert (options.sampling.top_k, options.context_length, options.max_tokens) == (1, 512, 5)  # trained with 512

    run(tmp_path, body)


def test_loading_options_reach_the_fleet_and_the_listing_knows_the_model(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        model = await running.loader.open("tiny")
        options = running.loader.options(model, Options(context_length=64, threads=1))
        with await running.loader.acquire(model, options, None):
            (loaded,) = running.fleet.loaded()
            assert (loaded.spec.context_length, loaded.spec.options.threads) == (64, 1)
            (active,) = running.loader.active()
            assert (active.name, active.properties, active.context_length) == ("tiny:latest", model.properties, 64)

    run(tmp_path, body)


def test_a_model_that_is_replaced_or_deleted_does_not_stay_loaded(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        make(running.models, "own", files={"x.gguf": store(running, tmp_path)})
        model = await running.loader.open("own")
        options = running.loader.options(model, NO_OPTIONS)
        (await running.loader.acquire(model, options, None)).release()
        await running.loader.unload_replaced()
        assert len(running.loader.active()) == 1
        make(running.models, "own", files={"x.gguf": store(running, tmp_path, layers=2)})
        await running.loader.unload_replaced()
        assert running.loader.active() == []

    run(tmp_path, body)


def test_a_model_that_is_replaced_while_it_loads_leaves_with_its_last_request(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        make(running.models, "own", files={"x.gguf": store(running, tmp_path)})
        model = await running.loader.open("own")
        running.models.delete("own")
        lease = await running.loader.acquire(model, running.loader.options(model, NO_OPTIONS), None)
        lease.release()
        await asyncio.sleep(0.05)
        assert running.loader.active() == []

    run(tmp_path, body)
