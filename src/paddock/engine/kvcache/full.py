"""The KV cache of full attention."""

from paddock.engine.binding import Context


class FullAttentionCache:
    """Keys and values of every token: any prefix can be shared or truncated, and cells can change position."""

    supports_partial_reuse = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self.num_cells = context.cells
        self.num_seq_ids = context.sequences
        self.can_shift = context.can_shift

    def reusable_prefix(self, seq_id: int, held: int, length: int) -> int:
        """Return `length`, or all that `seq_id` holds if that is less."""
        return min(held, length)

    def share(self, source: int, target: int, length: int) -> None:
        """Share the cells of the first `length` positions of `source` with `target`.

        `target` is emptied first: llama.cpp would mix the cells of both without an error, for wrong logits.
        """
        self._context.remove(target)
        self._context.share(source, target, 0, length)

    def clear(self, seq_id: int) -> None:
        """Remove all cells of `seq_id`."""
        self._context.remove(seq_id)

    def truncate(self, seq_id: int, length: int) -> bool:
        """Keep only the first `length` positions of `seq_id`."""
        return self._context.remove(seq_id, length, -1)

    def unshare(self, seq_id: int) -> bool:
        """Save the state of `seq_id` and restore it into cells of its own. Return False if there is no room."""
        return self.restore(seq_id, self.save(seq_id))

    def save(self, seq_id: int) -> bytearray:
        """Return a copy of the cells of `seq_id`."""
        return self._context.save(seq_id)

    def restore(self, seq_id: int, state: bytearray) -> bool:
        """Load saved cells into `seq_id`. Return False, with `seq_id` empty, if there is no room."""
        self._context.remove(seq_id)
        if self._context.restore(seq_id, state):
            return True
        self._context.remove(seq_id)
        return False

    def append_state(self, seq_id: int, state: bytearray, scratch_seq_id: int) -> bool:
        """Load saved cells under `scratch_seq_id`, share them with `seq_id`, and empty the former."""
        if not self.restore(scratch_seq_id, state):
            return False
        self._context.share(scratch_seq_id, seq_id)
        self._context.remove(scratch_seq_id)
        return True

    def shift(self, seq_id: int, keep: int, drop: int) -> bool:
        """Remove `drop` positions after the first `keep` and move the later ones up.

        llama.cpp rotates the keys to their new positions at the next decode.
        """
        if not self._context.remove(seq_id, keep, keep + drop):
            return False
        self._context.shift(seq_id, keep + drop, -1, -drop)
        return True
