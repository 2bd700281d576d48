import threading

from paddock.library.names import ModelName
from paddock.library.store.name_locks import NameLocks


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
