"""An event loop whose clock jumps to the next timer: hours pass in milliseconds, and always in the same order."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any


class NothingHappens(AssertionError):
    """Everything waits, and no timer is set that could change that."""


class _Jump(selectors.DefaultSelector):
    """A selector that moves the clock instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingHappens("everything waits for ever")
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits. No threads, no processes."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now


def run_virtually(body: Callable[[], Awaitable[Any]]) -> None:
    """Run `body` on a virtual clock that begins at 0 s."""

    async def main() -> None:
        await body()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
