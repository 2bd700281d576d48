"""A model's projector, which encodes images and audio to embeddings, and the batches that compute these.

This is llama.cpp's library mtmd. A file becomes chunks: of text, such as a special token before an image, and of
embeddings, each of which takes one cell of the KV cache.
"""

import ctypes
from array import array
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddock.engine.binding.context import Context, calling_checkpoints
from paddock.engine.binding.library import LoadError, lib, start_library, usable_threads
from paddock.engine.binding.model import LlamaModel
from paddock.engine.binding.patches.class_token import ClassTokenOrder
from paddock.engine.binding.patches.operations import Operations
from paddock.engine.binding.patches.row_ends import RowEnds
from paddock.engine.binding.stream import Readable, c_path

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TEXT, IMAGE, AUDIO = 0, 1, 2
"""Values of `enum mtmd_input_chunk_type`."""

DIMENSIONS = 4
"""Numbers of a position on models whose embeddings have positions in several dimensions (M-RoPE)."""

PIXEL_BYTES = 3
FLOAT_BYTES = 4


class ProjectorError(Exception):
    """The library could not prepare or encode an image or audio."""


@dataclass(frozen=True)
class MediaChunk:
    """A chunk of an image or of audio in a prompt: either tokens of text or embeddings."""

    text_tokens: tuple[int, ...] = ()
    """The tokens of a chunk of text, for which the other attributes have no meaning."""
    num_embeddings: int = 0
    """Number of embeddings; 0 for text."""
    num_positions: int = 0
    """Number of positions that they take."""
    non_causal: bool = False
    """Whether each embedding attends to those after it, too, so that all must be computed in one batch."""
    positions: "tuple[array[int], ...]" = ()
    """For each dimension the position of each embedding if the chunk starts at 0; empty if they follow one another."""
    moves: tuple[bool, ...] = ()
    """For each dimension whether those positions depend on where the chunk starts."""


class PreparedMedia:
    """An image resized and cut, or the spectrum of audio, ready to be encoded. Close it when done."""

    def __init__(self, pointer: Any, chunks: tuple[MediaChunk, ...]) -> None:
        self.pointer = pointer
        self.chunks = chunks

    @property
    def num_embeddings(self) -> int:
        """Return the number of embeddings in all chunks."""
        return sum(chunk.num_embeddings for chunk in self.chunks)

    def close(self) -> None:
        """Free the memory."""
        if self.pointer:
            _mtmd().mtmd_input_chunks_free(self.pointer)
            self.pointer = None


class Projector:
    """A projector in memory. Close it before its model."""

    def __init__(
        self,
        path: str,
        model: LlamaModel,
        *,
        threads: int = 1,
        gpu: bool = False,
        checkpoint: Callable[[], bool] | None = None,
        translated: Readable | None = None,
    ) -> None:
        """Load the file at `path`, or `translated` where llama.cpp cannot read it as it is.

        `checkpoint` is called between parts of each encoding, which it aborts by returning False.

        Raises:
            LoadError: if the file is not a projector, or not one for this model.
        """
        mtmd = _mtmd()
        native_log = start_library()
        native_log.clear()
        mtmd.mtmd_helper_log_set(native_log.callback, ctypes.c_void_p(0))
        params = mtmd.mtmd_context_params_default()
        params.use_gpu = gpu
        params.n_threads = usable_threads(threads)
        params.print_timings = params.warmup = False
        self._evaluated = lib.ggml_backend_sched_eval_callback(_evaluation_callback(checkpoint))
        params.cb_eval = self._evaluated
        with c_path(translated) if translated is not None else nullcontext(path) as readable:
            self.pointer: Any = mtmd.mtmd_init_from_file(readable.encode(), model.pointer, params)
        if not self.pointer:
            raise LoadError(native_log.explain("the projector could not be loaded").replace(readable, path))
        self.has_vision: bool = mtmd.mtmd_support_vision(self.pointer)
        self.has_audio: bool = mtmd.mtmd_support_audio(self.pointer)
        self.sample_rate: int = mtmd.mtmd_get_audio_sample_rate(self.pointer)
        """Samples per second of the audio that it takes."""
        self.has_dimensions: bool = mtmd.mtmd_decode_use_mrope(self.pointer)
        self.width: int = lib.llama_model_n_embd_inp(model.pointer)
        """Number of dimensions of an embedding."""
        self._marker: bytes = mtmd.mtmd_get_marker(self.pointer)

    def prepare_image(self, width: int, height: int, pixels: bytes) -> PreparedMedia:
        """Resize and cut an image, given as rows of red, green and blue bytes. Threads may call this during `encode`.

        Raises:
            ProjectorError: if the library refuses the file.
        """
        assert len(pixels) == width * height * PIXEL_BYTES
        data = ctypes.cast(ctypes.c_char_p(pixels), ctypes.POINTER(ctypes.c_uint8))
        return self._prepare(_mtmd().mtmd_bitmap_init(width, height, data))

    def prepare_audio(self, samples: "npt.NDArray[np.float32]") -> PreparedMedia:
        """Compute the spectrum of samples from -1 to 1 at `sample_rate`. Threads may call this during `encode`.

        Raises:
            ProjectorError: if the library refuses the file.
        """
        assert len(samples) > 1  # the library would abort the process
        data = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        return self._prepare(_mtmd().mtmd_bitmap_init_from_audio(len(samples), data))

    def _prepare(self, bitmap: Any) -> PreparedMedia:
        """Cut a bitmap into chunks, and free it."""
        mtmd = _mtmd()
        pointer = mtmd.mtmd_input_chunks_init()
        try:
            text = mtmd.mtmd_input_text(self._marker, len(self._marker), False, True)
            bitmaps = (ctypes.c_void_p * 1)(bitmap)
            code = mtmd.mtmd_tokenize(self.pointer, pointer, ctypes.byref(text), bitmaps, 1)
            if code:
                raise ProjectorError(f"mtmd_tokenize answered {code}")
            count = mtmd.mtmd_input_chunks_size(pointer)
            chunks = tuple(self._chunk(mtmd.mtmd_input_chunks_get(pointer, i)) for i in range(count))
        except BaseException:
            mtmd.mtmd_input_chunks_free(pointer)
            raise
        finally:
            mtmd.mtmd_bitmap_free(bitmap)
        return PreparedMedia(pointer, chunks)

    def encode(self, prepared: PreparedMedia, chunk: int) -> bytearray:
        """Return the embeddings of the chunk with this number: `num_embeddings` times `width` 32-bit floats.

        Raises:
            ProjectorError: if the library cannot compute them.
        """
        mtmd = _mtmd()
        code = mtmd.mtmd_encode_chunk(self.pointer, mtmd.mtmd_input_chunks_get(prepared.pointer, chunk))
        found = mtmd.mtmd_get_output_embd(self.pointer) if not code else None
        if not found:
            raise ProjectorError(f"mtmd_encode_chunk answered {code}")
        size = prepared.chunks[chunk].num_embeddings * self.width * FLOAT_BYTES
        return bytearray(ctypes.string_at(found, size))

    def close(self) -> None:
        """Free the memory."""
        if self.pointer:
            _mtmd().mtmd_free(self.pointer)
            self.pointer = None

    def _chunk(self, chunk: Any) -> MediaChunk:
        mtmd = _mtmd()
        kind = mtmd.mtmd_input_chunk_get_type(chunk)
        if kind == TEXT:
            length = ctypes.c_size_t()
            tokens = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(length))
            return MediaChunk(text_tokens=tuple(tokens[: length.value]))
        count = mtmd.mtmd_input_chunk_get_n_tokens(chunk)
        positions: tuple[array[int], ...] = ()
        moves: tuple[bool, ...] = ()
        if self.has_dimensions and kind == AUDIO:
            # They follow one another, in every dimension alike.
            positions, moves = (array("i", range(count)),) * DIMENSIONS, (True,) * DIMENSIONS
        elif self.has_dimensions:
            image = mtmd.mtmd_input_chunk_get_tokens_image(chunk)
            positions = tuple(array("i", [0]) * count for _ in range(DIMENSIONS))
            for index in range(count):
                place = mtmd.mtmd_image_tokens_get_decoder_pos(image, 0, index)
                for dimension, value in zip(positions, (place.t, place.y, place.x, place.z), strict=True):
                    dimension[index] = value
            further = mtmd.mtmd_image_tokens_get_decoder_pos(image, 1, 0)
            firsts = (further.t, further.y, further.x, further.z)
            moves = tuple(a != b[0] for a, b in zip(firsts, positions, strict=True))
        return MediaChunk(
            num_embeddings=count,
            num_positions=mtmd.mtmd_input_chunk_get_n_pos(chunk),
            non_causal=mtmd.mtmd_decode_use_non_causal(self.pointer, chunk),
            positions=positions,
            moves=moves,
        )


class MediaEmbeddingBatch:
    """Embeddings of one chunk of an image or of audio, for one `llama_decode`."""

    def __init__(self, room: int, projector: Projector) -> None:
        self._width = projector.width
        dimensions = DIMENSIONS if projector.has_dimensions else 1
        self._positions = (ctypes.c_int32 * (room * dimensions))()
        self._sequence = (ctypes.c_int32 * 1)()
        self._counts = (ctypes.c_int32 * room)(*[1] * room)
        self._sequences = (ctypes.POINTER(ctypes.c_int32) * room)(
            *[ctypes.cast(self._sequence, ctypes.POINTER(ctypes.c_int32))] * room
        )
        self._logits = (ctypes.c_int8 * room)()
        self._held: Any = None
        self.struct = lib.llama_batch()
        self.struct.pos = self._positions
        self.struct.n_seq_id = self._counts
        self.struct.seq_id = self._sequences
        self.struct.logits = self._logits
        self.room = room
        self.size = 0

    def fill(
        self, embeddings: bytearray, chunk: MediaChunk, first: int, count: int, position: int, seq_id: int
    ) -> None:
        """Take `count` embeddings of a chunk from number `first` on; the chunk starts at `position`."""
        self.size = count
        self._held = ctypes.c_float.from_buffer(embeddings, first * self._width * FLOAT_BYTES)
        self.struct.embd = ctypes.pointer(self._held)
        self._sequence[0] = seq_id
        rows: list[int] = []
        for positions, moves in zip(chunk.positions, chunk.moves, strict=True):
            rows += [relative + position * moves for relative in positions[first : first + count]]
        for index, number in enumerate(rows or range(position + first, position + first + count)):
            self._positions[index] = number
        ctypes.memset(self._logits, 0, count)

    def want_logits(self) -> int:
        """Ask for the logits after the last embedding; return its index, which `Context.logits` takes."""
        self._logits[self.size - 1] = 1
        return self.size - 1


def set_non_causal(context: Context, non_causal: bool) -> None:
    """Let tokens of later batches attend to those after them in their batch, too, or only to those before them."""
    lib.llama_set_causal_attn(context.pointer, not non_causal)


def _evaluation_callback(checkpoint: Callable[[], bool] | None) -> Callable[[int, bool, int], bool]:
    """Return the library's callback around operations, which corrects their operands and calls `checkpoint`."""
    operations = Operations()
    corrections = ClassTokenOrder(operations), RowEnds(operations)
    checkpoints = calling_checkpoints(checkpoint) if checkpoint is not None else None

    def evaluated(operation: int, asks: bool, data: int) -> bool:
        if asks:
            for correction in corrections:
                correction.before(operation)
        return checkpoints(operation, asks, data) if checkpoints is not None else not asks

    return evaluated


def _mtmd() -> Any:
    """Import the module of C functions, which loads a library of its own, only when a model has a projector."""
    import llama_cpp.mtmd_cpp

    return llama_cpp.mtmd_cpp
