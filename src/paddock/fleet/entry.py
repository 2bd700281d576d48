"""What the fleet knows of one model: whether it loads, is there or leaves, who waits for it, and who holds it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType

from paddock.fleet.plan import Plan, threads_of
from paddock.fleet.runner import Runner
from paddock.fleet.spec import LoadOptions, RunnerSpec


class State(Enum):
    """Where a loaded entry is in its life. It only goes forward."""

    LOADING = "loading"
    READY = "ready"
    LEAVING = "leaving"
    """It takes no new leases, and its process ends as soon as the last lease is released."""


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

    def __init__(
        self, entry: "LoadedEntry", keep_alive: int, release: Callable[["LoadedEntry", int], None], *, waited: bool
    ) -> None:
        assert entry.runner is not None
        self.runner: Runner = entry.runner
        self.waited = waited
        """Whether the request waited for the model to be loaded."""
        self._entry = entry
        self._keep_alive = keep_alive
        self._release = release
        self._released = False

    def release(self) -> None:
        """End the hold. Once is enough, twice is harmless."""
        if not self._released:
            self._released = True
            self._release(self._entry, self._keep_alive)

    def __enter__(self) -> "Lease":
        """Return the lease, which holds already."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """End the hold."""
        self.release()


class Waiter:
    """A request that waits for a lease: in the fleet's queue, or on an entry that is being loaded."""

    def __init__(self, number: int, spec: RunnerSpec, keep_alive: int, arrived: float) -> None:
        self.number = number
        """Requests that arrive later have greater numbers."""
        self.spec = spec
        self.keep_alive = keep_alive
        self.arrived = arrived
        """Seconds on the event loop's clock."""
        self.lease: asyncio.Future[Lease] = asyncio.get_running_loop().create_future()
        self.entry: LoadedEntry | None = None
        """The entry whose load this request waits for; None: it is in the queue."""
        self.replaces = False
        """Whether a loaded model left for this request, which needs it loaded in another way."""


class LoadedEntry:
    """A model that is being loaded, is loaded, or is leaving. Times are seconds on the event loop's clock."""

    def __init__(self, spec: RunnerSpec, plan: Plan, *, settled: bool = False) -> None:
        self.spec = spec
        """The spec of the last request."""
        self.loaded_for = spec
        """The spec that the model is loaded for."""
        self.plan = plan
        self.settled = settled
        """Whether the model keeps its options while requests come that want them: it was loaded again for them, or
        could not be loaded again for others in time."""
        self.state = State.LOADING
        self.runner: Runner | None = None
        self.loading: asyncio.Task[None] | None = None
        self.waiters: list[Waiter] = []
        """The requests that become leases when the model is ready."""
        self.leases = 0
        self.draining_since: float | None = None
        """Since when the model takes no new leases, to make room for a request that waits; None: it takes them."""
        self.ready_at = 0.0
        self.last_used = 0.0
        self.options_used = 0.0
        """When a request last came that wants the options with which the model is loaded."""
        self.linger = 0.0
        """Seconds that the model keeps its place after a use though others wait, within its turn."""
        self.keep_alive = 0
        self.expires_at: int | None = None
        """Nanoseconds since 1970; None: never."""
        self.timer: asyncio.TimerHandle | None = None
        """Unloads a model that is not used any more, or gives up a load that nobody waits for."""
        self.unloading = False
        """Whether the runner was told to leave."""
        self.closed = asyncio.Event()

    @property
    def abandoned(self) -> bool:
        """Whether the model is being loaded and nobody waits for it any more."""
        return self.state is State.LOADING and not self.waiters

    @property
    def is_full(self) -> bool:
        """Whether a further request would wait inside the runner."""
        return self.runner is not None and self.leases >= self.runner.loaded.max_sequences

    def become_ready(self, runner: Runner, now: float, linger: float) -> None:
        """Note that the model is loaded."""
        self.runner = runner
        self.state = State.READY
        self.ready_at = self.last_used = self.options_used = now
        self.linger = linger

    def fits(self, spec: RunnerSpec) -> bool:
        """Return whether the KV cache has, or will have, enough cells for a request with this spec."""
        loaded = self.runner.loaded if self.runner is not None else self.plan.load
        # A runner may have fewer cells than it was asked for: loading it again would not give it more.
        return spec.context_length <= max(loaded.pool_tokens, self.loaded_for.context_length)

    def has_options(self, options: LoadOptions) -> bool:
        """Return whether loading the model with `options` would make it what it is already."""
        mine = self.loaded_for.options
        return options == mine or self._effective(options) == self._effective(mine)

    def serves(self, spec: RunnerSpec, now: float, turn: float) -> bool:
        """Return whether a request with this spec gets a lease right away."""
        return (
            self.state is State.READY
            and self.draining_since is None
            and self.fits(spec)
            and self.keeps_options_for(spec, now, turn)
        )

    def keeps_options_for(self, spec: RunnerSpec, now: float, turn: float) -> bool:
        """Return whether the model stays as it was loaded for a request with this spec.

        Options only say how a model is loaded, not what it answers. So a settled model keeps them for as long as
        requests come that want them, within `turn` seconds of each other.
        """
        return self.has_options(spec.options) or (self.settled and now < self.options_used + turn)

    def take(self, spec: RunnerSpec, now: float) -> None:
        """Note that a request with this spec gets a lease."""
        self.leases += 1
        self.last_used = now
        self.spec = spec
        if self.has_options(spec.options):
            self.options_used = now
        else:
            self.settled = True

    def leaves_at(self, arrived: float, turn: float, *, busy: bool) -> float:
        """Return when a request that waits since `arrived` may make this model leave, or drain if it is `busy`.

        A model in use has its turn (MODEL_TURN): `turn` seconds from its load and from the other request's arrival. An
        unused one keeps its place only for a moment after its last use, since loading it again would cost more.
        """
        if self.state is State.LOADING:
            return arrived
        end = max(self.ready_at, arrived) + turn
        return end if busy else min(self.last_used + self.linger, end)

    def awaited(self, spec: RunnerSpec, now: float, turn: float) -> str:
        """Return what a further request with this spec would have to wait for, in words."""
        if self.state is State.LOADING:
            count = len(self.waiters)
            return f"{spec.name} to load, as {requests(count)} {'does' if count == 1 else 'do'}"
        if self.is_full and self.serves(spec, now, turn):
            return f"{self.spec.name} to finish one of {requests(self.leases)}"
        return f"{self.spec.name} to finish {requests(self.leases)} and to load again"

    def listing(self) -> LoadedModel:
        """Return what a listing says about the model, which is loaded."""
        assert self.runner is not None
        loaded = self.runner.loaded
        return LoadedModel(
            spec=self.spec,
            size=self.plan.size,
            expires_at=self.expires_at,
            context_length=loaded.context_length,
            parallel=loaded.max_sequences,
            pool_tokens=loaded.pool_tokens,
        )

    def _effective(self, options: LoadOptions) -> tuple[object, ...]:
        """Return what options come to on the machine of this runner: what has no effect there is left out."""
        asked = self.plan.load.threads
        threads = threads_of(options, self.plan.cores)
        gpu: tuple[int, ...] = (options.gpu_layers, options.main_gpu)
        if self.runner is not None:
            loaded = self.runner.loaded
            if loaded.threads < asked:
                threads = 0  # the runner takes as many as suit the model, whatever it is told
            if not loaded.gpu:
                gpu = ()
        return threads, options.use_mmap, options.use_mlock, gpu


def requests(count: int) -> str:
    """Return a number of requests in words."""
    return "1 request" if count == 1 else f"{count} requests"
