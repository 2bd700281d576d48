"""Jobs done at once in this process, for tests of what uses workers."""

import concurrent.futures
from collections.abc import Hashable

from paddock.workers.jobs import run
from paddock.workers.messages import Job, Outcome


class InThisProcess:
    """Does jobs without any worker, and keeps them."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    async def run(self, job: Job, key: Hashable) -> Outcome:
        self.jobs.append(job)
        return run(job)

    def warm(self) -> None:
        pass

    def submit(self, job: Job, key: Hashable) -> "concurrent.futures.Future[Outcome]":
        self.jobs.append(job)
        future: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        future.set_result(run(job))
        return future
