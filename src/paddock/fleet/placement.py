"""Where a model's runner lives: today a process of this machine, later one elsewhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from paddock.fleet.reply import Reply
from paddock.fleet.transports.local_process import RunnerProcess
from paddock.ipc import Generate, Loaded, LoadModel, Statistics


class Runner(Protocol):
    """A loaded model, wherever it is; it is reached only by messages."""

    name: str
    loaded: Loaded | None
    statistics: Statistics

    def generate(self, request: Generate) -> Reply:
        """Start a request."""

    async def tokenize(self, text: str, *, context: tuple[int, ...] = (), add_special: bool = True) -> tuple[int, ...]:
        """Return the tokens of a text."""

    async def close(self) -> None:
        """Unload, and wait until the memory is back."""


class Placement(Protocol):
    """Starts runners."""

    async def start(self, name: str, load: LoadModel, seconds: float) -> RunnerProcess:
        """Load a model within `seconds`."""


class LocalProcesses:
    """Runners are processes of this machine, which find their files in `blob_folders`."""

    def __init__(self, blob_folders: Sequence[Path]) -> None:
        self._blob_folders = blob_folders

    async def start(self, name: str, load: LoadModel, seconds: float) -> RunnerProcess:
        """Load a model within `seconds`.

        Raises:
            LoadFailure: if it cannot be loaded.
        """
        return await RunnerProcess.start(name, load, seconds, self._blob_folders)
