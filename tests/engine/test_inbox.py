"""The inbox keeps the order, blocks only when told to, and costs nothing while it blocks."""

import threading

from paddock.engine.inbox import Inbox, Notice
from paddock.ipc import Cancel, Shutdown


def test_items_come_out_in_the_order_in_which_they_were_posted() -> None:
    inbox = Inbox()
    inbox.post(Cancel(1))
    inbox.notify()
    inbox.post(Shutdown())
    assert inbox.get() == Cancel(1)
    assert inbox.drain(wait=True) == [Notice.RESULT_READY, Shutdown()]


def test_draining_an_empty_inbox_returns_at_once() -> None:
    inbox = Inbox()
    assert inbox.empty()
    assert inbox.drain(wait=False) == []
    inbox.notify()
    assert not inbox.empty()


def test_a_waiting_drain_returns_when_another_thread_posts() -> None:
    inbox = Inbox()
    timer = threading.Timer(0.05, inbox.notify)
    timer.start()
    assert inbox.drain(wait=True) == [Notice.RESULT_READY]
    timer.join()


def test_nothing_that_many_threads_post_is_lost() -> None:
    inbox = Inbox()

    def post(start: int) -> None:
        for number in range(start, start + 200):
            inbox.post(Cancel(number))

    threads = [threading.Thread(target=post, args=(start,)) for start in (0, 1000, 2000)]
    for thread in threads:
        thread.start()
    received: list[int] = []
    while len(received) < 600:
        received += [item.id for item in inbox.drain(wait=True) if isinstance(item, Cancel)]
    for start in (0, 1000, 2000):
        assert [number for number in received if start <= number < start + 1000] == list(range(start, start + 200))
