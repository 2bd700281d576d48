"""Pixtral's rows of patches end with what they should: the embedding of a token, and nothing added to it.

llama.cpp makes room for those ends, multiplies what happens to be in that memory by 0, and adds the token's embedding
(tools/mtmd/models/pixtral.cpp). What happens to be there can be no number, and 0 times that is none either: then the
language model sees nothing at all. So there have to be zeros before.
"""

from paddock.engine.binding.patches.operations import Operations

ROW_END = b"v.token_embd.img_break"
"""The tensor of the token's embedding."""


class RowEnds:
    """Watches a projector's operations before they are computed, and clears the room for the ends of rows."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def before(self, operation: int) -> None:
        """Look at an operation (a `ggml_tensor *`) that is about to be computed."""
        look = self._operations
        second = look.operand(operation, 1)
        if not second or look.name(second) != ROW_END:
            return
        multiplied = look.operand(operation, 0)
        room = look.operand(multiplied, 0) if multiplied else None
        if room:
            # It may have been multiplied already; that happens in place.
            look.write(room, bytes(look.size(room)))
