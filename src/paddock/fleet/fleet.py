"""The fleet: which models are loaded, for whom, and until when."""

import asyncio
import logging
import time
from bisect import insort
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

from paddock.durations import FOREVER, SECOND
from paddock.fleet.admission import Decision, decide
from paddock.fleet.crashes import CrashRecord
from paddock.fleet.entry import Lease, LoadedEntry, LoadedModel, State, Waiter, requests
from paddock.fleet.errors import CrashedLoading, LoadTimeout, ServerBusy, ServerStopping
from paddock.fleet.placement import Placement
from paddock.fleet.runner import Runner
from paddock.fleet.spec import RunnerFiles, RunnerSpec
from paddock.settings import Settings

log = logging.getLogger("paddock.fleet")


@dataclass(frozen=True)
class FleetConfig:
    """The fleet's own numbers, for what the user leaves open. Durations are nanoseconds."""

    max_loaded_models: int = 3
    """Unless MAX_LOADED_MODELS says: Ollama's default on a machine without GPUs. Memory may allow fewer."""
    min_keep_alive: int = 10 * SECOND
    """How long a newly loaded model stays at least if the requests that waited for it have gone."""
    abandoned_load: int = 5 * SECOND
    """How long a load goes on that nobody waits for any more: a client that gave up may come again."""
    linger: int = SECOND
    """Most that an unused model keeps its place while others wait, in its turn: a client that sends one request after
    the other needs a moment in between. It is never longer than loading the model took."""


class Fleet:
    """Loads models on first use, shares them, and unloads them by age, need or order.

    It lives on one event loop. `close` it at the end.
    """

    def __init__(
        self,
        settings: Settings,
        placement: Placement,
        config: FleetConfig = FleetConfig(),
        crashes: CrashRecord | None = None,
    ) -> None:
        self._settings = settings
        self._placement = placement
        self._config = config
        self._crashes = crashes or CrashRecord()
        self._turn = settings.model_turn / SECOND
        self._entries: dict[RunnerFiles, LoadedEntry] = {}
        """Every model that has a process, or will have one."""
        self._queue: list[Waiter] = []
        """The requests that wait and are not attached to a load, in order of arrival."""
        self._arrivals = 0
        self._waiting = 0
        """Number of requests that wait, in the queue or for a load."""
        self._ended = 0
        """Number of processes that have ended."""
        self._changed = asyncio.Event()
        self._admission: asyncio.Task[None] | None = None
        """Decides about the queue; there while a request is in it."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def acquire(self, spec: RunnerSpec, keep_alive: int | None = None) -> Lease:
        """Return a hold on a runner as `spec` describes it, which is loaded if need be.

        Args:
            spec: the runner.
            keep_alive: nanoseconds that the model stays loaded after its last use; None: what the settings say.

        Raises:
            ServerBusy: if it would have to wait, and too many requests are waiting.
            LoadFailure: if the model cannot be loaded.
            DamagedFile: if its files crashed their runners of late.
        """
        keep = self._settings.keep_alive if keep_alive is None else keep_alive
        entry = self._entries.get(spec.files)
        if entry is not None and entry.serves(spec, _now(), self._turn):
            if entry.is_full:
                self._check_queue(spec)
            return self._lease(entry, spec, keep, waited=False)
        self._crashes.check(spec.files)  # before anything makes room for it
        self._check_queue(spec)
        self._arrivals += 1
        waiter = Waiter(self._arrivals, spec, keep, _now())
        self._waiting += 1
        self._enqueue(waiter)
        try:
            return await waiter.lease
        except BaseException:
            self._withdraw(waiter)
            raise
        finally:
            self._waiting -= 1

    def loaded(self) -> list[LoadedModel]:
        """List the loaded models, the one that expires last first."""
        ready = [e for e in self._entries.values() if e.runner is not None]
        ready.sort(key=lambda e: e.expires_at or FOREVER, reverse=True)
        return [entry.listing() for entry in ready]

    async def unload(self, files: RunnerFiles) -> bool:
        """Unload a model, once nobody uses it; return False if it is not loaded."""
        entry = self._entries.get(files)
        if entry is None or (entry.runner is None and not entry.abandoned):
            return False
        self._retire(entry)
        if not entry.leases:
            await entry.closed.wait()
        return True

    async def close(self) -> None:
        """Unload every model, also those in use, and end every wait."""
        self._stopping = True
        entries = list(self._entries.values())
        for waiter in (*self._queue, *(w for e in entries for w in e.waiters)):
            waiter.lease.cancel()
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._close_entry(e) for e in entries if e.runner is not None))

    def _check_queue(self, spec: RunnerSpec) -> None:
        """Refuse a request that would have to wait, if too many do.

        Raises:
            ServerBusy: if so.
        """
        if self._stopping:
            raise ServerStopping
        inside = sum(
            max(0, entry.leases - entry.runner.loaded.max_sequences)
            for entry in self._entries.values()
            if entry.runner is not None
        )
        if self._waiting + inside >= self._settings.max_queue:
            raise ServerBusy(self._awaited(spec))

    def _awaited(self, spec: RunnerSpec) -> str:
        """Return what a request for a model would have to wait for, in words."""
        entry = self._entries.get(spec.files)
        if entry is None:
            ahead = f", after {requests(len(self._queue))} for other models" if self._queue else ""
            return f"{spec.name} to load{ahead}"
        return entry.awaited(spec, _now(), self._turn)

    def _enqueue(self, waiter: Waiter) -> None:
        insort(self._queue, waiter, key=lambda one: one.number)
        self._changed.set()
        if self._admission is None or self._admission.done():
            self._admission = self._spawn(self._admit(), "admission")

    def _withdraw(self, waiter: Waiter) -> None:
        """Take back a request whose client has gone, wherever it waits."""
        lease, entry = waiter.lease, waiter.entry
        if lease.done() and not lease.cancelled() and lease.exception() is None:
            lease.result().release()  # it came in the very moment
        elif waiter in self._queue:
            self._queue.remove(waiter)
            self._changed.set()
        elif entry is not None and waiter in entry.waiters:
            entry.waiters.remove(waiter)
            if entry.abandoned:
                log.info("%s: nobody waits any more for it to load", entry.spec.name)
                self._set_timer(entry, self._config.abandoned_load)
                self._changed.set()

    async def _admit(self) -> None:
        """Decide about the queue whenever something changes, until it is empty."""
        while self._queue:
            self._changed.clear()
            try:
                decision = await self._decide()
                self._obey(decision)
            except Exception as error:
                log.exception("cannot decide what to load")
                self._refuse_all(error)
                break
            if self._queue:
                await self._change(decision.wake_at)
        for entry in self._entries.values():
            entry.draining_since = None

    async def _decide(self) -> Decision:
        while True:
            ended, loading = self._ended, [e for e in self._entries.values() if e.state is State.LOADING]
            resources = await self._placement.resources()
            if ended == self._ended:
                break  # if not, more is free by now than was reported
        # What was loaded while the placement answered may be missing in its answer.
        missing = sum(e.plan.reserved for e in loading if e.state is not State.LOADING)
        return decide(
            self._queue,
            self._entries,
            replace(resources, available_memory=max(0, resources.available_memory - missing)),
            _now(),
            most=self._settings.max_loaded_models or self._config.max_loaded_models,
            settings=self._settings,
            turn=self._turn,
        )

    def _obey(self, decision: Decision) -> None:
        moved = {waiter for waiter, _ in (*decision.granted, *decision.refused, *decision.attached)}
        self._queue = [w for w in self._queue if w not in moved and not w.lease.done()]
        for waiter, entry in decision.granted:
            self._grant(waiter, entry)
        for waiter, error in decision.refused:
            _fail(waiter, error)
        for entry in decision.loads:
            self._entries[entry.spec.files] = entry
            entry.loading = self._spawn(self._load(entry), f"load {entry.spec.name}")
        for waiter, entry in decision.attached:
            waiter.entry = entry
            entry.waiters.append(waiter)
            self._stop_timer(entry)
        for waiter in decision.replaced:
            waiter.replaces = True
        for entry in decision.leaving:
            log.info("%s: unloading to make room", entry.spec.name)
            self._retire(entry)
        draining = dict(decision.draining)
        for entry in self._entries.values():
            if entry not in draining:
                entry.draining_since = None
            elif entry.draining_since is None:
                entry.draining_since = _now()
                log.info("%s: makes room for %s once it is not in use", entry.spec.name, draining[entry].spec.name)

    async def _change(self, until: float) -> None:
        """Wait until something changes that may decide differently about the queue, or until a time."""
        timer = None
        if until < _now() + FOREVER / SECOND / 2:
            timer = asyncio.get_running_loop().call_at(until, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            if timer is not None:
                timer.cancel()

    async def _load(self, entry: LoadedEntry) -> None:
        """Load a model. Those who wait for it have leases from the moment in which it is ready."""
        name, started = entry.spec.name, _now()
        try:
            runner = await self._placement.start(name, entry.plan.load, self._settings.load_timeout / SECOND)
        except BaseException as error:
            if isinstance(error, CrashedLoading):
                self._crashes.add(entry.spec.files)
            self._forget(entry)
            self._fail_waiters(entry, error)
            if isinstance(error, Exception):
                log.warning("%s: cannot be loaded: %s", name, error)
                return
            raise
        self._crashes.forget(entry.spec.files)
        seconds = _now() - started
        log.info("%s: loaded in %.2f s", name, seconds)
        given_up = entry.state is State.LEAVING
        entry.become_ready(runner, _now(), min(seconds, self._config.linger / SECOND))
        self._spawn(self._watch(entry, runner), f"watch {name}")
        if given_up:
            self._retire(entry)
            return
        self._set_expiry(entry, max(self._settings.keep_alive, self._config.min_keep_alive))
        for waiter in self._take_waiters(entry):
            if entry.serves(waiter.spec, _now(), self._turn):
                self._grant(waiter, entry)
            else:
                self._enqueue(waiter)
        self._changed.set()

    def _fail_waiters(self, entry: LoadedEntry, error: BaseException) -> None:
        """Fail the requests that waited for a load; those that need another one than what failed get theirs."""
        failed = entry.loaded_for
        for waiter in self._take_waiters(entry):
            spec = waiter.spec
            if not isinstance(error, Exception):
                waiter.lease.cancel()
            elif isinstance(error, LoadTimeout) or spec.needs_load_of(failed):
                _fail(waiter, error)
            else:
                self._enqueue(waiter)

    def _take_waiters(self, entry: LoadedEntry) -> list[Waiter]:
        waiters, entry.waiters = entry.waiters, []
        for waiter in waiters:
            waiter.entry = None
        return [waiter for waiter in waiters if not waiter.lease.done()]

    def _refuse_all(self, error: Exception) -> None:
        for waiter in self._queue:
            _fail(waiter, error)
        self._queue = []

    def _grant(self, waiter: Waiter, entry: LoadedEntry) -> None:
        waiter.lease.set_result(self._lease(entry, waiter.spec, waiter.keep_alive, waited=True))

    def _lease(self, entry: LoadedEntry, spec: RunnerSpec, keep_alive: int, *, waited: bool) -> Lease:
        entry.take(spec, _now())
        self._set_expiry(entry, keep_alive)
        return Lease(entry, keep_alive, self._release, waited=waited)

    def _release(self, entry: LoadedEntry, keep_alive: int) -> None:
        entry.leases -= 1
        entry.last_used = _now()
        if entry.state is State.READY:
            self._set_expiry(entry, keep_alive)
        if not entry.leases:
            self._changed.set()
            if entry.state is State.LEAVING:
                self._unload(entry)

    def _set_expiry(self, entry: LoadedEntry, keep_alive: int) -> None:
        self._stop_timer(entry)
        entry.keep_alive = keep_alive
        entry.expires_at = None if keep_alive >= FOREVER // 2 else time.time_ns() + keep_alive
        if entry.leases or entry.expires_at is None:
            return
        if keep_alive <= 0:
            self._retire(entry)
        else:
            self._set_timer(entry, keep_alive)

    def _set_timer(self, entry: LoadedEntry, nanoseconds: int) -> None:
        entry.timer = asyncio.get_running_loop().call_later(nanoseconds / SECOND, self._retire, entry)

    @staticmethod
    def _stop_timer(entry: LoadedEntry) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None

    def _retire(self, entry: LoadedEntry) -> None:
        """Let a model take no new leases, and unload it when the last one is released; give up a load."""
        is_loading = entry.state is State.LOADING
        entry.state = State.LEAVING
        self._stop_timer(entry)
        if is_loading and entry.loading is not None:
            log.info("%s: its load is given up", entry.spec.name)
            entry.loading.cancel()
        elif not entry.leases:
            self._unload(entry)

    def _unload(self, entry: LoadedEntry) -> None:
        if not entry.unloading and not entry.closed.is_set():
            entry.unloading = True
            self._spawn(self._close_entry(entry), f"unload {entry.spec.name}")

    async def _close_entry(self, entry: LoadedEntry) -> None:
        assert entry.runner is not None
        try:
            await entry.runner.close()
        finally:
            self._forget(entry)

    async def _watch(self, entry: LoadedEntry, runner: Runner) -> None:
        """Take a model off the list when its runner is gone, for whatever reason."""
        await runner.wait_closed()
        self._forget(entry)

    def _forget(self, entry: LoadedEntry) -> None:
        self._stop_timer(entry)
        entry.state = State.LEAVING
        if self._entries.get(entry.spec.files) is entry:
            del self._entries[entry.spec.files]
            self._ended += 1
        entry.closed.set()
        self._changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._reap)
        return task

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _fail(waiter: Waiter, error: Exception) -> None:
    if not waiter.lease.done():
        waiter.lease.set_exception(error)
