"""Many clients change one model at once: each is answered as if it were alone, and nothing is damaged."""

import hashlib
import random
import threading
import time
from collections import Counter
from pathlib import Path

from tests.models.llama import tiny_llama
from tests.server.dialects.ollama.test_transfer import damaged
from tests.server.servers import Answer, ServerUnderTest, until

SECONDS, MOST_SECONDS = 3, 90
"""How long they go on, and how long if by then not everything has succeeded once."""
CLIENTS = 6
ALL = {"create", "modelfile", "copy", "copy on", "delete", "show", "tags", "ps", "reply", "blob"}


def ask(server: ServerUnderTest, chance: random.Random) -> tuple[str, Answer]:
    base = f"base{chance.randrange(2)}"
    blob = b"%d" % chance.randrange(5)
    what = chance.choice(sorted(ALL))
    answers = {
        "create": lambda: server.create("x", **{"from": base}, system=f"s{chance.randrange(3)}"),
        "modelfile": lambda: server.create("X", modelfile=f"FROM {base}\nSYSTEM s{chance.randrange(3)}"),
        "copy": lambda: server.post("/api/copy", {"source": base, "destination": "x"}),
        "copy on": lambda: server.post("/api/copy", {"source": "x", "destination": "y"}),
        "delete": lambda: server.request("DELETE", "/api/delete", {"model": chance.choice("xy")}),
        "show": lambda: server.post("/api/show", {"model": "x"}),
        "tags": lambda: server.get("/api/tags"),
        "ps": lambda: server.get("/api/ps"),
        "reply": lambda: server.generate(chance.choice("xy"), options={"num_predict": 2}),
        "blob": lambda: server.post(f"/api/blobs/sha256:{hashlib.sha256(blob).hexdigest()}", blob),
    }
    return what, answers[what]()


def test_many_clients_create_copy_delete_and_use_one_name_at_once(tmp_path: Path) -> None:
    counts: Counter[tuple[str, int]] = Counter()
    odd: list[tuple[str, int, bytes]] = []
    with ServerUnderTest(tmp_path) as server:
        for number in range(2):
            file = tiny_llama(tmp_path / f"{number}.gguf", layers=1 + number)
            server.import_gguf(f"base{number}", file, template="{{ .System }} {{ .Prompt }}")
        began = time.monotonic()

        def succeeded() -> set[str]:
            return {what for what, status in list(counts) if status == 200}

        def goes_on() -> bool:
            passed = time.monotonic() - began
            return passed < SECONDS or (passed < MOST_SECONDS and succeeded() != ALL)

        def client(seed: int) -> None:
            chance = random.Random(seed)
            while goes_on():
                what, answer = ask(server, chance)
                counts[what, answer.status] += 1
                made = what not in ("create", "modelfile") or answer.body == b'{"status":"success"}'
                if answer.status not in (200, 201, 404) or not made:
                    odd.append((what, answer.status, answer.body[:200]))

        clients = [threading.Thread(target=client, args=(seed,)) for seed in range(CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        assert odd == []
        assert succeeded() == ALL
        assert damaged(server.models) == []
        assert server.tags().keys() - {"x:latest", "X:latest", "y:latest"} == {"base0:latest", "base1:latest"}
        names = {name.lower() for name in server.tags()}
        # What has gone or is another one by now is unloaded, which takes its moment.
        until(lambda: {name.lower() for name in server.ps()} <= names)
        assert not [line for line in server.log.splitlines() if " ERROR " in line or "Traceback" in line]
