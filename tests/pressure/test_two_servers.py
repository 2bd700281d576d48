"""Two servers on one folder pull, delete and prune at once: no pull fails, and no download's lock is lost."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.registry.fake import FakeRegistry, fake_registry
from tests.server.dialects.ollama.test_transfer import damaged
from tests.server.servers import ServerUnderTest

PRUNE = """
import sys, time
from pathlib import Path
from paddock.library.store.blobs import BlobStore
from paddock.library.store.library import Library
from paddock.registry.transfer.partial_blob import remove_abandoned

end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    library = Library(Path(sys.argv[1]))
    library.prune()
    remove_abandoned(library.blobs)
"""
MODELS = 3


def add_models(fake: FakeRegistry) -> None:
    """Have models that share a layer, and each have one of their own."""
    dice = random.Random(7)
    common = dice.randbytes(300_000)
    for number in range(MODELS):
        fake.add(f"team/m{number}", "latest", dice.randbytes(200_000 + number), common)


@pytest.mark.parametrize("seconds", [3.0, pytest.param(40.0, marks=pytest.mark.slow)])
def test_no_pull_fails_while_another_server_pulls_deletes_and_prunes(tmp_path: Path, seconds: float) -> None:
    failures: list[str] = []
    pulls = 0
    with (
        fake_registry() as fake,
        ServerUnderTest(tmp_path, NOPRUNE="0") as one,
        ServerUnderTest(tmp_path, NOPRUNE="0") as two,
    ):
        add_models(fake)
        end = time.monotonic() + seconds

        def pull(server: ServerUnderTest, dice: random.Random) -> None:
            nonlocal pulls
            name = f"{fake.host}/team/m{dice.randrange(MODELS)}"
            answer = server.post("/api/pull", {"model": name, "stream": False, "insecure": True})
            pulls += 1
            if answer.json != {"status": "success"}:
                failures.append(answer.text)

        def delete(server: ServerUnderTest, dice: random.Random) -> None:
            name = f"{fake.host}/team/m{dice.randrange(MODELS)}"
            answer = server.request("DELETE", "/api/delete", {"model": name})
            if answer.status not in (200, 404):
                failures.append(answer.text)

        def repeat(work: Callable[[ServerUnderTest, random.Random], None], server: ServerUnderTest, seed: int) -> None:
            dice = random.Random(seed)
            while time.monotonic() < end:
                work(server, dice)

        threads = [
            threading.Thread(target=repeat, args=(work, server, seed))
            for seed, (work, server) in enumerate([(w, s) for s in (one, two) for w in (pull, pull, delete)])
        ]
        pruning = subprocess.Popen([sys.executable, "-c", PRUNE, str(one.models), str(seconds)])
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert pruning.wait(30) == 0
        assert failures == [], f"{len(failures)} of {pulls} pulls"
        assert pulls > 4
        for server in (one, two):
            assert "cannot be locked" not in server.log
        assert damaged(one.models) == []
        assert not list((one.models / "paddock" / "downloads").iterdir())
        assert not list(one.models.rglob("*.tmp"))
