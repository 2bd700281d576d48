"""A queue whose clients take turns, so that one with twenty jobs does not keep another with one job waiting for all."""

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_IDLE = 256
"""Clients without jobs that are remembered because they have had their turn in this round; older ones are forgotten."""


@dataclass
class _Client(Generic[T]):
    """The waiting jobs of a client, and the round in which the first of them has its turn."""

    round: int
    jobs: deque[tuple[int, T]] = field(default_factory=deque)
    """Number of arrival and job, in order of arrival."""


class FairQueue(Generic[T]):
    """Jobs of several clients, taken in rounds: one job of each client in each round, by arrival within a round.

    A client that comes anew takes part in the round that is running. So between a job's arrival and its turn, another
    client has at most one turn more than its own client.
    """

    def __init__(self) -> None:
        self._clients: dict[str, _Client[T]] = {}
        self._round = 0
        """The round of the job that was taken last."""
        self._arrivals = 0

    def __len__(self) -> int:
        return sum(len(client.jobs) for client in self._clients.values())

    def count(self, client: str) -> int:
        """Return the number of waiting jobs of a client."""
        known = self._clients.get(client)
        return len(known.jobs) if known else 0

    def add(self, client: str, job: T) -> None:
        """Let `job` wait for a turn of `client`."""
        known = self._clients.setdefault(client, _Client(self._round))
        if not known.jobs:
            known.round = max(known.round, self._round)
        known.jobs.append((self._arrivals, job))
        self._arrivals += 1

    def remove(self, client: str, job: T) -> None:
        """Let `job` wait no more, if it does; those behind it move up."""
        if known := self._clients.get(client):
            known.jobs = deque(waiting for waiting in known.jobs if waiting[1] is not job)
            self._forget()

    def order(self) -> list[T]:
        """Return the jobs in the order in which they will be taken if no other comes."""
        turns = [
            (client.round + index, arrival, job)
            for client in self._clients.values()
            for index, (arrival, job) in enumerate(client.jobs)
        ]
        return [job for _, _, job in sorted(turns, key=lambda turn: turn[:2])]

    def take(self) -> T:
        """Take the next job out and return it.

        Raises:
            IndexError: if none waits.
        """
        waiting = [client for client in self._clients.values() if client.jobs]
        if not waiting:
            raise IndexError("no job waits")
        client = min(waiting, key=lambda client: (client.round, client.jobs[0][0]))
        self._round = client.round
        client.round += 1
        _, job = client.jobs.popleft()
        self._forget()
        return job

    def _forget(self) -> None:
        """Forget the clients without jobs whose next turn would not be later than that of a new client."""
        idle = [name for name, client in self._clients.items() if not client.jobs]
        for index, name in enumerate(idle):
            if self._clients[name].round <= self._round or index < len(idle) - MAX_IDLE:
                del self._clients[name]
