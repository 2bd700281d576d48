"""What the scheduler may ask of a KV cache, whatever kind of attention or state the model has.

llama.cpp's own answers are not reliable: it permits operations that give wrong logits. So the rules are written here,
one class for each kind of cache, and `tests/engine/kvcache/test_kinds.py` proves them on a model of each kind.
"""

from typing import Protocol

UNLIMITED_CELLS = 1 << 40
"""Number of cells of a cache whose size does not grow with the number of tokens."""


class KVCache(Protocol):
    """Keys and values (or recurrent states) of the computed tokens. One cell holds one token.

    A `seq_id` is llama.cpp's sequence id. Several ids may share cells.
    """

    num_cells: int
    num_seq_ids: int
    supports_partial_reuse: bool
    """Whether any prefix of a sequence can be shared. If not, only the whole sequence can."""
    can_shift: bool
    """Whether cells can change their position."""

    def reusable_prefix(self, seq_id: int, held: int, length: int) -> int:
        """Return how many of the first `length` tokens can be shared from `seq_id`, which holds `held` tokens."""

    def share(self, source: int, target: int, length: int) -> None:
        """Share the cells of the first `length` positions of `source` with the empty id `target`."""

    def clear(self, seq_id: int) -> None:
        """Remove all cells of `seq_id`."""

    def truncate(self, seq_id: int, length: int) -> bool:
        """Keep only the first `length` positions of `seq_id`. Return False, with nothing changed, if unsupported."""

    def unshare(self, seq_id: int) -> bool:
        """Give `seq_id` cells of its own. Return False, with `seq_id` empty, if there is no room."""

    def save(self, seq_id: int) -> bytearray:
        """Return the state of `seq_id` in the form that `restore` takes."""

    def restore(self, seq_id: int, state: bytearray) -> bool:
        """Load a saved state into the empty `seq_id`, in cells of its own.

        Return False, with `seq_id` empty, if there is no room.
        """

    def append_state(self, seq_id: int, state: bytearray, scratch_seq_id: int) -> bool:
        """Append saved cells, whose positions follow those of `seq_id`, to it. Return False if there is no room.

        The cells are loaded under the empty id `scratch_seq_id`, which is empty again afterwards.
        """

    def shift(self, seq_id: int, keep: int, drop: int) -> bool:
        """Remove `drop` positions after the first `keep` and move the later ones up. Return False if unsupported.

        No other sequence may share the cells after the first `keep`.
        """
