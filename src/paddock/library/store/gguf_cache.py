"""Cache of GGUF headers: listing and showing models reads each file only once until it changes."""

import threading
from collections import OrderedDict
from pathlib import Path

from paddock.gguf import GgufHeader, read_header
from paddock.library.store.stamps import Stamp, stamp

CACHE_ENTRIES = 64
"""The header of a large model takes about 150 kB."""

_cache: OrderedDict[Path, tuple[Stamp, GgufHeader]] = OrderedDict()
_cache_lock = threading.Lock()


def cached_header(path: Path) -> GgufHeader:
    """Return `read_header(path)`, reading again only if the file has changed.

    Raises:
        NotGguf, BadGguf, OSError: as `read_header`; failures are not cached.
    """
    now = stamp(path.stat())
    with _cache_lock:
        found = _cache.get(path)
        if found is not None and found[0] == now:
            _cache.move_to_end(path)
            return found[1]
    header = read_header(path)
    with _cache_lock:
        _cache[path] = now, header
        if len(_cache) > CACHE_ENTRIES:
            _cache.popitem(last=False)
    return header
