"""The KV cache: what each kind of it can share, truncate, shift and save, and which prefixes it holds.

`make_kv_cache` chooses the kind that a model has. `PrefixCache` keeps the prefixes of finished sequences.
"""

from paddock.engine.kvcache.base import UNLIMITED_CELLS, KVCache
from paddock.engine.kvcache.factory import make_kv_cache
from paddock.engine.kvcache.prefix_cache import PrefixCache

__all__ = ["UNLIMITED_CELLS", "KVCache", "PrefixCache", "make_kv_cache"]
