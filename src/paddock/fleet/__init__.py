"""Which models are loaded, and the runners that hold them."""

from paddock.fleet.dimensions import ModelDimensions
from paddock.fleet.entry import Lease, LoadedModel
from paddock.fleet.errors import (
    FleetError,
    InsufficientMemory,
    LoadFailure,
    LoadTimeout,
    RequestFailed,
    RunnerCrashed,
    ServerBusy,
    ServerStopping,
)
from paddock.fleet.fleet import Fleet, FleetConfig
from paddock.fleet.placement import LocalProcesses, Placement
from paddock.fleet.reply import Reply, Vectors
from paddock.fleet.resources import Resources
from paddock.fleet.runner import Runner
from paddock.fleet.spec import LoadOptions, RunnerFiles, RunnerSpec

__all__ = [
    "Fleet",
    "FleetConfig",
    "FleetError",
    "InsufficientMemory",
    "Lease",
    "LoadFailure",
    "LoadOptions",
    "LoadTimeout",
    "LoadedModel",
    "LocalProcesses",
    "ModelDimensions",
    "Placement",
    "Reply",
    "RequestFailed",
    "Resources",
    "Runner",
    "RunnerCrashed",
    "RunnerFiles",
    "RunnerSpec",
    "ServerBusy",
    "ServerStopping",
    "Vectors",
]
