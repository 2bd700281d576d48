"""Each failure of a runner has the kind that a client is told."""

from typing import get_args

import pytest

from paddock.errors import ErrorKind
from paddock.fleet.errors import (
    KIND_OF_FAILURE,
    InsufficientMemory,
    LoadFailure,
    LoadTimeout,
    RequestFailed,
    RunnerCrashed,
    ServerBusy,
    ServerStopping,
)
from paddock.ipc import FailureKind


def test_every_kind_of_failure_that_a_runner_sends_has_a_kind_of_error() -> None:
    assert set(KIND_OF_FAILURE) == set(get_args(FailureKind))


@pytest.mark.parametrize(("sent", "kind"), KIND_OF_FAILURE.items())
def test_a_failed_request_has_the_kind_and_message_of_the_failure(sent: FailureKind, kind: ErrorKind) -> None:
    error = RequestFailed("no such token", sent)
    assert (error.kind, str(error)) == (kind, "no such token")


def test_a_full_queue_is_overload_and_a_runner_that_is_gone_is_unavailable() -> None:
    assert ServerBusy().kind is ErrorKind.OVERLOADED
    assert str(ServerBusy()) == "server busy, please try again.  maximum pending requests exceeded"
    assert str(ServerBusy("m to load")) == f"{ServerBusy()}: waiting for m to load"
    assert ServerStopping().kind is ErrorKind.OVERLOADED
    kinds = {error("x").kind for error in (LoadFailure, LoadTimeout, InsufficientMemory, RunnerCrashed)}
    assert kinds == {ErrorKind.UNAVAILABLE}
