"""How errors read to a client."""

import errno

import pytest

from paddock.errors import ErrorKind, PaddockError
from paddock.server.errors import BodyTooLarge, describe_error


def test_an_error_of_ours_is_told_as_it_is_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert describe_error(BodyTooLarge("too large")) == (ErrorKind.TOO_LARGE, "too large")
    assert describe_error(PaddockError("broken")) == (ErrorKind.INTERNAL, "broken")
    assert not caplog.records


def test_an_error_of_the_system_is_told_without_its_path(caplog: pytest.LogCaptureFixture) -> None:
    error = OSError(28, "No space left on device", "/secret/path")
    assert describe_error(error) == (ErrorKind.INTERNAL, "No space left on device")
    assert "/secret/path" in caplog.text
    assert describe_error(OSError("odd")) == (ErrorKind.INTERNAL, "odd")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        OSError(errno.EMFILE, "Too many open files", "/secret"),
        OSError(errno.ENFILE, "Too many open files in system"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
    ],
)
def test_what_may_be_gone_in_a_moment_is_told_as_such(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    kind, message = describe_error(error)
    assert kind is ErrorKind.OVERLOADED
    assert message.endswith(", please try again later")
    assert "Traceback" not in caplog.text


def test_an_unexpected_error_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    assert describe_error(KeyError("x")) == (ErrorKind.INTERNAL, "internal error: KeyError: 'x'")
    assert caplog.records[-1].exc_info is not None
