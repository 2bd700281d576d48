"""The queue that the engine's loop waits on: commands, and notices from worker threads that a result is ready.

The loop blocks on it only when there is nothing to compute, so an idle runner uses no processor time.
"""

from collections.abc import Callable
from enum import Enum, auto
from queue import SimpleQueue
from typing import TypeAlias

from paddock.ipc import Command


class Notice(Enum):
    """What a worker thread tells the engine's loop."""

    RESULT_READY = auto()
    """An `OrderedExecutor` or the media preprocessor has finished a piece of work."""


Item: TypeAlias = Command | Notice


class Inbox:
    """A first-in, first-out queue from any thread to the one thread that runs the engine."""

    def __init__(self) -> None:
        self._items: SimpleQueue[Item] = SimpleQueue()
        self.empty: Callable[[], bool] = self._items.empty
        """Return whether there is no item. The queue's own method, since the engine's loop asks it in every step."""

    def post(self, item: Item) -> None:
        """Append an item; wakes the engine if it waits. Any thread may call this."""
        self._items.put(item)

    def notify(self) -> None:
        """Append the notice that a result is ready. Any thread may call this."""
        self._items.put(Notice.RESULT_READY)

    def get(self) -> Item:
        """Remove and return the oldest item; block until there is one."""
        return self._items.get()

    def drain(self, *, wait: bool) -> list[Item]:
        """Remove and return all items; with `wait`, block until there is at least one."""
        items = self._items
        drained = [items.get()] if wait else []
        while not items.empty():
            drained.append(items.get())
        return drained
