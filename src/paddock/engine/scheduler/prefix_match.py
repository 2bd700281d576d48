"""The prefix that a new sequence has in common with the sequences in the KV cache."""

from collections.abc import Mapping
from typing import NamedTuple

from paddock.engine.kvcache.prefix_cache import PrefixCache
from paddock.engine.scheduler.sequence import Sequence


class PrefixMatch(NamedTuple):
    """The best prefix that can be shared now, and the longest common one, which may not be computed yet."""

    source: int = -1
    """The sequence id to share from; -1 if there is none."""
    shared: int = 0
    """Number of tokens that can be shared from `source`."""
    longest: int = 0
    """Length of the longest common prefix."""
    holder: Sequence | None = None
    """The running sequence that the longest common prefix belongs to; None if it belongs to a finished one."""


def match_prefix(sequence: Sequence, cache: PrefixCache, running: Mapping[int, Sequence]) -> PrefixMatch:
    """Compare a sequence with everything in the cache. `running` are the running sequences by their ids.

    The last token never counts: it has to be computed, because its logits are needed. An image or audio counts whole or
    not at all.
    """
    limit, round_down = len(sequence.tokens) - 1, sequence.round_down
    source, shared = -1, 0
    longest, longest_seq_id = 0, -1
    for seq_id, length in cache.tree.common_prefixes(sequence.tokens).items():
        length = round_down(min(length, limit))
        holder = running.get(seq_id)
        held = holder.num_computed_tokens if holder is not None else cache.tree.length(seq_id)
        if length > longest or (length == longest and holder is None):
            longest, longest_seq_id = length, seq_id
        usable = cache.kv_cache.reusable_prefix(seq_id, held, round_down(min(length, held))) if held else 0
        if usable > shared:
            source, shared = seq_id, usable
    return PrefixMatch(source, shared, longest, running.get(longest_seq_id))
