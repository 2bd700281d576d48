"""The memory that bodies of requests take, bounded over all clients.

Bodies are counted as they come, not as they are announced: whoever announces much and sends little takes little.
"""

import sys
from pathlib import Path

from starlette.types import Scope

from paddock.server.config import BodyConfig
from paddock.server.errors import BodiesTooLarge, BodyTooLarge

SHARE = "paddock.body_share"
"""Key of the ASGI scope with the request's `BodyShare`."""

LARGE = 1 << 18
"""Bytes of JSON that are decoded or encoded within a millisecond or two. More is done in a thread, so that the event
loop stays free for other requests."""

COUNTED = 1 << 20
"""Bytes of a body that are searched at once, so that other threads run meanwhile."""


class BodyBudget:
    """What the bodies of all requests take, and may take.

    Args:
        config: its numbers.
        total: bytes that all bodies may take at once; None: the most of `config`.
    """

    def __init__(self, config: BodyConfig | None = None, total: int | None = None) -> None:
        self.config = config = config or BodyConfig()
        self.in_use = 0
        """Bytes that bodies take now."""
        self.released = 0
        """Bytes that bodies have taken and given back, since somebody has set this to 0."""
        self.total = total = config.most_total if total is None else total
        self.large_total = int(total * config.large_share)
        """Bytes up to which large bodies may fill the total."""
        self.model_total = int(self.large_total * config.model_share)
        """Bytes that large bodies for one model may take, if there are several."""
        self.of_models: dict[str, int] = {}
        """Bytes that large bodies take now, by the names of their models."""
        self.max_bytes = min(config.max_bytes, self.large_total)
        """Bytes that one body may have."""


class BodyShare:
    """What the body of one request takes. Release it in any case."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._taken = 0
        self._model: str | None = None

    @property
    def config(self) -> BodyConfig:
        """The numbers of the budget."""
        return self._budget.config

    def announce(self, size: int) -> None:
        """Refuse a body of `size` bytes, before it comes, if there is no room for it now.

        Raises:
            BodyTooLarge, BodiesTooLarge: as `take`.
        """
        budget = self._budget
        if size > budget.max_bytes:
            raise self._too_large()
        if size > LARGE and budget.in_use + size > budget.large_total:
            raise BodiesTooLarge

    def take(self, size: int) -> None:
        """Count `size` bytes more that have come.

        Raises:
            BodyTooLarge: if this body alone is too large.
            BodiesTooLarge: if it is too large beside the others.
        """
        budget = self._budget
        taken = self._taken + size
        if taken > budget.max_bytes:
            raise self._too_large()
        if budget.in_use + size > (budget.large_total if taken > LARGE else budget.total):
            raise BodiesTooLarge
        self._taken = taken
        budget.in_use += size

    def take_values(self, size: int) -> None:
        """Count `size` bytes that the values of a body take beyond its text.

        Raises:
            BodyTooLarge: if there could never be room for them.
            BodiesTooLarge: if there is none now.
        """
        budget = self._budget
        if self._taken + size > budget.large_total:
            raise BodyTooLarge("the request has too many values for the memory of the server")
        if budget.in_use + size > budget.large_total:
            raise BodiesTooLarge
        self._taken += size
        budget.in_use += size

    def wait_for(self, model: str) -> None:
        """Count a large body among those that wait for a model.

        Raises:
            BodiesTooLarge: if others wait for it, and take what they may.
        """
        if self._taken <= LARGE:
            return
        budget = self._budget
        others = budget.of_models.get(model, 0)
        if others and others + self._taken > budget.model_total:
            raise BodiesTooLarge
        budget.of_models[model] = others + self._taken
        self._model = model

    def release(self) -> None:
        """Give back what was taken."""
        if self._model is not None:
            models = self._budget.of_models
            models[self._model] -= self._taken
            if not models[self._model]:
                del models[self._model]
            self._model = None
        self._budget.in_use -= self._taken
        self._budget.released += self._taken
        self._taken = 0

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the request body is larger than {self._budget.max_bytes >> 20} MB")


def share_of(scope: Scope) -> BodyShare:
    """Return the share of a request; one of its own for a request that has none."""
    share: BodyShare | None = scope.get(SHARE)
    return BodyShare(BodyBudget()) if share is None else share


def bytes_of_values(body: bytes, config: BodyConfig) -> int:
    """Return about how many bytes the values of a JSON text take in memory beyond the text."""
    containers = elements = 0
    for start in range(0, len(body), COUNTED):
        end = start + COUNTED
        containers += body.count(b"{", start, end) + body.count(b"[", start, end)
        elements += body.count(b",", start, end)
    return containers * config.container_bytes + elements * config.element_bytes


def memory_for_bodies(available: int, config: BodyConfig) -> int:
    """Return the bytes that all bodies may take, where a new process could use `available` bytes."""
    available = min(available, _address_space_left())
    return max(1, min(max(available // config.memory_share, config.least_total), available // 8, config.most_total))


def _address_space_left() -> int:
    """Return the bytes that this process may still map (`ulimit -v`)."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    try:
        used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except OSError:
        used = 0
    return max(0, limit - used)
