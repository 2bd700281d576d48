"""Who gets a lease next, what is loaded for that, and who makes room: one round of decisions.

Requests that cannot have a lease right away wait in one queue, in order of arrival. `decide` goes through it:

- A request whose model is there gets a lease, unless that model makes room for a request ahead.
- A request whose model is not there has it loaded, if there is a place and memory. What is being loaded counts as used.
- Otherwise it waits for room, and so does every later request that needs some. Models make room in this order: those
  that are loaded for nobody any more, unused ones, then those whose turn is over. A model in use drains: it takes no
  new leases until the request ahead was served. Nothing that has leases or waiters is evicted.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from paddock.fleet.entry import LoadedEntry, State, Waiter
from paddock.fleet.errors import FleetError, InsufficientMemory
from paddock.fleet.plan import Plan, make_plan, smallest_need
from paddock.fleet.resources import Resources
from paddock.fleet.spec import RunnerFiles
from paddock.settings import Settings

CLOCK_SECONDS = 0.002
"""What is due within this many seconds is due now: event loops round their clocks."""


@dataclass
class Decision:
    """What the fleet is to do now, in the order of the fields."""

    granted: list[tuple[Waiter, LoadedEntry]] = field(default_factory=list)
    """Requests that get a lease."""
    refused: list[tuple[Waiter, FleetError]] = field(default_factory=list)
    """Requests that can never be served."""
    loads: list[LoadedEntry] = field(default_factory=list)
    """Models to load."""
    attached: list[tuple[Waiter, LoadedEntry]] = field(default_factory=list)
    """Requests that become leases when a load is done."""
    replaced: list[Waiter] = field(default_factory=list)
    """Requests that need their model loaded in another way than it is, so that it leaves."""
    leaving: list[LoadedEntry] = field(default_factory=list)
    """Unused models to unload, and loads to give up."""
    draining: list[tuple[LoadedEntry, Waiter]] = field(default_factory=list)
    """All models that take no new leases, each with the request that it makes room for."""
    wake_at: float = math.inf
    """When to decide again if nothing changes before, on the event loop's clock."""


def decide(
    queue: Iterable[Waiter],
    entries: Mapping[RunnerFiles, LoadedEntry],
    resources: Resources,
    now: float,
    *,
    most: int,
    settings: Settings,
    turn: float,
) -> Decision:
    """Decide what happens to the requests that wait.

    Args:
        queue: those that wait and are not attached to a load, in order of arrival.
        entries: every model that has a process, or will have one.
        resources: what the placement has for further runners.
        now: seconds on the event loop's clock.
        most: most models that may have a process at once.
        settings: how models are loaded.
        turn: seconds that a model in use takes new requests while others wait for room.
    """
    admission = _Round(entries, resources, now, most, settings, turn)
    for waiter in queue:
        if not waiter.lease.done():
            admission.consider(waiter)
    return admission.decision


class _Round:
    """The state of one round of decisions."""

    def __init__(
        self,
        entries: Mapping[RunnerFiles, LoadedEntry],
        resources: Resources,
        now: float,
        most: int,
        settings: Settings,
        turn: float,
    ) -> None:
        self.decision = Decision()
        self._entries = dict(entries)
        self._resources = resources
        self._now = now
        self._settings = settings
        self._turn = turn
        self._free = most - len(entries)
        """Places that are free now."""
        loading = [e for e in entries.values() if e.state is State.LOADING]
        leaving = [e for e in entries.values() if e.state is State.LEAVING]
        self._memory = resources.available_memory - sum(e.plan.reserved for e in loading)
        """Bytes that are free now, without what models that are being loaded will take."""
        self._places = self._free + len(leaving)
        """Places that are free or will be, without those that are meant for requests already considered."""
        self._bytes = self._memory + sum(e.plan.reserved for e in leaving)
        """Bytes that are free or will be, without those that are meant for requests already considered."""
        self._blocked = False
        """Whether a request waits for room, so that no later one may have any."""
        self._considered: set[RunnerFiles] = set()
        """The models for which room was looked for."""
        self._granted: set[LoadedEntry] = set()
        self._claimed: set[LoadedEntry] = set(leaving)
        """The models that leave, or drain, or will when their turn is over."""
        self._shut: set[LoadedEntry] = set(leaving)
        """Those of them that take no new requests."""

    def consider(self, waiter: Waiter) -> None:
        """Decide what happens to one request, which comes after all those considered before."""
        entry = self._entries.get(waiter.spec.files)
        if entry is None:
            self._load(waiter)
        elif entry.state is State.LEAVING and waiter.spec.files not in self._considered:
            # Its place will be this request's, unless a request ahead needs it.
            self._considered.add(waiter.spec.files)
            self._expect_room(waiter, entry)
        elif entry in self._shut:
            pass  # until the request that it makes room for was served
        elif entry.state is State.READY:
            self._use(waiter, entry)
        elif entry.fits(waiter.spec):
            self.decision.attached.append((waiter, entry))

    def _use(self, waiter: Waiter, entry: LoadedEntry) -> None:
        """Grant a lease on a loaded model, or have it loaded again as the request needs it."""
        spec = waiter.spec
        if not entry.fits(spec):
            self._load_again(waiter, entry)
        elif entry.keeps_options_for(spec, self._now, self._turn):
            self._grant(waiter, entry)
        elif not self._is_busy(entry):
            self.decision.replaced.append(waiter)
            if entry not in self._claimed:
                self._leave(entry)
        elif self._is_due(waiter.arrived + self._turn):
            # It could not be had with these options in time; the answers are the same.
            self._grant(waiter, entry)
        else:
            self._wake(waiter.arrived + self._turn)

    def _grant(self, waiter: Waiter, entry: LoadedEntry) -> None:
        self._granted.add(entry)
        self.decision.granted.append((waiter, entry))

    def _load(self, waiter: Waiter) -> None:
        """Load a model that is not there, or look for room."""
        spec = waiter.spec
        if self._is_refused(waiter) or spec.files in self._considered:
            return
        if self._free > 0 and not self._blocked:
            try:
                plan = make_plan(spec, self._settings, replace(self._resources, available_memory=max(0, self._memory)))
            except InsufficientMemory as error:
                if not self._entries:
                    self.decision.refused.append((waiter, error))
                    return
            else:
                self._start(waiter, plan)
                return
        self._considered.add(spec.files)
        self._blocked = True
        self._places -= 1
        self._bytes -= self._need(waiter)
        self._claim_room(waiter)

    def _start(self, waiter: Waiter, plan: Plan) -> None:
        entry = LoadedEntry(waiter.spec, plan, settled=waiter.replaces)
        self._entries[waiter.spec.files] = entry
        self.decision.loads.append(entry)
        self.decision.attached.append((waiter, entry))
        self._free -= 1
        self._places -= 1
        self._memory -= plan.reserved
        self._bytes -= plan.reserved

    def _load_again(self, waiter: Waiter, entry: LoadedEntry) -> None:
        """Have a model leave whose KV cache is too small for the request; its place is this request's."""
        if self._is_refused(waiter) or entry in self._claimed or waiter.spec.files in self._considered:
            return  # in the second case it makes room for a request ahead
        self._considered.add(waiter.spec.files)
        self.decision.replaced.append(waiter)
        self._claim(waiter, entry)
        self._expect_room(waiter, entry)

    def _expect_room(self, waiter: Waiter, entry: LoadedEntry) -> None:
        """Plan with the room of a model that leaves, which is this request's own; claim more if it needs more."""
        need = self._need(waiter)
        self._memory -= max(0, need - entry.plan.reserved)
        self._places -= 1
        self._bytes -= need
        self._claim_room(waiter)

    def _claim_room(self, waiter: Waiter) -> None:
        """Have models make room until there will be a place and enough memory, or there is no further one."""
        candidates = [e for e in self._entries.values() if self._may_be_claimed(e)]
        candidates.sort(key=lambda entry: self._order(entry, waiter))
        for entry in candidates:
            if self._places >= 0 and self._bytes >= 0 and self._is_room_coming():
                self._wake(self._leaves_at(entry, waiter))  # it may be the better one by then
            else:
                self._claim(waiter, entry)

    def _claim(self, waiter: Waiter, entry: LoadedEntry) -> None:
        """Let a model leave, drain, or finish its turn first, for a request that waits for room."""
        at = self._leaves_at(entry, waiter)
        if not self._is_due(at):
            self._count_on(entry)
            self._wake(at)
        elif not self._is_busy(entry):
            self._leave(entry)
        else:
            self._drain(entry, waiter)

    def _leave(self, entry: LoadedEntry) -> None:
        self._shut.add(entry)
        self.decision.leaving.append(entry)
        self._count_on(entry)

    def _drain(self, entry: LoadedEntry, waiter: Waiter) -> None:
        self._shut.add(entry)
        self.decision.draining.append((entry, waiter))
        since = self._now if entry.draining_since is None else entry.draining_since
        slow = since + self._turn
        if self._is_due(slow) and entry.draining_since is not None:
            self._claimed.add(entry)  # not counted on, so that another one makes room as well
        else:
            self._count_on(entry)
            self._wake(slow)

    def _count_on(self, entry: LoadedEntry) -> None:
        """Count the room that a model will make as free for the requests considered from now on."""
        self._claimed.add(entry)
        self._places += 1
        self._bytes += entry.plan.reserved

    def _may_be_claimed(self, entry: LoadedEntry) -> bool:
        if entry in self._claimed:
            return False
        if entry.state is State.LOADING:
            return entry.abandoned and not any(entry is attached for _, attached in self.decision.attached)
        return entry.state is State.READY

    def _order(self, entry: LoadedEntry, waiter: Waiter) -> tuple[int, float]:
        """Return a key by which the models that should make room first come first."""
        if entry.state is State.LOADING:
            return 0, 0
        at = self._leaves_at(entry, waiter)
        if not self._is_due(at):
            return 3, at
        return (2, entry.ready_at) if self._is_busy(entry) else (1, entry.last_used)

    def _leaves_at(self, entry: LoadedEntry, waiter: Waiter) -> float:
        return entry.leaves_at(waiter.arrived, self._turn, busy=self._is_busy(entry))

    def _is_busy(self, entry: LoadedEntry) -> bool:
        return entry.leases > 0 or entry in self._granted

    def _is_room_coming(self) -> bool:
        """Return whether anything is under way whose end may make room."""
        return bool(self._claimed) or any(e.state is State.LOADING for e in self._entries.values())

    def _is_due(self, at: float) -> bool:
        return at <= self._now + CLOCK_SECONDS

    def _wake(self, at: float) -> None:
        if not self._is_due(at):
            self.decision.wake_at = min(self.decision.wake_at, at)

    def _need(self, waiter: Waiter) -> int:
        return smallest_need(waiter.spec, self._settings)

    def _is_refused(self, waiter: Waiter) -> bool:
        """Refuse a request whose model would not fit even if all others left, however much more they take than planned.

        Nothing makes room for it, then.
        """
        others = sum(2 * e.plan.size + e.plan.reserved for e in self._entries.values())
        if self._need(waiter) <= self._resources.available_memory + others:
            return False
        try:
            make_plan(waiter.spec, self._settings, self._resources)
        except InsufficientMemory as error:
            self.decision.refused.append((waiter, error))
            return True
        raise AssertionError("what does not fit when the others have left fits beside them")
