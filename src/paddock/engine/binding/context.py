"""A context: the KV cache of a model, and the call that computes a batch of tokens."""

import ctypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from paddock.engine.binding.batch import DecodeInput
from paddock.engine.binding.library import LoadError, lib, start_library, usable_threads
from paddock.engine.binding.model import Adapter, LlamaModel

if TYPE_CHECKING:
    import numpy

    Logits: TypeAlias = numpy.ndarray[Any, numpy.dtype[numpy.float32]]

MAX_SEQUENCES = 256
"""The value of `llama_max_parallel_sequences()`; no context can be made with more."""

KV_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
"""Cache types by name, with their numbers in `enum ggml_type`."""

CHECKPOINT_SECONDS = 0.002
"""Average time between two calls of a checkpoint. That is a single operation of a large batch, of which some take ten
times as long, or several operations of a toy model, for which each stop would cost as much as they do."""

_EVALUATED = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_bool, ctypes.c_void_p)


class BatchRejected(Exception):
    """`llama_decode` refused a batch; `code` is its result (1: no free cells, 2: aborted, below 0: an error)."""

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
    """`embedding.Pooling` for a context that computes vectors; None for one that computes logits."""


class Context:
    """The KV cache of one model and the computation on it. Sequence ids count from 0."""

    def __init__(
        self, model: LlamaModel, options: ContextOptions, checkpoint: Callable[[], bool] | None = None
    ) -> None:
        """Make the cache. `checkpoint` is called between parts of each computation, which it aborts by returning False.

        Raises:
            LoadError: if there is no memory for it, or the model does not work with these options.
        """
        native_log = start_library()
        native_log.clear()
        params = lib.llama_context_default_params()
        params.n_ctx = options.cells
        params.n_batch = params.n_ubatch = options.batch_tokens
        params.n_seq_max = min(options.sequences, MAX_SEQUENCES)
        params.n_outputs_max = max(options.batch_tokens, params.n_seq_max)
        params.n_threads = params.n_threads_batch = usable_threads(options.threads)
        params.flash_attn_type = int(options.flash_attention)
        params.type_k = params.type_v = KV_TYPES[options.kv_type]
        params.kv_unified = True
        if options.pooling is not None:
            params.embeddings, params.pooling_type = True, options.pooling
        if checkpoint is not None:
            self._evaluated = _EVALUATED(calling_checkpoints(checkpoint))
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
        self._logits_row = ctypes.c_float * model.vocabulary_size

    def use_adapters(self, adapters: Sequence[Adapter]) -> None:
        """Apply LoRA adapters, each at full strength.

        Raises:
            LoadError: if the context refuses them.
        """
        count = len(adapters)
        Pointer = ctypes.POINTER(ctypes.c_void_p)  # as the library's module declares it
        pointers = (Pointer * count)(*(ctypes.cast(adapter.pointer, Pointer) for adapter in adapters))
        scales = (ctypes.c_float * count)(*[1.0] * count)
        if lib.llama_set_adapters_lora(self.pointer, pointers, count, scales):
            raise LoadError("the adapter does not fit the model")

    def decode(self, batch: DecodeInput) -> None:
        """Compute `batch`.

        Raises:
            BatchRejected: if the library refused it.
        """
        struct = batch.struct
        struct.n_tokens = batch.size
        code = self._decode(self.pointer, struct)
        if code:
            raise BatchRejected(code)

    def logits(self, index: int) -> "Logits":
        """Return the logits of the batch's token `index`, of shape (n_vocab,): a view, valid until the next `decode`.

        What is written to it is what `SamplerChain.sample` reads. A negative index counts from the last output.
        """
        import numpy

        pointer = self._logits(self.pointer, index)
        row: Any = self._logits_row.from_address(ctypes.addressof(pointer.contents))
        view: Logits = numpy.frombuffer(row, numpy.float32)
        return view

    def remove(self, seq_id: int, start: int = -1, end: int = -1) -> bool:
        """Free the cells of `seq_id` at positions [start, end); negative bounds are open.

        Return False if the library cannot remove that part of the sequence.
        """
        return bool(lib.llama_memory_seq_rm(self.memory, seq_id, start, end))

    def share(self, source: int, target: int, start: int = -1, end: int = -1) -> None:
        """Let `target` share the cells of `source` at positions [start, end); negative bounds are open.

        Nothing is copied.
        """
        lib.llama_memory_seq_cp(self.memory, source, target, start, end)

    def shift(self, seq_id: int, start: int, end: int, by: int) -> None:
        """Move the cells at positions [start, end) by `by` positions; no other sequence may share them."""
        lib.llama_memory_seq_add(self.memory, seq_id, start, end, by)

    @property
    def can_shift(self) -> bool:
        """Whether the library says that cells can change position; not reliable for recurrent models."""
        return bool(lib.llama_memory_can_shift(self.memory))

    def first_position(self, seq_id: int) -> int:
        """Return the smallest position in the cells of `seq_id`, -1 if it has none."""
        return int(lib.llama_memory_seq_pos_min(self.memory, seq_id))

    def save(self, seq_id: int, flags: int = 0) -> bytearray:
        """Return the state of `seq_id` as bytes that `restore` takes."""
        size = lib.llama_state_seq_get_size_ext(self.pointer, seq_id, flags)
        state = bytearray(size)
        written = lib.llama_state_seq_get_data_ext(self.pointer, _pointer_to(state), size, seq_id, flags)
        del state[written:]
        return state

    def restore(self, seq_id: int, state: bytearray, flags: int = 0) -> bool:
        """Load a saved state into `seq_id`; return False if there is no room for it."""
        return bool(lib.llama_state_seq_set_data_ext(self.pointer, _pointer_to(state), len(state), seq_id, flags))

    def close(self) -> None:
        """Free the memory."""
        if self.pointer:
            lib.llama_free(self.pointer)
            self.pointer = None


def _pointer_to(buffer: bytearray) -> Any:
    """Return a pointer to the buffer itself: states of gigabytes need not be copied."""
    return ctypes.byref(ctypes.c_uint8.from_buffer(buffer)) if buffer else None


def calling_checkpoints(checkpoint: Callable[[], bool]) -> Callable[[int, bool, int], bool]:
    """Return a `ggml_backend_sched_eval_callback` that calls `checkpoint` now and then.

    The library calls it before each operation, to ask whether to stop after it, and again when it has stopped. Then it
    goes on or aborts, as `checkpoint` says.
    """
    operations, interval, seconds_each = 0, 1, CHECKPOINT_SECONDS
    resumed = time.perf_counter()

    def evaluated(_tensor: int, asks: bool, _data: int) -> bool:
        nonlocal operations, interval, seconds_each, resumed
        if asks:
            operations += 1
            return operations >= interval
        seconds_each += ((time.perf_counter() - resumed) / operations - seconds_each) / 64
        interval, operations = max(1, min(int(CHECKPOINT_SECONDS / seconds_each), 16)), 0
        goes_on = checkpoint()
        resumed = time.perf_counter()
        return goes_on

    return evaluated
