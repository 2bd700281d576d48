"""The KV cache of models with sliding-window attention."""

from paddock.engine.binding import Context
from paddock.engine.kvcache.full import FullAttentionCache

PARTIAL_STATE_ONLY = 1
"""`LLAMA_STATE_SEQ_FLAGS_SWA_ONLY`: save and restore only the windowed layers' cells."""


class SlidingWindowCache(FullAttentionCache):
    """Keys and values of every token in some layers, and of the last `window` tokens in the others.

    A prefix can be reused if the windowed layers still hold its last `window` tokens. llama.cpp frees a windowed cell
    that several sequences share only when it finds no other room, so each sequence gets copies of its own of those.
    """

    supports_partial_reuse = False

    def __init__(self, context: Context, window: int) -> None:
        super().__init__(context)
        self.can_shift = False
        self._window = window

    def reusable_prefix(self, seq_id: int, held: int, length: int) -> int:
        """Return `length` if the window before it is still there, `held` if that is less, else 0."""
        if held <= length:
            return held
        first = self._context.first_position(seq_id)
        return length if 0 <= first <= max(0, length - self._window) else 0

    def share(self, source: int, target: int, length: int) -> None:
        """Share the cells of the other layers and copy those of the windowed layers."""
        super().share(source, target, length)
        if not self._context.restore(target, self._context.save(target, PARTIAL_STATE_ONLY), PARTIAL_STATE_ONLY):
            super().share(
                source, target, length
            )  # no room for a copy: shared cells are correct, but take longer to free

    def truncate(self, seq_id: int, length: int) -> bool:
        """Keep only the first `length` positions. Return False if the window before that end is gone."""
        return self.reusable_prefix(seq_id, length + 1, length) == length and super().truncate(seq_id, length)
