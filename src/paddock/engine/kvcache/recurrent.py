"""The cache of recurrent and hybrid models: one state for each sequence."""

from paddock.engine.binding import Context
from paddock.engine.kvcache.base import UNLIMITED_CELLS
from paddock.engine.kvcache.full import FullAttentionCache


class RecurrentCache(FullAttentionCache):
    """The state after a sequence's last token: it can be forked there and nowhere else."""

    supports_partial_reuse = False

    def __init__(self, context: Context, *, hybrid: bool) -> None:
        """Count the attention cells of a hybrid model; a purely recurrent model has none."""
        super().__init__(context)
        self.can_shift = False  # llama.cpp says True
        if not hybrid:
            self.num_cells = UNLIMITED_CELLS

    def reusable_prefix(self, seq_id: int, held: int, length: int) -> int:
        """Return `held` if `length` covers all of it, else 0.

        Part of a hybrid's sequence would come with the state of its end, without an error.
        """
        return held if held <= length else 0

    def truncate(self, seq_id: int, length: int) -> bool:
        """Return False. Unsupported: a recurrent state has no earlier positions to go back to."""
        return False
