import re
import threading

import pytest

from paddock.errors import ErrorKind
from paddock.library.names import ModelName
from paddock.library.store.name_locks import NameBusy, NameLocks


def test_one_thread_at_a_time_holds_a_name_in_whatever_case() -> None:
    locks = NameLocks()
    events: list[str] = []
    waiting = threading.Event()

    def other() -> None:
        waiting.set()
        with locks.hold(ModelName.parse("MODEL")):
            events.append("other")

    with locks.hold(ModelName.parse("model")):
        thread = threading.Thread(target=other)
        thread.start()
        assert waiting.wait(5)
        thread.join(0.05)
        assert thread.is_alive(), "the other thread waits"
        events.append("first")
    thread.join(5)
    assert events == ["first", "other"]


def test_a_thread_may_hold_a_name_twice_and_different_names_do_not_wait() -> None:
    locks, done = NameLocks(), threading.Event()

    def other() -> None:
        with locks.hold(ModelName.parse("b")):
            done.set()

    with locks.hold(ModelName.parse("a")), locks.hold(ModelName.parse("a")):
        threading.Thread(target=other).start()
        assert done.wait(5)


def test_a_name_that_nobody_holds_takes_no_memory() -> None:
    locks = NameLocks()
    with locks.hold(ModelName.parse("a")):
        pass
    assert locks._locks == {}


def test_nobody_waits_for_ever_for_a_name() -> None:
    locks = NameLocks(wait_seconds=0.1)
    held, end = threading.Event(), threading.Event()

    def hold() -> None:
        with locks.hold(ModelName.parse("a")):
            held.set()
            end.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    message = re.escape("'A:latest' has been written for more than 0.1 seconds")
    with pytest.raises(NameBusy, match=message) as error, locks.hold(ModelName.parse("A")):
        pass
    assert error.value.kind is ErrorKind.OVERLOADED
    end.set()
    thread.join()
    assert locks._locks == {}
