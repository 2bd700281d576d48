"""GGUF files that are made to crash their runner, or to fill the server's memory: each is refused with a sentence, and
whoever uses another model notices nothing.
"""

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from paddock.gguf.encoded import strings, u32
from paddock.gguf.reader import read_encoded
from tests.engine.gguf_compat.text_cases import CASES
from tests.models.damaged import rewritten, without_bytes
from tests.models.llama import tiny_llama
from tests.models.raw_header import large_head
from tests.server.servers import Answer, ServerUnderTest

NATIVE = re.compile(r"GGML_|ggml|\.cpp|\.c:|/tmp/|Traceback")
"""What is for the log only."""
CACHED = 96 << 20
"""Bytes by which the memory of the server may grow when it first sees large heads: it keeps up to 64 MB of them."""
FLAT = 32 << 20
"""Bytes by which it may grow when it sees more."""
SIZE = 37 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    folder = tmp_path_factory.mktemp("damaged")
    with ServerUnderTest(folder) as started:
        started.import_gguf("sound", tiny_llama(folder / "sound.gguf"))
        yield started


class Neighbour:
    """Somebody who uses another model meanwhile."""

    def __init__(self, server: ServerUnderTest) -> None:
        self.answers: list[Answer] = []
        self._server = server
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Neighbour":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        assert self.answers
        assert {answer.status for answer in self.answers} == {200}

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.answers.append(self._server.generate("sound", options={"num_predict": 4}))


def damaged(path: Path, name: str) -> Path:
    """Write the file of one of `REFUSED`."""
    if name == "no byte tokens":
        return without_bytes(path)
    if name == "a token twice":
        tiny_llama(path)
        with path.open("rb") as file:
            tokens = list(read_encoded(file).metadata["tokenizer.ggml.tokens"].texts())
        return rewritten(path, {"tokenizer.ggml.tokens": strings([*tokens[:-1], tokens[5]])})
    if name == "no rotation":
        return rewritten(CASES["gemma4"].write_own(path), {"gemma4.rope.dimension_count": u32(0)})
    if name == "a context of one token":
        return rewritten(CASES["gemma4"].write_own(path), {"gemma4.context_length": u32(1)})
    return tiny_llama(path, metadata={"llama.block_count": 0})


REFUSED = {
    "no byte tokens": "its vocabulary lacks 162 of the 256 tokens for bytes",
    "a token twice": "its vocabulary has the token",
    "no rotation": "gemma4.rope.dimension_count is 0",
    "a context of one token": "gemma4.context_length is 1",
    "no layers": "llama.block_count is 0",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_damaged_file_is_refused_when_a_model_is_made_of_it(
    server: ServerUnderTest, tmp_path: Path, name: str
) -> None:
    digest = server.upload(damaged(tmp_path / "model.gguf", name))
    with Neighbour(server):
        answer = server.create("damaged", files={"model.gguf": digest})
    assert answer.status == 400
    assert answer.error.startswith("the model's file is damaged: ")
    assert REFUSED[name] in answer.error
    assert "damaged:latest" not in server.tags()


@pytest.mark.parametrize("name", ["no rotation", "a context of one token", "no layers"])
def test_a_damaged_file_that_came_another_way_is_refused_when_it_is_to_be_loaded(
    server: ServerUnderTest, tmp_path: Path, name: str
) -> None:
    replace_weights(server, "other", damaged(tmp_path / "model.gguf", name))
    runners = {runner.pid for runner in server.runners()}
    with Neighbour(server):
        answer = server.generate("other")
    assert answer.status == 400
    assert REFUSED[name] in answer.error
    assert {runner.pid for runner in server.runners()} <= runners | {r.pid for r in server.runners()}


def test_a_file_that_crashes_its_runner_is_refused_after_the_second_time(
    server: ServerUnderTest, tmp_path: Path
) -> None:
    replace_weights(server, "crashing", damaged(tmp_path / "model.gguf", "a token twice"))
    with Neighbour(server):
        answers = [server.generate("crashing") for _ in range(4)]
    for answer in answers:
        assert answer.status == 500
        assert answer.error.startswith("the model's file is damaged: ")
        assert not NATIVE.search(answer.error)
    assert "the model runner crashed while it loaded it (signal 6)" in answers[1].error
    assert "it crashed the model runner twice, and is not loaded again for 10 minutes" in answers[2].error
    assert "GGML_ASSERT" in server.log
    assert server.log.count("ended by itself (signal 6") == 2


def test_a_vocabulary_without_tokens_for_bytes_is_refused_by_the_runner(
    server: ServerUnderTest, tmp_path: Path
) -> None:
    replace_weights(server, "silent", damaged(tmp_path / "model.gguf", "no byte tokens"))
    with Neighbour(server):
        answer = server.generate("silent", prompt="\u65e5\u672c")
    assert answer.status == 500
    assert REFUSED["no byte tokens"] in answer.error
    assert not NATIVE.search(answer.error)


@pytest.mark.thorough
def test_large_heads_leave_the_servers_memory_as_it_was(server: ServerUnderTest) -> None:
    process = psutil.Process(server.process.pid)
    sizes = [process.memory_full_info().uss]
    for turn in range(3):
        kinds = ["numbers", "names", "texts", "keys"]
        digests = [server.upload(large_head(kind, SIZE, seed=turn)) for kind in kinds]
        with Neighbour(server):
            for kind, digest in zip(kinds, digests, strict=True):
                assert server.create(f"{kind}{turn}", files={"model.gguf": digest}).status == 200
                assert server.post("/api/show", {"model": f"{kind}{turn}"}).status == 200
            server.get("/api/tags")
        sizes.append(process.memory_full_info().uss)
    assert sizes[1] - sizes[0] < CACHED
    assert sizes[3] - sizes[2] < FLAT  # once the cache is full, and what the C library keeps has grown as well
    assert sizes[3] - sizes[0] < CACHED + 2 * FLAT


def replace_weights(server: ServerUnderTest, name: str, file: Path) -> None:
    """Make a model and put another file in the place of its weights, as if it had been pulled."""
    folder = file.parent / "sound"
    folder.mkdir()
    server.import_gguf(name, tiny_llama(folder / f"{name}.gguf", name=f"{name} {file.parent.name}"))
    digest = server.upload(folder / f"{name}.gguf").replace(":", "-")
    shutil.copyfile(file, server.models / "blobs" / digest)
