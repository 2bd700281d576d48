"""Timeouts of transfers, and retries after temporary failures."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from paddock.registry.errors import TemporaryError, Unreachable

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait for a registry, and how often to try again. All times are in seconds."""

    attempts: int = 8
    """Attempts in a row that transfer nothing before the transfer fails."""
    initial_backoff: float = 0.5
    """Longest wait after the first failure; it doubles with each further failure."""
    max_backoff: float = 30
    connect_timeout: float = 10
    stall_timeout: float = 15
    """Time after which a connection that transfers next to nothing is closed."""

    def backoff(self, failures: int, retry_after: float = 0) -> float:
        """Return how long to wait after so many failures in a row, with jitter.

        Args:
            retry_after: the time that the registry asked for; it is waited up to `max_backoff`.
        """
        seconds = min(self.initial_backoff * 2.0 ** (failures - 1), self.max_backoff)
        return max(seconds * random.uniform(0.5, 1), min(retry_after, self.max_backoff))


async def with_retries(policy: RetryPolicy, work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` until it succeeds, or fails for another reason than a temporary one; return its result.

    Raises:
        Unreachable: at once, if nothing answers at the address.
        RegistryError: the error of the last attempt.
    """
    for failures in range(1, policy.attempts):
        try:
            return await work()
        except Unreachable:
            raise
        except TemporaryError as error:
            await asyncio.sleep(policy.backoff(failures, error.retry_after))
    return await work()
