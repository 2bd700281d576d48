"""Where runners live: today processes of this machine, later other machines, too."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from paddock.fleet.client import RunnerClient
from paddock.fleet.crashes import CrashRecord, files_of
from paddock.fleet.errors import CrashedLoading
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
    """Starts runners as processes of this machine, which find their files in `blob_folders`.

    Files that crash their runners are refused for a while.
    """

    def __init__(self, blob_folders: Sequence[Path], crashes: CrashRecord | None = None) -> None:
        self._blob_folders = blob_folders
        self._crashes = crashes or CrashRecord()

    async def resources(self) -> Resources:
        """Return what this machine has now."""
        return local_resources()

    async def start(self, name: str, load: LoadModel, seconds: float) -> Runner:
        """Start a process that has loaded a model within `seconds`.

        Raises:
            LoadFailure: if it cannot be loaded.
            DamagedFile: if it crashed its runners of late.
            OSError: if the process cannot be started.
        """
        files = files_of(load)
        self._crashes.check(files)
        runner = RunnerClient(name, LocalProcess(name, self._blob_folders))
        try:
            await runner.load(load, seconds)
        except CrashedLoading:
            self._crashes.add(files)
            raise
        self._crashes.forget(files)
        return runner
