"""Show Paddock in half a minute: start a server, and send three requests to the model that comes with it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

START_SECONDS = 20
MULTIPLY = {
    "type": "function",
    "function": {
        "name": "multiply",
        "description": "Multiply two numbers",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}
"""The tool that this script offers to the model, and carries out in Python."""


def main() -> int:
    """Run the demo with its own home and models folders; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="paddock-demo-") as folder:
        home = Path(folder)
        host = f"127.0.0.1:{free_port()}"
        environment = {**os.environ, "HOME": folder, "PADDOCK_HOST": host, "PADDOCK_MODELS": str(home / "models")}
        _show("paddock serve")
        with (home / "serve.log").open("wb") as log:
            server = subprocess.Popen([sys.executable, "-m", "paddock", "serve"], env=environment, stderr=log)
        try:
            wait_for(f"http://{host}/", server)
            print(f"listening on {host}")
            _paddock(environment, "list")
            _paddock(environment, "run", "tiny", "Why is the sky blue?", "--think=false", "--verbose")
            _chat_with_tool(f"http://{host}/api/chat", "What is 6 times 7?")
            _chat_with_json(f"http://{host}/api/chat", "Give me JSON with name and age: Anna is 34 years old.")
        finally:
            server.terminate()
            server.wait(10)
    return 0


def _chat_with_tool(url: str, question: str) -> None:
    """Let the model call the tool, compute the result, and let the model answer with it."""
    print("\nOver HTTP, with a tool: multiply(a, b)")
    print(f"  you:  {question}")
    messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
    calls = []
    for chunk in _chat(url, messages, [MULTIPLY]):
        print(chunk["message"]["content"], end="")
        calls += chunk["message"].get("tool_calls", [])
    for call in calls:
        arguments = call["function"]["arguments"]
        result = arguments["a"] * arguments["b"]
        given = ", ".join(f"{name}={value}" for name, value in arguments.items())
        print(f"  tiny calls {call['function']['name']}({given}) = {result}")
        messages += [
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_name": call["function"]["name"], "content": str(result)},
        ]
    print("  tiny: ", end="")
    for chunk in _chat(url, messages, [MULTIPLY]):
        print(chunk["message"]["content"], end="", flush=True)
    print()


def _chat_with_json(url: str, question: str) -> None:
    print("\nOver HTTP, with a reply in JSON")
    print(f"  you:  {question}")
    print("  tiny: ", end="")
    text = ""
    for chunk in _chat(url, [{"role": "user", "content": question}], []):
        text += chunk["message"]["content"]
        print(chunk["message"]["content"], end="", flush=True)
    print(f"\n  parsed: {json.loads(text)}")


def _chat(url: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a streamed reply."""
    body = json.dumps({"model": "tiny", "messages": messages, "tools": tools, "think": False})
    with urllib.request.urlopen(urllib.request.Request(url, data=body.encode()), timeout=60) as response:
        for line in response:
            yield json.loads(line)


def _paddock(environment: dict[str, str], *arguments: str) -> None:
    _show("paddock " + " ".join(f'"{a}"' if " " in a else a for a in arguments))
    subprocess.run([sys.executable, "-m", "paddock", *arguments], env=environment, stderr=subprocess.STDOUT, check=True)


def _show(command: str) -> None:
    print(f"\n$ {command}", flush=True)


def free_port() -> int:
    """Return a TCP port of the loopback interface that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers; exit with a message if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit(f"the server did not start within {START_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
