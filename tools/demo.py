"""What Paddock does, in one minute: import a model, start a server, ask it over the command line and over HTTP."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.models import STORIES, stories

PROMPT = "Once upon a time"
START_SECONDS = 20


def main() -> int:
    """Run the demo on a model of its own, in folders of its own; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="paddock-demo-") as folder:
        home = Path(folder)
        host = f"127.0.0.1:{_free_port()}"
        environment = {**os.environ, "HOME": folder, "PADDOCK_HOST": host, "PADDOCK_MODELS": str(home / "models")}
        modelfile = home / "Modelfile"
        parameters = "PARAMETER temperature 0\nPARAMETER num_predict 60\n"
        modelfile.write_text(f"FROM {_model()}\nTEMPLATE {{{{ .Prompt }}}}\n{parameters}")
        _show("paddock serve")
        with (home / "serve.log").open("wb") as log:
            server = subprocess.Popen([sys.executable, "-m", "paddock", "serve"], env=environment, stderr=log)
        try:
            _wait_for(f"http://{host}/", server)
            print(f"listening on {host}")
            _paddock(environment, "create", "stories", "-f", str(modelfile))
            _paddock(environment, "run", "stories", PROMPT, "--verbose")
            _paddock(environment, "ps")
            _ask(f"http://{host}/api/generate", {"model": "stories", "prompt": PROMPT, "options": {"num_predict": 8}})
        finally:
            server.terminate()
            server.wait(10)
    return 0


def _model() -> Path:
    """Return the model that tells stories, or one of random weights, which strings words together just as fast."""
    path = stories()
    if path != STORIES:
        print("(The model that tells stories is not here. This one has random weights: its words mean nothing.)")
    return path


def _paddock(environment: dict[str, str], *arguments: str) -> None:
    _show("paddock " + " ".join(f'"{a}"' if " " in a else a for a in arguments))
    subprocess.run([sys.executable, "-m", "paddock", *arguments], env=environment, stderr=subprocess.STDOUT, check=True)


def _ask(url: str, body: dict[str, object]) -> None:
    data = json.dumps(body)
    _show(f"curl {url} -d '{data}'")
    with urllib.request.urlopen(urllib.request.Request(url, data=data.encode()), timeout=60) as response:
        for line in response:
            print(line.decode().rstrip(), flush=True)


def _show(command: str) -> None:
    print(f"\n$ {command}", flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
