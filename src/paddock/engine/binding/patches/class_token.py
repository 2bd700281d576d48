"""LLaVA's pictures computed as they were trained: the vector of the whole picture stands where it is counted.

llama.cpp puts that vector (CLIP's class token) behind those of the patches, and then numbers all of them as if it came
first (github.com/ggml-org/llama.cpp, issue 25814): each patch gets its neighbour's place, the first one is left out of
the result, and the class token is taken for the last. Attention does not care for order, so it suffices to put the
right numbers in before they are used: `positions`, which place each vector has, and `patches`, which ones are wanted.
"""

from array import array

from paddock.engine.binding.patches.operations import Operations

CLASS_TOKEN, POSITIONS, PATCHES = b"v.class_embd", b"positions", b"patches"
"""Names of tensors."""


class ClassTokenOrder:
    """Watches a projector's operations before they are computed, and puts the numbers right where they are wrong."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._behind = False
        """Whether in what is being computed the class token has been put behind the patches."""

    def before(self, operation: int) -> None:
        """Look at an operation (a `ggml_tensor *`) that is about to be computed."""
        look = self._operations
        second = look.operand(operation, 1)
        if not second:
            return
        name = look.name(second)
        if name == CLASS_TOKEN:
            self._behind = True
        elif self._behind and name == POSITIONS:
            look.write(second, array("i", [*range(1, look.count(second)), 0]).tobytes())
        elif self._behind and name == PATCHES:
            look.write(second, array("i", range(look.count(second))).tobytes())
            self._behind = False
