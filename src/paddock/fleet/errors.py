"""What can go wrong between a request and a runner."""

from paddock.errors import ErrorKind, PaddockError
from paddock.ipc import FailureKind

KIND_OF_FAILURE: dict[FailureKind, ErrorKind] = {
    "invalid": ErrorKind.INVALID,
    "too_long": ErrorKind.TOO_LONG,
    "overloaded": ErrorKind.OVERLOADED,
    "engine": ErrorKind.INTERNAL,
}


class FleetError(PaddockError):
    """The base of the fleet's errors; the message is for the client."""


class ServerBusy(FleetError):
    """A request would have to wait, and as many are waiting as MAX_QUEUE allows."""

    kind = ErrorKind.OVERLOADED

    def __init__(self, awaited: str = "") -> None:
        """Say what the request would have waited for: `m:latest to load`."""
        # Up to the colon these are Ollama's words, two spaces included: clients look for them.
        busy = "server busy, please try again.  maximum pending requests exceeded"
        super().__init__(f"{busy}: waiting for {awaited}" if awaited else busy)


class ServerStopping(FleetError):
    """The server stops and takes no more requests."""

    kind = ErrorKind.OVERLOADED

    def __init__(self) -> None:
        super().__init__("the server is stopping, please try again: waiting for it to be started again")


class LoadFailure(FleetError):
    """The runner could not load the model."""

    kind = ErrorKind.UNAVAILABLE


class LoadTimeout(LoadFailure):
    """Loading took longer than LOAD_TIMEOUT."""


class InsufficientMemory(LoadFailure):
    """The model does not fit this machine, even alone."""


class CrashedLoading(LoadFailure):
    """The runner crashed while it loaded the model, most likely because of what is in its file."""


class DamagedFile(LoadFailure):
    """The model's file crashed runners so often that it is not loaded for a while."""


class RunnerCrashed(FleetError):
    """The runner died while it served the request."""

    kind = ErrorKind.UNAVAILABLE


class RunnerBusy(FleetError):
    """The runner does not read, and too many requests wait for it already."""

    kind = ErrorKind.OVERLOADED

    def __init__(self) -> None:
        super().__init__("the model's runner takes no more requests at the moment, please try again later")


class UnreadReply(FleetError):
    """A reply was given up because its reader fell too far behind."""

    kind = ErrorKind.OVERLOADED

    def __init__(self, pieces: int) -> None:
        super().__init__(f"the reply was ended because {pieces} pieces of it had not been read")


class RequestFailed(FleetError):
    """The runner refused or failed this one request."""

    def __init__(self, message: str, kind: FailureKind) -> None:
        super().__init__(message)
        self.kind = KIND_OF_FAILURE[kind]
