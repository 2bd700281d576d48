"""Which models are loaded, and the runner processes that hold them."""

from paddock.fleet.dimensions import ModelShape
from paddock.fleet.errors import (
    FleetError,
    InsufficientMemory,
    LoadFailure,
    LoadTimeout,
    RequestFailed,
    RunnerCrashed,
    ServerBusy,
)
from paddock.fleet.fleet import Fleet, Lease, LoadedModel
from paddock.fleet.reply import Reply
from paddock.fleet.spec import LoadOptions, Wanted, files_of_runner

__all__ = [
    "Fleet",
    "FleetError",
    "InsufficientMemory",
    "Lease",
    "LoadFailure",
    "LoadOptions",
    "LoadTimeout",
    "LoadedModel",
    "ModelShape",
    "Reply",
    "RequestFailed",
    "RunnerCrashed",
    "ServerBusy",
    "Wanted",
    "files_of_runner",
]
