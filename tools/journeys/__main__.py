"""`python -m tools.journeys [--list]`: follow three warm requests through the code.

A server runs with every call of a function of `paddock` recorded in its process, in the runner's, and in those of
conversions. Each journey is taken once to warm everything up, then once more while calls are recorded. Printed is how
many different functions were called, and in how many files they stand; `--list` names them. `--python` takes another
interpreter, one whose `paddock` is that of an older checkout, to compare with.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tools.demo import MULTIPLY, free_port, wait_for

DUMP_SECONDS = 20
MODEL = "tiny"
LONG_PROMPT = "Tell me about the river, the stone, the cloud and the lamp in the tower. " * 30
"""Several hundred tokens: enough to be computed in the background beside a running stream."""
ENDLESS = {"temperature": 100, "top_k": 0, "top_p": 1, "seed": 1, "num_predict": 1500, "num_ctx": 2048}
"""Options with which all tokens are about equally likely, so that hardly ever one ends the reply."""

Call = tuple[str, str, str, int]
"""A process ("server", "runner" or "worker"), a file below `paddock`, a function's qualified name, and its line."""


def main(arguments: list[str]) -> int:
    """Print the table; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.journeys", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the server")
    parser.add_argument("--list", action="store_true", help="name every function")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="paddock-journeys-") as name:
        folder = Path(name)
        port = free_port()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PADDOCK_", "OLLAMA_"))} | {
            "HOME": name,
            "PADDOCK_HOST": f"127.0.0.1:{port}",
            "PADDOCK_MODELS": str(folder / "models"),
            "JOURNEYS": name,
            "PADDOCK_SANDBOX": "0",  # each process writes what it recorded
            "PYTHONPATH": str(Path(__file__).parent),
        }
        with (folder / "serve.log").open("wb") as log:
            server = subprocess.Popen([options.python, "-m", "paddock", "serve"], env=environment, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, server)
            print(f"{'journey':<40}{'functions':>10}{'files':>7}   by process")
            for title, walk in JOURNEYS.items():
                walk(url)
                show(title, record(folder, server.pid, partial(walk, url)), names=options.list)
        finally:
            server.terminate()
            server.wait(10)
    return 0


def record(folder: Path, server: int, walk: Callable[[], None]) -> set[Call]:
    """Take a journey while calls are recorded; return the functions that were called."""
    mark = folder / "recording"
    for old in folder.glob("*.json"):
        old.unlink()
    mark.touch()
    time.sleep(0.1)
    walk()
    mark.unlink()
    deadline = time.monotonic() + DUMP_SECONDS
    while not (folder / f"{server}.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)  # the other processes look at the mark as often
    calls: set[Call] = set()
    for path in folder.glob("*.json"):
        rows = json.loads(path.read_text())
        inside = "runner" if any(file.startswith("engine") for file, _, _ in rows) else "worker"
        process = "server" if path.stem == str(server) else inside
        calls |= {(process, file, name, line) for file, name, line in rows}
    return calls


def show(title: str, calls: set[Call], *, names: bool) -> None:
    """Print one row; with `names`, every function below it."""
    parts = []
    for process in sorted({call[0] for call in calls}, reverse=True):
        here = [call for call in calls if call[0] == process]
        parts.append(f"{process} {len(here)} in {len({call[1] for call in here})}")
    print(f"{title:<40}{len(calls):>10}{len({call[1] for call in calls}):>7}   {', '.join(parts)}", flush=True)
    if names:
        for process, file, name, line in sorted(calls):
            print(f"    {process:<8}{file}:{line} {name}")


def post(url: str, path: str, **body: Any) -> bytes:
    """Post JSON and return the whole answer."""
    request = urllib.request.Request(url + path, data=json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=120) as response:
        return bytes(response.read())


def chat(url: str) -> None:
    """Stream a chat with a tool on offer, by a model that thinks."""
    messages = [{"role": "user", "content": "What is 6 times 7?"}]
    post(url, "/api/chat", model=MODEL, messages=messages, tools=[MULTIPLY], think=True, options={"temperature": 0})


def create(url: str) -> None:
    """Make a model from another one."""
    post(url, "/api/create", model="journey", **{"from": MODEL}, system="You are terse.", parameters={"top_k": 10})


def beside(url: str) -> None:
    """Send a long prompt, of which nothing is in the cache, while another reply is streamed."""
    body = {"model": MODEL, "raw": True, "stream": True, "options": ENDLESS}
    stream = threading.Thread(target=lambda: post(url, "/api/generate", prompt="Once upon a time", **body))
    stream.start()
    time.sleep(0.1)
    prompt = f"{time.time_ns()}: {LONG_PROMPT}"
    post(url, "/api/generate", model=MODEL, raw=True, prompt=prompt, options={"num_predict": 4, "num_ctx": 2048})
    stream.join()


JOURNEYS = {
    "a streamed chat with a tool": chat,
    "a create": create,
    "a prompt beside a running stream": beside,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
