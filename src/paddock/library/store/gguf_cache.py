"""Cache of GGUF headers: listing and showing models reads each file only once until it changes."""

import threading
from collections import OrderedDict
from pathlib import Path

from paddock.gguf import GgufHeader, read_header
from paddock.library.store.stamps import Stamp, stamp

CACHE_BYTES = 64 << 20
"""Most memory that cached headers take. That of a usual model takes about 150 kB, the largest seen some megabytes."""
LARGEST_SHARE = 2
"""A header that takes more than this part of it is not cached: it would drive out those of too many others."""


class HeaderCache:
    """Headers of files, the last used, in a bounded amount of memory. Several threads may use it at once.

    The headers are without the long arrays and texts that `read_header` leaves out.
    """

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self.bytes = 0
        """Bytes of memory that the cached headers take."""
        self._most_bytes = most_bytes
        self._headers: OrderedDict[Path, tuple[Stamp, GgufHeader]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: Path) -> GgufHeader:
        """Return `read_header(path)`, reading again only if the file has changed or was not used for long.

        Raises:
            NotGguf, BadGguf, OSError: as `read_header`; failures are not cached.
        """
        now = stamp(path.stat())
        with self._lock:
            found = self._headers.get(path)
            if found is not None and found[0] == now:
                self._headers.move_to_end(path)
                return found[1]
        header = read_header(path)
        with self._lock:
            self._drop(path)
            if header.memory <= self._most_bytes // LARGEST_SHARE:
                self._headers[path] = now, header
                self.bytes += header.memory
            while self.bytes > self._most_bytes:
                self._drop(next(iter(self._headers)))
        return header

    def _drop(self, path: Path) -> None:
        dropped = self._headers.pop(path, None)
        if dropped is not None:
            self.bytes -= dropped[1].memory


_cache = HeaderCache()


def cached_header(path: Path) -> GgufHeader:
    """Return `read_header(path)` from the cache of this process (see `HeaderCache.get`).

    Raises:
        NotGguf, BadGguf, OSError: as `read_header`; failures are not cached.
    """
    return _cache.get(path)
