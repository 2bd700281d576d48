"""The numbers that LLaVA's vectors are placed and chosen by are put right, and those of other projectors left alone.

`tests/conversion/vision/test_projector.py` compares the embeddings with those of transformers.
"""

import ctypes
from array import array

import pytest

from paddock.engine.binding.patches import operations
from paddock.engine.binding.patches.class_token import CLASS_TOKEN, ClassTokenOrder
from paddock.engine.binding.patches.operations import Operations

SOURCES = 16
"""Where operands are in the operations of these tests."""


class Tensors:
    """Stands for the library: it knows names and sizes, and notes what is written."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[bytes, int]] = {}
        self.written: dict[bytes, list[int]] = {}
        self.kept: list[object] = []

    def operation(self, *operands: tuple[bytes, int]) -> int:
        pointers = []
        for name, count in operands:
            self.kept.append(memory := ctypes.create_string_buffer(8))
            pointers.append(ctypes.addressof(memory))
            self.known[pointers[-1]] = name, count
        room = (ctypes.c_size_t * 8)()
        for number, pointer in enumerate(pointers):
            room[SOURCES // 8 + number] = pointer
        self.kept.append(room)
        return ctypes.addressof(room)

    def ggml_get_name(self, tensor: int) -> bytes:
        return self.known[tensor][0]

    def ggml_nelements(self, tensor: int) -> int:
        return self.known[tensor][1]

    def ggml_backend_tensor_set(self, tensor: int, data: bytes, offset: int, size: int) -> None:
        assert (offset, size) == (0, len(data))
        self.written[self.known[tensor][0]] = array("i", data).tolist()


@pytest.fixture
def tensors(monkeypatch: pytest.MonkeyPatch) -> Tensors:
    tensors = Tensors()
    monkeypatch.setattr(operations, "tensor_library", lambda: (tensors, SOURCES))
    return tensors


@pytest.mark.parametrize(("before", "after"), [(b"", b""), (b"CUDA0#", b"#0")])
def test_a_class_token_behind_the_patches_gets_the_first_position_and_is_left_out(
    tensors: Tensors, before: bytes, after: bytes
) -> None:
    order = ClassTokenOrder(Operations())
    for _ in range(2):
        tensors.written.clear()
        order.before(tensors.operation((b"patches of the image", 40), (CLASS_TOKEN, 10)))
        order.before(tensors.operation((b"v.position_embd.weight", 50), (before + b"positions" + after, 5)))
        order.before(tensors.operation((b"alone", 5)))
        order.before(tensors.operation((b"vectors", 50), (before + b"patches" + after, 4)))
        assert list(tensors.written.values()) == [[1, 2, 3, 4, 0], [0, 1, 2, 3]]


def test_before_the_patches_or_without_it_nothing_is_changed(tensors: Tensors) -> None:
    order = ClassTokenOrder(Operations())
    order.before(tensors.operation((CLASS_TOKEN, 10), (b"patches of the image", 40)))
    order.before(tensors.operation((b"v.position_embd.weight", 50), (b"positions", 5)))
    order.before(tensors.operation((b"vectors", 50), (b"patches", 4)))
    assert tensors.written == {}


def test_nothing_is_changed_where_operands_are_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "tensor_library", lambda: (None, 0))
    ClassTokenOrder(Operations()).before(1)
