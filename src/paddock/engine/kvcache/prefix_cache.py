"""The prefix cache: which sequence ids are free, which keep finished sequences, and how new ones reuse their tokens."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from paddock.engine.kvcache.base import KVCache
from paddock.engine.kvcache.host_cache import HostCache
from paddock.engine.kvcache.radix_tree import PrefixTree
from paddock.engine.placeholders import NO_PLACEHOLDERS, Placeholders


@dataclass(frozen=True)
class PrefixCacheConfig:
    """Tuning of the prefix cache."""

    offload: bool = False
    """Whether evicted prefixes move to host memory, which then holds up to as many tokens as the KV cache."""
    min_reload_tokens: int = 16
    """Reload a state from host memory if it saves at least so many tokens. A reload costs about as much as a step."""
    max_idle_cells: int = 256
    """With `offload`, cells that finished sequences may keep while others run. Attention looks at all cells in use, and
    llama.cpp rounds their number up to a multiple of 256."""


class PrefixCache:
    """The sequence ids and cells of one KV cache. A finished sequence stays until its id or its cells are needed."""

    def __init__(self, kv_cache: KVCache, config: PrefixCacheConfig | None = None) -> None:
        self._config = config or PrefixCacheConfig()
        self.tree = PrefixTree()
        self.kv_cache = kv_cache
        self._free_seq_ids = list(range(kv_cache.num_seq_ids - 1, -1, -1))
        self._kept: OrderedDict[int, None] = OrderedDict()
        """Ids of finished sequences and snapshots, least recently used first."""
        offload = self._config.offload and kv_cache.supports_partial_reuse
        self._host_cache = HostCache(kv_cache.num_cells) if offload else None

    def __contains__(self, seq_id: int) -> bool:
        """Return whether `seq_id` keeps a finished sequence or a snapshot."""
        return seq_id in self._kept

    @property
    def num_free_cells(self) -> int:
        """Number of cells that nobody holds, not even a kept prefix."""
        return self.kv_cache.num_cells - self.tree.num_cells

    @property
    def num_kept(self) -> int:
        """Number of finished sequences and snapshots, in the KV cache and in host memory."""
        return len(self._kept) + (len(self._host_cache.states) if self._host_cache is not None else 0)

    @property
    def num_kept_tokens(self) -> int:
        """Number of tokens that no running sequence holds, in the KV cache and in host memory."""
        return self._num_idle_cells + (self._host_cache.num_tokens if self._host_cache is not None else 0)

    @property
    def _num_idle_cells(self) -> int:
        return self.tree.count_cells(self._kept.keys())

    def take_seq_id(self, exclude: int = -1) -> int | None:
        """Return an empty sequence id, after evicting one other than `exclude` if need be; None if all are in use."""
        if not self._free_seq_ids and not self.evict(exclude):
            return None
        return self._free_seq_ids.pop()

    def release(self, seq_id: int) -> None:
        """Empty `seq_id` and make it free."""
        self.tree.remove(seq_id)
        self.return_seq_id(seq_id)

    def return_seq_id(self, seq_id: int) -> None:
        """Take back an id from `take_seq_id` that has no tokens in the tree."""
        self.kv_cache.clear(seq_id)
        self._free_seq_ids.append(seq_id)

    def evict(self, exclude: int = -1) -> bool:
        """Evict the least recently used kept id other than `exclude`. Return False if there is none."""
        seq_id = next((s for s in self._kept if s != exclude), None)
        if seq_id is None:
            return False
        self._evict(seq_id)
        return True

    def evict_all(self) -> None:
        """Evict everything that is kept in the KV cache."""
        while self.evict():
            pass

    def offload_idle(self) -> None:
        """Move finished sequences to host memory, if that is on, until few enough cells are idle."""
        while self._host_cache is not None and self._kept and self._num_idle_cells > self._config.max_idle_cells:
            self.evict()

    def free_up(self, num_cells: int) -> bool:
        """Evict until `num_cells` cells are free. Return False if there are not so many."""
        while self.num_free_cells < num_cells:
            if not self.evict():
                return False
        return True

    def load_prefix(
        self,
        seq_id: int,
        tokens: Sequence[int],
        source: int,
        shared: int,
        *,
        placeholders: Placeholders | None = None,
        use_host_cache: bool = True,
    ) -> int:
        """Fill the empty `seq_id` with a prefix of `tokens`, and return the prefix's length.

        The prefix is the first `shared` tokens, shared from `source`, or a longer one from host memory. `placeholders`
        are the ranges of images and audio in `tokens`; None if there are none.
        """
        if use_host_cache and self._host_cache is not None and self._host_cache.num_tokens:
            reloaded = self._reload(self._host_cache, seq_id, tokens, shared, placeholders or NO_PLACEHOLDERS)
            if reloaded:
                self.tree.insert(seq_id, tokens[:reloaded])
                return reloaded
        if shared:
            self.kv_cache.share(source, seq_id, placeholders.position(shared) if placeholders is not None else shared)
        self.tree.insert(seq_id, tokens[:shared], source, shared)
        if source in self._kept:
            if self.kv_cache.supports_partial_reuse and self.tree.length(source) == shared:
                del self._kept[source]  # `seq_id` holds all that it held
                self.release(source)
            else:
                self._kept.move_to_end(source)
        return shared

    def keep(self, seq_id: int, length: int) -> None:
        """Keep the first `length` tokens of `seq_id`, all of which are computed, as cache."""
        self.tree.truncate(seq_id, length)
        self._kept[seq_id] = None

    def snapshot(self, source: int, tokens: Sequence[int], position: int) -> None:
        """Keep the present state of `source`, which holds `tokens`, under an id of its own, if one can be had.

        `position` is that of the next token.
        """
        length = len(tokens)
        known = self.tree.common_prefixes(tokens)
        if any(known.get(seq_id) == length == self.tree.length(seq_id) for seq_id in self._kept):
            return
        seq_id = self.take_seq_id()
        if seq_id is None:
            return
        self.kv_cache.share(source, seq_id, position)
        self.tree.insert(seq_id, tokens, source, length)
        self._kept[seq_id] = None

    def make_cells_exclusive(self, seq_id: int, start: int) -> bool:
        """Ensure that no other id shares cells of `seq_id` at index `start` or later. Return False if impossible.

        All tokens that the tree has for `seq_id` must be computed.
        """
        for other in self.tree.sharers(seq_id, start) & self._kept.keys():
            self._evict(other)
        if not self.tree.sharers(seq_id, start):
            return True
        tokens = self.tree.tokens(seq_id)
        if not self.free_up(len(tokens)) or not self.kv_cache.unshare(seq_id):
            return False
        self.tree.remove(seq_id)
        self.tree.insert(seq_id, tokens)
        return True

    def _evict(self, seq_id: int) -> None:
        if self._host_cache is not None:
            self._host_cache.add(self.tree.tokens(seq_id), self.kv_cache.save(seq_id))
        del self._kept[seq_id]
        self.release(seq_id)

    def _reload(
        self, host_cache: HostCache, seq_id: int, tokens: Sequence[int], shared: int, placeholders: Placeholders
    ) -> int:
        """Reload the longest prefix from host memory if it pays. Return its length, 0 if nothing was reloaded."""
        state_id, length = host_cache.find(tokens)
        length = placeholders.round_down(min(length, len(tokens) - 1))
        if length - shared < self._config.min_reload_tokens:
            return 0
        if self.num_free_cells < host_cache.length(state_id):
            return 0
        if not self.kv_cache.restore(seq_id, host_cache.load(state_id)):
            return 0
        self.kv_cache.truncate(seq_id, placeholders.position(length))
        return length
