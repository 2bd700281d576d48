"""The fleet: which models are loaded, for whom, and until when."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from paddock.durations import FOREVER
from paddock.fleet.errors import InsufficientMemory, ServerBusy
from paddock.fleet.placement import Placement
from paddock.fleet.resources import available_memory
from paddock.fleet.spec import Plan, RunnerFiles, RunnerSpec, make_plan
from paddock.fleet.transports.local_process import RunnerProcess
from paddock.settings import Settings

log = logging.getLogger("paddock.fleet")

MAX_LOADED_MODELS = 3
"""Where the user says nothing; memory may allow fewer."""

SECOND = 1_000_000_000

GRACE = 10 * SECOND
"""What a model that has just been loaded gets, so that those who waited for it can take it up."""


@dataclass(frozen=True)
class LoadedModel:
    """What a listing says of one loaded model. Sizes in bytes, times in nanoseconds since 1970."""

    spec: RunnerSpec
    size: int
    expires_at: int | None
    """None: never."""
    context_length: int
    parallel: int
    pool_tokens: int


class Lease:
    """A request's hold on a runner: the model stays loaded until it is released. Use it with `with`."""

    def __init__(self, fleet: "Fleet", entry: "LoadedEntry", keep_alive: int) -> None:
        assert entry.runner is not None
        self.runner: RunnerProcess = entry.runner
        self._fleet = fleet
        self._entry = entry
        self._keep_alive = keep_alive
        self._released = False

    def release(self) -> None:
        """Let go; doing it twice is harmless."""
        if not self._released:
            self._released = True
            self._fleet._release(self._entry, self._keep_alive)

    def __enter__(self) -> "Lease":
        """Hold on."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Let go."""
        self.release()


class LoadedEntry:
    """A model that is being loaded, is loaded, or is leaving. Of several names for it, `spec` has the last used."""

    def __init__(self, spec: RunnerSpec) -> None:
        self.spec = spec
        self.runner: RunnerProcess | None = None
        self.plan: Plan | None = None
        self.loading: asyncio.Task[None] | None = None
        self.leases = 0
        self.retiring = False
        """No new leases: it leaves as soon as the last one is released."""
        self.keep_alive = 0
        self.last_used = time.monotonic()
        self.expires_at: int | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()

    def serves(self, spec: RunnerSpec) -> bool:
        """Whether a request that wants this can use the runner as it was loaded."""
        assert self.runner is not None and self.runner.loaded is not None
        return self.spec.options == spec.options and spec.context_length <= self.runner.loaded.pool_tokens


class Fleet:
    """Loads models on first use, shares them, and unloads them by age, need or order.

    It lives on one event loop. `close` it at the end.
    """

    def __init__(
        self,
        settings: Settings,
        placement: Placement,
        available: Callable[[], int] = available_memory,
    ) -> None:
        self._settings = settings
        self._placement = placement
        self._available = available
        self._entries: dict[RunnerFiles, LoadedEntry] = {}
        self._waiting = 0
        self._loading = asyncio.Lock()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def acquire(self, spec: RunnerSpec, keep_alive: int | None = None) -> Lease:
        """Return a hold on a runner of `spec`, loaded if need be; `keep_alive` in nanoseconds after the last use.

        Raises:
            ServerBusy: if too many are waiting.
            LoadFailure: if it cannot be loaded.
        """
        if self._waiting + self._queued() >= self._settings.max_queue:
            raise ServerBusy
        self._waiting += 1
        try:
            entry = await self._find_or_load(spec)
        finally:
            self._waiting -= 1
        keep = self._settings.keep_alive if keep_alive is None else keep_alive
        entry.leases += 1
        entry.last_used = time.monotonic()
        entry.spec = replace(spec, options=entry.spec.options)
        self._set_expiry(entry, keep)
        return Lease(self, entry, keep)

    def loaded(self) -> list[LoadedModel]:
        """List what is loaded, what is used longest from now first."""
        ready = [e for e in self._entries.values() if e.runner is not None and not e.closed.is_set()]
        ready.sort(key=lambda e: e.expires_at or FOREVER, reverse=True)
        return [_listing(entry) for entry in ready]

    async def unload(self, files: RunnerFiles) -> bool:
        """Unload a model now if nobody uses it, else as soon as nobody does; False if it is not loaded."""
        entry = self._entries.get(files)
        if entry is None or entry.runner is None:
            return False
        self._retire(entry)
        if not entry.leases:
            await entry.closed.wait()
        return True

    async def close(self) -> None:
        """Unload everything, whoever uses it."""
        for task in list(self._tasks):
            task.cancel()
        entries = list(self._entries.values())
        loading = [e.loading for e in entries if e.loading is not None and not e.loading.done()]
        for load in loading:
            load.cancel()
        await asyncio.gather(*self._tasks, *loading, return_exceptions=True)
        await asyncio.gather(*(self._close_entry(e) for e in entries if e.runner is not None))

    def _queued(self) -> int:
        """Requests that hold a lease and wait in their runner for a free sequence."""
        busy = 0
        for entry in self._entries.values():
            if entry.runner is not None and entry.runner.loaded is not None:
                busy += max(0, entry.leases - entry.runner.loaded.max_sequences)
        return busy

    async def _find_or_load(self, spec: RunnerSpec) -> LoadedEntry:
        while True:
            entry = self._entries.get(spec.files)
            if entry is None:
                entry = self._entries[spec.files] = LoadedEntry(spec)
                entry.loading = asyncio.create_task(self._load(entry), name=f"load {spec.name}")
                entry.loading.add_done_callback(lambda task: task.cancelled() or task.exception())
            if entry.loading is not None:
                # The load is nobody's in particular: whoever started it may go away without stopping it.
                await asyncio.shield(entry.loading)
            if entry.retiring or entry.closed.is_set():
                await entry.closed.wait()
            elif entry.serves(spec):
                return entry
            else:
                log.info("%s: loading again, the request needs other loading options", spec.name)
                self._retire(entry)

    async def _load(self, entry: LoadedEntry) -> None:
        spec = entry.spec
        try:
            async with self._loading:
                entry.plan = await self._make_room(spec)
                started = time.monotonic()
                timeout = self._settings.load_timeout / SECOND
                entry.runner = await self._placement.start(spec.name, entry.plan.load, timeout)
                log.info("%s: loaded in %.2f s", spec.name, time.monotonic() - started)
            self._set_expiry(entry, max(self._settings.keep_alive, GRACE))
            self._spawn(self._watch(entry), f"watch {spec.name}")
        except BaseException:
            self._forget(entry)
            raise
        finally:
            entry.loading = None

    async def _make_room(self, spec: RunnerSpec) -> Plan:
        """Evict idle models, longest idle first, until `spec` fits; wait for busy ones if there are only those."""
        most = self._settings.max_loaded_models or MAX_LOADED_MODELS
        while True:
            others = [e for e in self._entries.values() if e.runner is not None]
            refusal: InsufficientMemory | None = None
            if len(others) < most:
                try:
                    return make_plan(spec, self._settings, self._available())
                except InsufficientMemory as error:
                    refusal = error
            if not others and refusal is not None:
                raise refusal
            idle = [e for e in others if not e.leases]
            self._changed.clear()
            if idle:
                victim = min(idle, key=lambda e: e.last_used)
                log.info("%s: unloading to make room for %s", victim.spec.name, spec.name)
                self._retire(victim)
                await victim.closed.wait()
            else:
                await self._changed.wait()

    def _release(self, entry: LoadedEntry, keep_alive: int) -> None:
        entry.leases -= 1
        entry.last_used = time.monotonic()
        if entry.retiring:
            if not entry.leases:
                self._retire(entry)
        else:
            self._set_expiry(entry, keep_alive)
        self._changed.set()

    def _set_expiry(self, entry: LoadedEntry, keep_alive: int) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None
        entry.keep_alive = keep_alive
        entry.expires_at = None if keep_alive >= FOREVER // 2 else time.time_ns() + keep_alive
        if entry.leases or entry.expires_at is None:
            return
        if keep_alive <= 0:
            self._retire(entry)
        else:
            entry.timer = asyncio.get_running_loop().call_later(keep_alive / SECOND, self._retire, entry)

    def _retire(self, entry: LoadedEntry) -> None:
        entry.retiring = True
        if not entry.leases and entry.runner is not None and not entry.closed.is_set():
            self._spawn(self._close_entry(entry), f"unload {entry.spec.name}")

    async def _close_entry(self, entry: LoadedEntry) -> None:
        assert entry.runner is not None
        await entry.runner.close()
        self._forget(entry)

    async def _watch(self, entry: LoadedEntry) -> None:
        """Take a model off the list when its process is gone, for whatever reason."""
        assert entry.runner is not None
        await asyncio.shield(entry.runner.exited)
        self._forget(entry)

    def _forget(self, entry: LoadedEntry) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
        if self._entries.get(entry.spec.files) is entry:
            del self._entries[entry.spec.files]
        entry.closed.set()
        self._changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)


def _listing(entry: LoadedEntry) -> LoadedModel:
    assert entry.runner is not None and entry.runner.loaded is not None and entry.plan is not None
    loaded = entry.runner.loaded
    return LoadedModel(
        spec=entry.spec,
        size=entry.plan.size,
        expires_at=entry.expires_at,
        context_length=loaded.context_length,
        parallel=loaded.max_sequences,
        pool_tokens=loaded.pool_tokens,
    )
