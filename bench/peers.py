"""Other servers, measured beside ours where they are installed."""

import shutil
from collections.abc import Callable
from pathlib import Path

Command = Callable[[int], list[str]]
"""What starts a server on a port."""


def ollama() -> Command | None:
    """Ollama, which takes its port from the environment."""
    path = shutil.which("ollama")
    return (lambda port: [path, "serve"]) if path else None


def llama_server(file: Path, threads: int, context: int) -> Command | None:
    """llama.cpp's own server with one model and one slot."""
    path = shutil.which("llama-server")
    if not path:
        return None
    return lambda port: [path, "-m", str(file), "--port", str(port), "-t", str(threads), "-c", str(context), "-np", "1"]
