"""Ollama's official Python client, synchronous and asynchronous, uses every endpoint but pull and push."""

import asyncio
from collections.abc import Iterator

import ollama
import pytest

from tests.server.servers import ServerUnderTest

BUNDLED_MODELS = {"tiny:latest", "tiny-vision:latest"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("python"), TINY="1") as server:
        yield server


def test_the_synchronous_python_client_works(server: ServerUnderTest) -> None:
    client = ollama.Client(server.url)
    said = client.generate("tiny", "Why is the sky blue?", think=False)
    assert "sky" in (said.response or "") and said.done_reason == "stop"
    assert "".join(
        p.response or "" for p in client.generate("tiny", "Why is the sky blue?", think=False, stream=True)
    ) == (said.response)
    continued = client.generate("tiny", "Thanks!", context=said.context, think=False)
    assert continued.prompt_eval_count is not None and said.prompt_eval_count is not None
    assert continued.prompt_eval_count > said.prompt_eval_count
    hello = [{"role": "user", "content": "Hello!"}]
    thinking = client.chat("tiny", hello, think=True)
    assert thinking.message.thinking and thinking.message.content
    assert client.chat("tiny", hello, format="json", think=False, options={"num_predict": 20}).message.content
    assert len(client.embed("tiny", ["a", "b"]).embeddings) == 2
    assert len(client.embeddings("tiny", "a").embedding) == 256
    assert {m.model for m in client.list().models} == BUNDLED_MODELS
    assert "insert" in (client.show("tiny").capabilities or [])
    assert client.create("mine", from_="tiny", system="Be brief.", parameters={"top_k": 5}).status == "success"
    assert client.show("mine").modelinfo == client.show("tiny").modelinfo
    assert client.copy("mine", "yours").status == "success"
    assert {m.model for m in client.ps().models} == {"tiny:latest"}
    for name in ("mine", "yours"):
        assert client.delete(name).status == "success"
    with pytest.raises(ollama.ResponseError, match="not found") as error:
        client.show("nobody")
    assert error.value.status_code == 404


def test_the_asynchronous_python_client_works(server: ServerUnderTest) -> None:
    async def drive() -> None:
        client = ollama.AsyncClient(server.url)
        said = await asyncio.gather(*(client.generate("tiny", "Why is the sky blue?", think=False) for _ in range(4)))
        assert len({s.response for s in said}) == 1
        hello = [{"role": "user", "content": "Hello!"}]
        parts = [p async for p in await client.chat("tiny", hello, stream=True, think=False)]
        assert parts[-1].done and "".join(p.message.content or "" for p in parts)
        assert len((await client.embed("tiny", "a")).embeddings) == 1
        assert {m.model for m in (await client.list()).models} == BUNDLED_MODELS
        steps = [p.status async for p in await client.create("mine", from_="tiny", stream=True)]
        assert steps[-1] == "success"
        assert (await client.copy("mine", "yours")).status == "success"
        assert (await client.show("yours")).template
        for name in ("mine", "yours"):
            assert (await client.delete(name)).status == "success"
        assert (await client.ps()).models

    asyncio.run(drive())


def test_blobs_come_through_the_client(server: ServerUnderTest) -> None:
    from training.ship import packaged

    client = ollama.Client(server.url)
    digest = client.create_blob(packaged())
    assert client.create("uploaded", files={"tiny.gguf": digest}, template="{{ .Prompt }}").status == "success"
    assert client.generate("uploaded", "def add(a, b):", options={"num_predict": 4}).response
    client.delete("uploaded")
