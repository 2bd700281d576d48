"""Several threads of two processes make, copy, read and delete models of one folder at once."""

import multiprocessing
import random
import threading
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from pathlib import Path

from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.names import ModelName
from paddock.library.store.library import Library, ModelNotFound
from tests.models.llama import tiny_file

SECONDS = 3.0
WEIGHTS = 2
"""Files that clients upload again and again."""


def serve(folder: Path, files: list[Path], number: int, failures: "Queue[str]") -> None:
    """What the threads of one server do until time is up; what fails comes back by `failures`."""
    library, until = Library(folder), time.monotonic() + SECONDS
    contents = [path.read_bytes() for path in files]

    def name(chance: random.Random) -> ModelName:
        return ModelName.parse(chance.choice(["a", "ns/b", "host.example/ns/c", "d:one", "d:two"]))

    def upload_and_make(chance: random.Random) -> None:
        data = chance.choice(contents)
        with library.blobs.writer() as writer:
            writer.write(data)
            digest = writer.commit()
        spec = ModelSpec(files={"x.gguf": digest}, system=f"s{chance.randrange(3)}", parameters={"top_k": number})
        create(library, name(chance), spec, lambda status: None)

    def build_on(chance: random.Random) -> None:
        spec = ModelSpec(base=name(chance).short, template=f"{{{{ .Prompt }}}}{chance.randrange(3)}")
        create(library, name(chance), spec, lambda status: None)

    def read(chance: random.Random) -> None:
        assert library.open(name(chance)).gguf.architecture == "llama"

    actions: list[Callable[[random.Random], object]] = [
        upload_and_make,
        build_on,
        lambda chance: library.copy(name(chance), name(chance)),
        lambda chance: library.delete(name(chance)),
        lambda chance: library.delete(name(chance)),
        read,
        lambda chance: library.list(),
    ]

    def repeat(index: int) -> None:
        chance = random.Random(100 * number + index)
        while time.monotonic() < until:
            try:
                actions[index](chance)
            except ModelNotFound:
                pass
            except BaseException as error:
                failures.put(f"server {number}, action {index}: {type(error).__name__}: {error}")

    threads = [threading.Thread(target=repeat, args=[index]) for index in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_servers_on_one_folder_never_break_a_model(tmp_path: Path) -> None:
    files = [tiny_file(tmp_path / f"{i}.gguf", "llama", {"llama.context_length": 64 + i}) for i in range(WEIGHTS)]
    folder = tmp_path / "models"
    spawning = multiprocessing.get_context("spawn")
    failures: Queue[str] = spawning.Queue()
    servers = [spawning.Process(target=serve, args=[folder, files, i, failures]) for i in range(2)]
    for server in servers:
        server.start()
    seen: list[str] = []
    while any(server.is_alive() for server in servers) or not failures.empty():
        while not failures.empty():
            seen.append(failures.get())
        time.sleep(0.05)
    for server in servers:
        server.join()
        assert server.exitcode == 0
    assert sorted(set(seen)) == []
    library = Library(folder)
    names = list(library.manifests.names(strict=True))
    assert {model.name for model in library.list()} == set(names)
    for name in names:
        model = library.open(name)
        assert model.gguf.architecture == "llama"
        assert all(library.blobs.exists(digest) for digest in model.manifest.digests())
    for name in names:
        library.delete(name)
    left = {path.name for path in folder.rglob("*") if path.is_file() and path.suffix == ".tmp"}
    assert left == set()
