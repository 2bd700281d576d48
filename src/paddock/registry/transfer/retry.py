"""How long to wait for a registry, and how often to try again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from paddock.registry.errors import TemporaryError, Unreachable

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How a transfer treats a registry. Seconds."""

    attempts: int = 8
    """In a row without anything coming of them."""
    initial_backoff: float = 0.5
    max_backoff: float = 30
    connect_timeout: float = 10
    stall_timeout: float = 15
    """A connection over which so long nearly nothing came is dropped."""

    def backoff(self, failures: int, retry_after: float = 0) -> float:
        """How long to wait after so many failures in a row: twice as long each time, and not all at the same moment.

        What the registry asks for is waited, within `max_backoff`.
        """
        seconds = min(self.initial_backoff * 2.0 ** (failures - 1), self.max_backoff)
        return max(seconds * random.uniform(0.5, 1), min(retry_after, self.max_backoff))


async def with_retries(retry: RetryPolicy, work: Callable[[], Awaitable[T]]) -> T:
    """Do `work`, again if it failed for a while only. Nobody at the address: that is not tried again.

    Raises:
        RegistryError: what the last attempt raised.
    """
    for failures in range(1, retry.attempts):
        try:
            return await work()
        except Unreachable:
            raise
        except TemporaryError as error:
            await asyncio.sleep(retry.backoff(failures, error.retry_after))
    return await work()
