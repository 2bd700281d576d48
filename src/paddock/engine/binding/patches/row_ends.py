"""Clear the memory of the embeddings at the ends of Pixtral's rows of patches.

llama.cpp reserves room for those embeddings, multiplies the uninitialized memory by 0, and adds the embedding of the
token at the end of a row (tools/mtmd/models/pixtral.cpp). The memory may hold NaN or infinity, which stay NaN when
multiplied by 0, and then the language model sees nothing at all. So zeros are written there first.
"""

from paddock.engine.binding.patches.operations import Operations

ROW_END = b"v.token_embd.img_break"
"""Name of the tensor with the embedding of the token."""


class RowEnds:
    """Clears the memory for the ends of rows before it is used."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def before(self, operation: int) -> None:
        """Clear the operand of an operation (a `ggml_tensor *`) that is about to be computed."""
        operations = self._operations
        second = operations.operand(operation, 1)
        if not second or operations.name(second) != ROW_END:
            return
        multiplied = operations.operand(operation, 0)
        room = operations.operand(multiplied, 0) if multiplied else None
        if room:
            # The multiplication may have been done already; it happens in place.
            operations.write(room, bytes(operations.size(room)))
