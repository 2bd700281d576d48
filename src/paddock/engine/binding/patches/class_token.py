"""Correct the positions of LLaVA's image patches.

llama.cpp appends CLIP's class token to the patches, but then numbers all of them as if it came first
(github.com/ggml-org/llama.cpp, issue 25814): each patch gets its neighbour's position, the first patch is missing from
the result, and the class token is in it as the last one. Attention does not depend on order, so it is enough to correct
two tensors before they are used: `positions`, the position of each vector, and `patches`, the indices of the result.
"""

from array import array

from paddock.engine.binding.patches.operations import Operations

CLASS_TOKEN, POSITIONS, PATCHES = b"v.class_embd", b"positions", b"patches"
"""Names of tensors."""


class ClassTokenOrder:
    """Corrects the two tensors of a projector whose class token comes last."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._class_token_is_last = False
        """Whether the image that is being encoded has had its class token appended to the patches."""

    def before(self, operation: int) -> None:
        """Correct the operands of an operation (a `ggml_tensor *`) that is about to be computed."""
        operations = self._operations
        second = operations.operand(operation, 1)
        if not second:
            return
        name = operations.name(second)
        if name == CLASS_TOKEN:
            self._class_token_is_last = True
        elif self._class_token_is_last and name == POSITIONS:
            operations.write(second, array("i", [*range(1, operations.count(second)), 0]).tobytes())
        elif self._class_token_is_last and name == PATCHES:
            operations.write(second, array("i", range(operations.count(second))).tobytes())
            self._class_token_is_last = False
