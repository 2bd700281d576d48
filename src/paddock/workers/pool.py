"""The pool of workers: one that stays warm, and others for as long as jobs have to wait.

A job that takes long holds its worker. So the last worker is only for jobs of a key (a model's, say) that has no other
running, and that had no slow one before. Other jobs are therefore not behind slow ones for long.
"""

import asyncio
import concurrent.futures
import logging
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Protocol

from paddock.workers.errors import TemplateWorkerFailed, TooManyJobs
from paddock.workers.limits import WorkerLimits
from paddock.workers.messages import Job, Outcome, RenderChat, RenderCompletion, job_frame
from paddock.workers.process import TemplateWorker

log = logging.getLogger("paddock.worker")

MANY = 500
"""Messages of a job that are encoded on the event loop; more of them in a thread."""
LARGE = 1 << 20
"""Characters of a job that are encoded on the event loop."""
MAX_SLOW_KEYS = 1024
"""Keys that are remembered as slow."""


class Workers(Protocol):
    """Whatever does jobs."""

    async def run(self, job: Job, key: Hashable) -> Outcome:
        """Do a job and return its outcome, on the event loop. Jobs of one `key` are expected to be alike.

        Raises:
            LimitExceeded: if it takes too much time.
            TemplateWorkerFailed, TooManyJobs: if there is no worker for it, or its worker failed.
        """

    def submit(self, job: Job, key: Hashable) -> "concurrent.futures.Future[Outcome]":
        """Begin a job from another thread; the future raises what `run` does."""

    def warm(self) -> None:
        """Make ready for a job that is to come, on the event loop."""


@dataclass(eq=False)
class _Waiting:
    """A job that waits for a worker."""

    frame: bytearray
    key: Hashable
    since: float
    worker: "asyncio.Future[TemplateWorker]" = field(repr=False)
    """The worker that it gets, which has begun the job by then."""
    result: "asyncio.Future[Outcome] | None" = None


class WorkerPool:
    """Does jobs in worker processes, which are started when they are needed. Belongs to one event loop."""

    def __init__(self, limits: WorkerLimits | None = None) -> None:
        self.limits = limits or WorkerLimits()
        self._loop = asyncio.get_running_loop()
        self._workers: set[TemplateWorker] = set()
        self._keys: dict[TemplateWorker, Hashable] = {}
        """What the workers work on."""
        self._waiting: OrderedDict[Hashable, deque[_Waiting]] = OrderedDict()
        """By key; the key that waits longest for its turn comes first."""
        self._slow_keys: OrderedDict[Hashable, None] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self._starts: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def processes(self) -> list[int]:
        """The process ids of all workers."""
        return [worker.pid for worker in self._workers if worker.pid]

    def warm(self) -> None:
        """Start a worker if there is none, for a job that is to come."""
        if not self._workers and not self._is_closed:
            self._start()

    async def run(self, job: Job, key: Hashable) -> Outcome:
        """Do a job; see `Workers.run`."""
        frame = await asyncio.to_thread(job_frame, job) if _is_large(job) else job_frame(job)
        return await self.run_frame(frame, key)

    async def run_frame(self, frame: bytearray, key: Hashable) -> Outcome:
        """Do a job that is encoded already; see `Workers.run`."""
        worker = self._free_worker(key) if key not in self._waiting else None
        if worker is not None:
            result = self._begin(worker, frame, key)
        else:
            waiting = self._enqueue(frame, key)
            try:
                worker = await waiting.worker
            except asyncio.CancelledError:
                self._withdraw(waiting)
                raise
            assert waiting.result is not None
            result = waiting.result
        try:
            return await result
        except asyncio.CancelledError:
            worker.give_up()
            raise

    def submit(self, job: Job, key: Hashable) -> "concurrent.futures.Future[Outcome]":
        """Begin a job from another thread; see `Workers.submit`."""
        return asyncio.run_coroutine_threadsafe(self.run(job, key), self._loop)

    async def close(self) -> None:
        """End all workers at once; what waits or runs fails."""
        self._is_closed = True
        stopping = TemplateWorkerFailed("the server is stopping")
        self._fail_waiting(stopping)
        workers = list(self._workers)
        for worker in workers:
            worker.kill(stopping)
        if self._starts:
            await asyncio.wait(self._starts)
        for worker in workers:
            if worker in self._workers:
                await worker.gone

    # Which worker does what.

    def _free_worker(self, key: Hashable) -> TemplateWorker | None:
        """Return an idle worker that may do a job of this key."""
        idle = next((worker for worker in self._workers if worker.is_idle), None)
        return idle if idle is not None and self._may_begin(key) else None

    def _may_begin(self, key: Hashable) -> bool:
        """Return whether a job of this key leaves a worker for others.

        The last one is for keys that have none and were never slow.
        """
        running = list(self._keys.values())
        last = max(self.limits.max_workers - 1, 1)
        slow = sum(1 for other in running if other in self._slow_keys) if key in self._slow_keys else 0
        return slow < last and (len(running) < last or key not in running)

    def _begin(self, worker: TemplateWorker, frame: bytearray, key: Hashable) -> "asyncio.Future[Outcome]":
        self._keys[worker] = key
        return worker.begin(frame)

    def _enqueue(self, frame: bytearray, key: Hashable) -> _Waiting:
        if self._is_closed:
            raise TemplateWorkerFailed("the server is stopping")
        if sum(map(len, self._waiting.values())) >= self.limits.max_waiting:
            raise TooManyJobs("too many requests wait for their templates; try again later")
        waiting = _Waiting(frame, key, self._loop.time(), self._loop.create_future())
        self._waiting.setdefault(key, deque()).append(waiting)
        self.warm()
        self._watch()
        return waiting

    def _withdraw(self, waiting: _Waiting) -> None:
        """Forget a job that nobody waits for any more."""
        if waiting.worker.done() and not waiting.worker.cancelled():
            waiting.worker.result().give_up()
            return
        queue = self._waiting.get(waiting.key)
        if queue is not None and waiting in queue:
            queue.remove(waiting)
            if not queue:
                del self._waiting[waiting.key]

    def _hand_out(self) -> None:
        """Give waiting jobs to idle workers, each key in its turn."""
        idle = [worker for worker in self._workers if worker.is_idle]
        for key in list(self._waiting):
            if not idle:
                return
            if not self._may_begin(key):
                continue
            queue = self._waiting.pop(key)
            waiting = queue.popleft()
            if queue:
                self._waiting[key] = queue  # behind the others
            if waiting.worker.done():  # it was given up a moment ago
                continue
            worker = idle.pop()
            waiting.result = self._begin(worker, waiting.frame, key)
            waiting.worker.set_result(worker)

    def _fail_waiting(self, error: Exception) -> None:
        for queue in self._waiting.values():
            for waiting in queue:
                if not waiting.worker.done():
                    waiting.worker.set_exception(error)
        self._waiting.clear()

    # When workers are started and ended.

    def _watch(self) -> None:
        if self._timer is None and not self._is_closed:
            self._timer = self._loop.call_later(self.limits.slow_seconds, self._look)

    def _look(self) -> None:
        """Note which jobs are slow, and start another worker if a job waits for long behind them."""
        self._timer = None
        if not self._waiting:
            return
        now = self._loop.time()
        for worker, key in self._keys.items():
            if now - worker.job_started >= self.limits.hog_seconds:
                self._note_slow(key)
        waits_long = any(
            self._may_begin(key) and now - queue[0].since >= self.limits.slow_seconds
            for key, queue in self._waiting.items()
        )
        are_starting = any(not worker.has_started for worker in self._workers)
        if waits_long and not are_starting and len(self._workers) < self.limits.max_workers:
            self._start()
        self._hand_out()
        self._watch()

    def _note_slow(self, key: Hashable) -> None:
        self._slow_keys[key] = None
        self._slow_keys.move_to_end(key)
        if len(self._slow_keys) > MAX_SLOW_KEYS:
            self._slow_keys.popitem(last=False)

    def _start(self) -> None:
        worker = TemplateWorker(self.limits, self._changed, self._ended)
        self._workers.add(worker)
        task = asyncio.create_task(self._open(worker))
        self._starts.add(task)
        task.add_done_callback(self._starts.discard)

    async def _open(self, worker: TemplateWorker) -> None:
        try:
            await worker.open()
        except OSError as error:
            self._workers.discard(worker)
            log.error("a worker for templates cannot be started: %s", error)
            if not self._workers:
                self._fail_waiting(TemplateWorkerFailed(f"a worker for templates cannot be started: {error.strerror}"))

    def _changed(self, worker: TemplateWorker) -> None:
        """Take note that a worker has started, or has done its job."""
        key = self._keys.pop(worker, None)
        if key is not None:
            if worker.job_seconds >= self.limits.hog_seconds:
                self._note_slow(key)
            else:
                self._slow_keys.pop(key, None)
        if self._waiting:
            self._hand_out()
        if worker.is_idle and len(self._workers) > 1:
            self._loop.call_later(self.limits.idle_seconds, self._dismiss, worker, worker.idle_since)

    def _dismiss(self, worker: TemplateWorker, idle_since: float) -> None:
        """End a worker that has been idle all the time, unless it is the last one."""
        others = [other for other in self._workers if other is not worker and not other.is_leaving]
        if worker.is_idle and worker.idle_since == idle_since and others:
            worker.leave()

    def _ended(self, worker: TemplateWorker) -> None:
        """Forget a worker that has ended, and replace the last one."""
        self._workers.discard(worker)
        key = self._keys.pop(worker, None)
        if key is not None:
            self._note_slow(key)
        if self._is_closed or self._workers:
            return
        if worker.has_started:
            self._start()
        else:
            self._fail_waiting(TemplateWorkerFailed("a worker for templates ended before it had started: see the log"))


def _is_large(job: Job) -> bool:
    """Return whether encoding a job takes more than about a millisecond."""
    if isinstance(job, RenderChat):
        return len(job.messages) > MANY or sum(len(message.content) for message in job.messages) > LARGE
    return isinstance(job, RenderCompletion) and (len(job.history) > MANY or len(job.prompt) > LARGE)
