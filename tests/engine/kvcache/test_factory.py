from pathlib import Path

import pytest

from paddock.engine.binding import Context, ContextOptions
from paddock.engine.kvcache import make_kv_cache
from paddock.engine.kvcache.full import FullAttentionCache
from paddock.engine.kvcache.recurrent import RecurrentCache
from paddock.engine.kvcache.window import SlidingWindowCache
from tests.engine.kvcache.caches import loaded

EXPECTED = {
    "full attention": FullAttentionCache,
    "sliding window": SlidingWindowCache,
    "recurrent": RecurrentCache,
    "hybrid": RecurrentCache,
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_each_kind_of_model_gets_its_cache(kind: str, tmp_path: Path) -> None:
    with loaded(kind, tmp_path) as model:
        context = Context(model, ContextOptions(256, 32, 4, 1))
        kv_cache = make_kv_cache(model, context)
        assert type(kv_cache) is EXPECTED[kind]
        assert kv_cache.num_seq_ids == 4
        context.close()
