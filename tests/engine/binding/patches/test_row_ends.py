"""The ends of Pixtral's rows are the token's embedding, whatever was in memory before."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gguf import GGUFReader
from paddock.engine.binding import LlamaModel
from paddock.engine.binding.mtmd import Projector
from tests.models import kinds, ollama_projectors
from tests.models.projectors import PATCH

COLUMNS, ROWS = 4, 3
"""Of embeddings."""
_MOST, _BLOCK = 24 << 20, 32 << 10
"""Bytes. Once it was given back as much, the C library keeps what it is given back, and gives that out again."""


def fill_free_memory() -> None:
    """Leave bytes in memory that is free, which are no numbers if taken for 32-bit floats."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    libc.free.restype, libc.free.argtypes = None, [ctypes.c_void_p]
    libc.free(libc.malloc(_MOST))
    blocks = [libc.malloc(_BLOCK) for _ in range(_MOST // _BLOCK)]
    for block in blocks:
        libc.memset(block, 0xFF, _BLOCK)
    for block in blocks:
        libc.free(block)


@pytest.mark.parametrize("between", [None, lambda: True], ids=["at once", "in parts"])
def test_the_ends_of_rows_are_the_tokens_embedding(tmp_path: Path, between: Callable[[], bool] | None) -> None:
    file = ollama_projectors.pixtral(tmp_path / "encoder.gguf")
    token = next(np.array(t.data) for t in GGUFReader(file).tensors if t.name == "v.token_embd.img_break")
    width, height = 2 * PATCH * COLUMNS, 2 * PATCH * ROWS
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8).tobytes()
    model = LlamaModel(str(kinds.full_attention(tmp_path / "text.gguf")))
    projector = Projector(str(file), model, checkpoint=between)
    try:
        for _ in range(2):
            prepared = projector.prepare_image(width, height, pixels)
            part = next(i for i, chunk in enumerate(prepared.chunks) if chunk.num_embeddings)
            fill_free_memory()
            found = np.frombuffer(projector.encode(prepared, part), np.float32).reshape(-1, projector.width)
            prepared.close()
            assert np.isfinite(found).all()
            np.testing.assert_array_equal(found[COLUMNS :: COLUMNS + 1], np.tile(token, (ROWS - 1, 1)))
    finally:
        projector.close()
        model.close()
