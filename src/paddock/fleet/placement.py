"""Where runners live: today processes of this machine, later other machines, too."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from paddock.fleet.client import RunnerClient
from paddock.fleet.resources import Resources, local_resources
from paddock.fleet.runner import Runner
from paddock.fleet.transports.local_process import LocalProcess
from paddock.ipc import LoadModel


class Placement(Protocol):
    """Starts runners, and knows what there is to run them on."""

    async def resources(self) -> Resources:
        """Return what is there for one more runner, as it is now."""

    async def start(self, name: str, load: LoadModel, seconds: float) -> Runner:
        """Start a runner that has loaded a model within `seconds`; `name` is the model's, for the log.

        Raises:
            LoadFailure: if it cannot be loaded.
            OSError: if the runner cannot be started or reached.
        """


class LocalProcesses:
    """Starts runners as processes of this machine, which find their files in `blob_folders`."""

    def __init__(self, blob_folders: Sequence[Path]) -> None:
        self._blob_folders = blob_folders

    async def resources(self) -> Resources:
        """Return what this machine has now."""
        return local_resources()

    async def start(self, name: str, load: LoadModel, seconds: float) -> Runner:
        """Start a process that has loaded a model within `seconds`.

        Raises:
            LoadFailure: if it cannot be loaded.
            OSError: if the process cannot be started.
        """
        runner = RunnerClient(name, LocalProcess(name, self._blob_folders))
        await runner.load(load, seconds)
        return runner
