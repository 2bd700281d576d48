"""The fleet: which models are loaded, for whom, and until when."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from paddock.durations import FOREVER, SECOND
from paddock.fleet.errors import InsufficientMemory, ServerBusy
from paddock.fleet.placement import Placement
from paddock.fleet.plan import Plan, make_plan
from paddock.fleet.runner import Runner
from paddock.fleet.spec import RunnerFiles, RunnerSpec
from paddock.settings import Settings

log = logging.getLogger("paddock.fleet")


@dataclass(frozen=True)
class FleetConfig:
    """The fleet's own numbers, for what the user leaves open."""

    max_loaded_models: int = 3
    """Ollama's default on a machine without GPUs. Memory may allow fewer."""
    min_keep_alive: int = 10 * SECOND
    """Nanoseconds that a newly loaded model stays at least, so that the requests that waited for it can use it."""


@dataclass(frozen=True)
class LoadedModel:
    """What a listing says about one loaded model."""

    spec: RunnerSpec
    """The spec of the last request; of several names of a model, it has the last used."""
    size: int
    """Bytes."""
    expires_at: int | None
    """Nanoseconds since 1970; None: never."""
    context_length: int
    """Most tokens that one request may use."""
    parallel: int
    """Most sequences that run at once."""
    pool_tokens: int
    """Cells of the KV cache."""


class Lease:
    """A request's hold on a runner: the model stays loaded until the lease is released. Use it with `with`."""

    def __init__(self, fleet: "Fleet", entry: "LoadedEntry", keep_alive: int, *, waited: bool) -> None:
        assert entry.runner is not None
        self.runner: Runner = entry.runner
        self.waited = waited
        """Whether the request waited for the model to be loaded."""
        self._fleet = fleet
        self._entry = entry
        self._keep_alive = keep_alive
        self._released = False

    def release(self) -> None:
        """End the hold. Once is enough, twice is harmless."""
        if not self._released:
            self._released = True
            self._fleet._release(self._entry, self._keep_alive)

    def __enter__(self) -> "Lease":
        """Return the lease, which holds already."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """End the hold."""
        self.release()


class LoadedEntry:
    """A model that is being loaded, is loaded, or is leaving."""

    def __init__(self, spec: RunnerSpec) -> None:
        self.spec = spec
        """The spec of the last request."""
        self.options = spec.options
        """The options with which the model is loaded."""
        self.runner: Runner | None = None
        self.plan: Plan | None = None
        self.loading: asyncio.Task[None] | None = None
        self.leases = 0
        self.retiring = False
        """Whether the model takes no new leases and leaves as soon as the last one is released."""
        self.keep_alive = 0
        self.last_used = time.monotonic()
        self.expires_at: int | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()

    def serves(self, spec: RunnerSpec) -> bool:
        """Return whether the runner is there, stays, and was loaded as a request with this spec needs it."""
        runner = self.runner
        if runner is None or self.loading is not None or self.retiring or self.closed.is_set():
            return False
        return self.options == spec.options and spec.context_length <= runner.loaded.pool_tokens


class Fleet:
    """Loads models on first use, shares them, and unloads them by age, need or order.

    It lives on one event loop. `close` it at the end.
    """

    def __init__(self, settings: Settings, placement: Placement, config: FleetConfig = FleetConfig()) -> None:
        self._settings = settings
        self._placement = placement
        self._config = config
        self._entries: dict[RunnerFiles, LoadedEntry] = {}
        self._waiting = 0
        self._loading = asyncio.Lock()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def acquire(self, spec: RunnerSpec, keep_alive: int | None = None) -> Lease:
        """Return a hold on a runner as `spec` describes it, which is loaded if need be.

        Args:
            spec: the runner.
            keep_alive: nanoseconds that the model stays loaded after its last use; None: what the settings say.

        Raises:
            ServerBusy: if too many requests are waiting.
            LoadFailure: if the model cannot be loaded.
        """
        if self._waiting + self._queued() >= self._settings.max_queue:
            raise ServerBusy
        entry = self._entries.get(spec.files)
        waits = entry is None or not entry.serves(spec)
        if entry is None or waits:
            self._waiting += 1
            try:
                entry = await self._find_or_load(spec)
            finally:
                self._waiting -= 1
        keep = self._settings.keep_alive if keep_alive is None else keep_alive
        entry.leases += 1
        entry.last_used = time.monotonic()
        entry.spec = spec
        self._set_expiry(entry, keep)
        return Lease(self, entry, keep, waited=waits)

    def loaded(self) -> list[LoadedModel]:
        """List the loaded models, the one that expires last first."""
        ready = [e for e in self._entries.values() if e.runner is not None and not e.closed.is_set()]
        ready.sort(key=lambda e: e.expires_at or FOREVER, reverse=True)
        return [_listing(entry) for entry in ready]

    async def unload(self, files: RunnerFiles) -> bool:
        """Unload a model, once nobody uses it; return False if it is not loaded."""
        entry = self._entries.get(files)
        if entry is None or entry.runner is None:
            return False
        self._retire(entry)
        if not entry.leases:
            await entry.closed.wait()
        return True

    async def close(self) -> None:
        """Unload every model, also those in use."""
        for task in list(self._tasks):
            task.cancel()
        entries = list(self._entries.values())
        loading = [e.loading for e in entries if e.loading is not None and not e.loading.done()]
        for load in loading:
            load.cancel()
        await asyncio.gather(*self._tasks, *loading, return_exceptions=True)
        await asyncio.gather(*(self._close_entry(e) for e in entries if e.runner is not None))

    def _queued(self) -> int:
        """Return the number of requests that hold a lease and wait in their runner for a free sequence."""
        queued = 0
        for entry in self._entries.values():
            if entry.runner is not None and entry.leases > entry.runner.loaded.max_sequences:
                queued += entry.leases - entry.runner.loaded.max_sequences
        return queued

    async def _find_or_load(self, spec: RunnerSpec) -> LoadedEntry:
        while True:
            entry = self._entries.get(spec.files)
            if entry is None:
                entry = self._entries[spec.files] = LoadedEntry(spec)
                entry.loading = asyncio.create_task(self._load(entry), name=f"load {spec.name}")
                entry.loading.add_done_callback(lambda task: task.cancelled() or task.exception())
            if entry.loading is not None:
                # The request that started to load the model may be cancelled; others wait for the same load.
                await asyncio.shield(entry.loading)
            if entry.serves(spec):
                return entry
            if entry.retiring or entry.closed.is_set():
                await entry.closed.wait()
            else:
                log.info("%s: loading again with the options of a new request", spec.name)
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
            self._set_expiry(entry, max(self._settings.keep_alive, self._config.min_keep_alive))
            self._spawn(self._watch(entry), f"watch {spec.name}")
        except BaseException:
            self._forget(entry)
            raise
        finally:
            entry.loading = None

    async def _make_room(self, spec: RunnerSpec) -> Plan:
        """Unload idle models, longest idle first, until `spec` fits; wait while all are in use.

        Raises:
            InsufficientMemory: if it does not fit even alone.
        """
        most = self._settings.max_loaded_models or self._config.max_loaded_models
        while True:
            self._changed.clear()  # before looking, so that no change is missed while the placement answers
            others = [e for e in self._entries.values() if e.runner is not None]
            refusal: InsufficientMemory | None = None
            if len(others) < most:
                try:
                    return make_plan(spec, self._settings, await self._placement.resources())
                except InsufficientMemory as error:
                    refusal = error
            if not others and refusal is not None:
                raise refusal
            idle = [e for e in others if not e.leases]
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
        """Take a model off the list when its runner is gone, for whatever reason."""
        assert entry.runner is not None
        await entry.runner.wait_closed()
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
    assert entry.runner is not None and entry.plan is not None
    loaded = entry.runner.loaded
    return LoadedModel(
        spec=entry.spec,
        size=entry.plan.size,
        expires_at=entry.expires_at,
        context_length=loaded.context_length,
        parallel=loaded.max_sequences,
        pool_tokens=loaded.pool_tokens,
    )
