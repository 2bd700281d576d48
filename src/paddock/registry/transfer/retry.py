"""How long to wait for a registry, and how often to try again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from paddock.registry.errors import Temporary, Unreachable

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How a transfer treats a registry. Seconds."""

    attempts: int = 8
    """In a row without anything coming of them."""
    first_wait: float = 0.5
    longest_wait: float = 30
    connect: float = 10
    stall: float = 15
    """A connection over which so long nearly nothing came is dropped."""

    def wait(self, failures: int, asked_for: float = 0) -> float:
        """How long to wait after so many failures in a row: twice as long each time, and not all at the same moment.

        What the registry asks for is waited, within `longest_wait`.
        """
        backoff = min(self.first_wait * 2.0 ** (failures - 1), self.longest_wait)
        return max(backoff * random.uniform(0.5, 1), min(asked_for, self.longest_wait))


async def persistently(patience: Patience, work: Callable[[], Awaitable[T]]) -> T:
    """Do `work`, again if it failed for a while only. Nobody at the address: that is not tried again.

    Raises:
        RegistryError: what the last attempt raised.
    """
    for failures in range(1, patience.attempts):
        try:
            return await work()
        except Unreachable:
            raise
        except Temporary as error:
            await asyncio.sleep(patience.wait(failures, error.wait))
    return await work()
