"""Which kind of KV cache a model has."""

from paddock.engine.binding import Context, LlamaModel
from paddock.engine.kvcache.base import KVCache
from paddock.engine.kvcache.full import FullAttentionCache
from paddock.engine.kvcache.recurrent import RecurrentCache
from paddock.engine.kvcache.window import SlidingWindowCache


def make_kv_cache(model: LlamaModel, context: Context) -> KVCache:
    """Return the cache of `context`, of the kind that `model` has."""
    if model.is_hybrid or model.is_recurrent:
        return RecurrentCache(context, hybrid=model.is_hybrid)
    if model.sliding_window:
        return SlidingWindowCache(context, model.sliding_window)
    return FullAttentionCache(context)
