"""System calls by number: a failure is the error that the kernel names."""

import errno
import threading

import pytest

from paddock.sandbox.kernel import control_process, system_call, thread_count
from tests.sandbox.processes import needs_landlock


@needs_landlock
def test_a_failure_is_an_error_with_its_number() -> None:
    with pytest.raises(OSError) as failed:
        system_call(445, -1, 1, b"", 0)
    assert failed.value.errno in (errno.EINVAL, errno.EBADF, errno.EBADFD)
    with pytest.raises(OSError):
        control_process(0x7FFFFFFF, 1)


def test_threads_are_counted() -> None:
    before = thread_count()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    assert thread_count() == before + 1
    done.set()
    thread.join()
