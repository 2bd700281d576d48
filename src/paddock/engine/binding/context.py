"""A context: the KV cache of a model, and the call that computes a batch of tokens."""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from paddock.engine.binding.library import LoadError, lib, start_library
from paddock.engine.binding.model import Model

MAX_SEQUENCES = 256
"""`llama_max_parallel_sequences()`: more make no context."""

KV_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
"""Names of cache types and their `enum ggml_type`."""

PART_SECONDS = 0.002
"""How long the operations between two calls of `between` take on average: a single one, if it is that of a large batch
(then some take ten times as long), several of those of a toy model, for which each stop would cost as much as they."""

_EVALUATED = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_bool, ctypes.c_void_p)


class BatchRejected(Exception):
    """`llama_decode` refused a batch; `code` is its answer (1: no free cells, 2: aborted, below 0: an error)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"llama_decode answered {code}")
        self.code = code


@dataclass(frozen=True)
class ContextOptions:
    """Sizes of a context: cells shared by all sequences, tokens in a batch, sequence ids, threads."""

    cells: int
    batch_tokens: int = 512
    sequences: int = 1
    threads: int = 1
    kv_type: str = "f16"
    flash_attention: bool = False
    pooling: int | None = None
    """`embedding.Pooling` for a context that gives vectors; None for one that gives logits."""


class Filled(Protocol):
    """What one `llama_decode` computes."""

    struct: Any
    size: int


class Batch:
    """Room for the tokens of one `llama_decode`, filled anew for each step."""

    def __init__(self, room: int, width: int = 0) -> None:
        """Make room for so many tokens, or, with a `width`, for so many vectors in place of tokens."""
        self.room = room
        self.struct = lib.llama_batch_init(room, width, 1)
        self._token = self.struct.token
        self._pos = self.struct.pos
        self._logits = self.struct.logits
        # One sequence per token: the array of ids of each is written through these pointers.
        self._seq = [self.struct.seq_id[i] for i in range(room)]
        for i in range(room):
            self.struct.n_seq_id[i] = 1
        self.size = 0

    def clear(self) -> None:
        """Start over."""
        self.size = 0

    def add(self, token: int, position: int, sequence: int, logits: bool) -> int:
        """Append a token and return its index, which `Context.logits` and `SamplerChain.sample` take."""
        i = self.size
        self._token[i] = token
        self._pos[i] = position
        self._seq[i][0] = sequence
        self._logits[i] = logits
        self.size = i + 1
        return i

    def close(self) -> None:
        """Give the memory back."""
        lib.llama_batch_free(self.struct)


class Context:
    """The KV cache of one model and the computation on it. Sequences are numbered from 0."""

    def __init__(self, model: Model, options: ContextOptions, between: Callable[[], bool] | None = None) -> None:
        """Make the cache. `between` is called between parts of each computation, which ends, undone, if it is False.

        Raises:
            LoadError: if there is no memory for it, or the model cannot have it so.
        """
        native_log = start_library()
        native_log.clear()
        params = lib.llama_context_default_params()
        params.n_ctx = options.cells
        params.n_batch = params.n_ubatch = options.batch_tokens
        params.n_seq_max = min(options.sequences, MAX_SEQUENCES)
        params.n_outputs_max = max(options.batch_tokens, params.n_seq_max)
        params.n_threads = params.n_threads_batch = options.threads
        params.flash_attn_type = int(options.flash_attention)
        params.type_k = params.type_v = KV_TYPES[options.kv_type]
        params.kv_unified = True
        if options.pooling is not None:
            params.embeddings, params.pooling_type = True, options.pooling
        if between is not None:
            self._evaluated = _EVALUATED(counting(between))
            params.cb_eval = self._evaluated
        params.swa_full = False
        self.model = model
        self.pointer: Any = lib.llama_init_from_model(model.pointer, params)
        if not self.pointer:
            raise LoadError(native_log.explain(f"no memory for a cache of {options.cells} tokens"))
        self.memory = lib.llama_get_memory(self.pointer)
        self.cells: int = lib.llama_n_ctx(self.pointer)
        self.batch_tokens: int = lib.llama_n_batch(self.pointer)
        self.sequences: int = lib.llama_n_seq_max(self.pointer)
        self.threads = options.threads
        self.flash_attention = options.flash_attention
        self._decode = lib.llama_decode
        self._logits = lib.llama_get_logits_ith

    def use_adapters(self, adapters: list[Any]) -> None:
        """Apply LoRA adapters, each at full strength.

        Raises:
            LoadError: if the context refuses them.
        """
        count = len(adapters)
        Adapter = ctypes.POINTER(ctypes.c_void_p)  # as the binding declares it: the handle is an address
        pointers = (Adapter * count)(*(ctypes.cast(a, Adapter) for a in adapters))
        scales = (ctypes.c_float * count)(*[1.0] * count)
        if lib.llama_set_adapters_lora(self.pointer, pointers, count, scales):
            raise LoadError("the adapter does not fit the model")

    def decode(self, batch: Filled) -> None:
        """Compute `batch`.

        Raises:
            BatchRejected: if the library did not take it.
        """
        batch.struct.n_tokens = batch.size
        code = self._decode(self.pointer, batch.struct)
        if code:
            raise BatchRejected(code)

    def logits(self, index: int) -> Any:
        """Return the logits of the batch's token `index`: a float pointer, valid until the next `decode`."""
        return self._logits(self.pointer, index)

    def remove(self, sequence: int, start: int = -1, end: int = -1) -> bool:
        """Forget the cells of `sequence` at positions [start, end); negative bounds are open."""
        return bool(lib.llama_memory_seq_rm(self.memory, sequence, start, end))

    def share(self, source: int, target: int, start: int = -1, end: int = -1) -> None:
        """Let `target` use the cells of `source` at positions [start, end); negative bounds are open.

        Nothing is copied.
        """
        lib.llama_memory_seq_cp(self.memory, source, target, start, end)

    def shift(self, sequence: int, start: int, end: int, by: int) -> None:
        """Move the cells at positions [start, end) by `by`; no other sequence may share them."""
        lib.llama_memory_seq_add(self.memory, sequence, start, end, by)

    @property
    def can_shift(self) -> bool:
        """Whether the library says that cells can change position. Not reliable for recurrent models."""
        return bool(lib.llama_memory_can_shift(self.memory))

    def first_position(self, sequence: int) -> int:
        """Return the smallest position that `sequence` holds, -1 if none."""
        return int(lib.llama_memory_seq_pos_min(self.memory, sequence))

    def save(self, sequence: int, flags: int = 0) -> bytearray:
        """Return the state of `sequence` as bytes that `restore` takes."""
        size = lib.llama_state_seq_get_size_ext(self.pointer, sequence, flags)
        state = bytearray(size)
        written = lib.llama_state_seq_get_data_ext(self.pointer, _whole(state), size, sequence, flags)
        del state[written:]
        return state

    def restore(self, sequence: int, state: bytearray, flags: int = 0) -> bool:
        """Give `sequence` a saved state; False if there is no room for it."""
        return bool(lib.llama_state_seq_set_data_ext(self.pointer, _whole(state), len(state), sequence, flags))

    def close(self) -> None:
        """Give the memory back."""
        if self.pointer:
            lib.llama_free(self.pointer)
            self.pointer = None


def _whole(buffer: bytearray) -> Any:
    """Hand a buffer of any size to the library as it is: gigabytes need not be copied."""
    return ctypes.byref(ctypes.c_uint8.from_buffer(buffer)) if buffer else None


def counting(between: Callable[[], bool]) -> Callable[[int, bool, int], bool]:
    """Make the library's callback from one that says whether to go on.

    It asks of each operation whether to stop after it, then stops and calls again.
    """
    operations, part, seconds_each = 0, 1, PART_SECONDS
    resumed = time.perf_counter()

    def evaluated(_tensor: int, asks: bool, _data: int) -> bool:
        nonlocal operations, part, seconds_each, resumed
        if asks:
            operations += 1
            return operations >= part
        seconds_each += ((time.perf_counter() - resumed) / operations - seconds_each) / 64
        part, operations = max(1, min(int(PART_SECONDS / seconds_each), 16)), 0
        goes_on = between()
        resumed = time.perf_counter()
        return goes_on

    return evaluated
