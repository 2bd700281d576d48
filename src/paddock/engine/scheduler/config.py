"""Tuning of the scheduler."""

from dataclasses import dataclass, field

from paddock.engine.kvcache.prefix_cache import PrefixCacheConfig
from paddock.engine.scheduler.budget import BudgetConfig


@dataclass(frozen=True)
class SchedulerConfig:
    """Thresholds of the scheduler, with those of the parts that it owns. Lengths are numbers of tokens."""

    min_tokens_to_wait: int = 16
    """Length of a common prefix from which a sequence waits for it instead of computing it a second time. Shorter ones
    are computed within a step or two."""
    min_snapshot_tokens: int = 32
    """Length from which a state is worth a sequence id of its own, where a cache does not support partial reuse."""
    headroom_cells: int = 16
    """Cells left free for each running sequence when another one is admitted, so that it is not preempted at once."""
    min_background_tokens: int = 192
    """Length of a prompt from which its prefill runs in the background while others stream; 0 turns that off. Shorter
    prompts are done sooner in chunks than a context for them is made (measured with a 1.2 B model on two cores)."""
    max_background_skips: int = 63
    """Most long prompts that are prefilled in the foreground after a background prefill failed, before the next try."""
    cache: PrefixCacheConfig = field(default_factory=PrefixCacheConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
