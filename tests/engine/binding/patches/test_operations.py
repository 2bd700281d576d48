"""Operands of operations are found, read and written in the library that is installed."""

import ctypes

import pytest

from paddock.engine.binding.patches import operations
from paddock.engine.binding.patches.operations import Operations


def test_operands_are_found_in_the_library_that_is_installed() -> None:
    library, offset = operations.tensor_library()
    assert library is not None
    assert offset > 0
    assert offset % ctypes.sizeof(ctypes.c_void_p) == 0


def test_the_operands_of_an_operation_are_those_it_was_made_from() -> None:
    library, _ = operations.tensor_library()
    context = library.ggml_init(operations._InitParams(8 * library.ggml_tensor_overhead(), None, True))
    rows, numbers = library.ggml_new_tensor_1d(context, 0, 12), library.ggml_new_tensor_1d(context, 26, 5)
    found = Operations()
    operation = library.ggml_get_rows(context, rows, numbers)
    assert [found.operand(operation, number) for number in range(3)] == [rows, numbers, None]
    assert (found.count(rows), found.size(rows)) == (12, 48)
    library.ggml_free(context)


@pytest.mark.parametrize(("given", "name"), [(b"positions", b"positions"), (b"CUDA0#positions#0", b"positions")])
def test_a_copy_on_a_device_has_the_name_of_its_original(
    given: bytes, name: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Library:
        def ggml_get_name(self, tensor: int) -> bytes:
            return given

    monkeypatch.setattr(operations, "tensor_library", lambda: (Library(), 8))
    assert Operations().name(1) == name


def test_no_operand_is_read_where_operands_cannot_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "tensor_library", lambda: (None, 0))
    assert Operations().operand(1, 0) is None
