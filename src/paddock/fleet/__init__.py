"""Which models are loaded, and the runner processes that hold them."""

from paddock.fleet.dimensions import ModelDimensions
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
from paddock.fleet.placement import LocalProcesses
from paddock.fleet.reply import Reply
from paddock.fleet.spec import LoadOptions, RunnerFiles, RunnerSpec

__all__ = [
    "Fleet",
    "FleetError",
    "InsufficientMemory",
    "Lease",
    "LoadFailure",
    "LoadOptions",
    "LoadTimeout",
    "LoadedModel",
    "LocalProcesses",
    "ModelDimensions",
    "Reply",
    "RequestFailed",
    "RunnerCrashed",
    "RunnerFiles",
    "RunnerSpec",
    "ServerBusy",
]
