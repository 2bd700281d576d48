"""A model's projector: what turns pictures and recordings into embeddings, and the batches that compute them.

llama.cpp calls the room for it mtmd. A picture or a recording becomes some text (a mark before it, say) and one part or
several of embeddings, each of which takes one cell of the cache.
"""

import ctypes
import importlib
from array import array
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from paddock.engine.binding.context import Context, counting
from paddock.engine.binding.library import LoadError, lib, start_library
from paddock.engine.binding.model import Model
from paddock.engine.binding.patches.class_token import ClassTokenOrder
from paddock.engine.binding.patches.operations import Operations
from paddock.engine.binding.patches.row_ends import RowEnds
from paddock.engine.binding.stream import Readable, c_path

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TEXT, PICTURE, RECORDING = 0, 1, 2
"""Of `enum mtmd_input_chunk_type`."""

DIMENSIONS = 4
"""Numbers of a position, where embeddings have places in several dimensions."""

PIXEL_BYTES = 3
FLOAT_BYTES = 4


class ProjectorError(Exception):
    """The library could not do with a picture or a recording what it was asked for."""


@dataclass(frozen=True)
class MediaChunk:
    """A part of a picture or a recording as it stands in a prompt: tokens of text, or embeddings."""

    text_tokens: tuple[int, ...] = ()
    """Of text; then all that follows is without meaning."""
    num_embeddings: int = 0
    """How many embeddings there are."""
    num_positions: int = 0
    """How many positions they take."""
    non_causal: bool = False
    """Whether each sees those after it, too, so that they have to be computed in one batch."""
    positions: "tuple[array[int], ...]" = ()
    """In each dimension, the place of each embedding where the part begins at 0; empty if they are in a row."""
    moves: tuple[bool, ...] = ()
    """In which dimensions those places move with where the part begins."""


class PreparedMedia:
    """A picture resized and cut, or a recording's spectrum, as the projector wants it. Close it when done."""

    def __init__(self, pointer: Any, chunks: tuple[MediaChunk, ...]) -> None:
        self.pointer = pointer
        self.chunks = chunks

    @property
    def num_embeddings(self) -> int:
        """How many embeddings there are in all parts."""
        return sum(chunk.num_embeddings for chunk in self.chunks)

    def close(self) -> None:
        """Give the memory back."""
        if self.pointer:
            _mtmd().mtmd_input_chunks_free(self.pointer)
            self.pointer = None


class Projector:
    """A projector in memory. Close it before its model."""

    def __init__(
        self,
        path: str,
        model: Model,
        *,
        threads: int = 1,
        gpu: bool = False,
        between: Callable[[], bool] | None = None,
        shown: Readable | None = None,
    ) -> None:
        """Load the file at `path`. `between` is called between parts of each encoding, which ends if it is False.

        If the file is to be read otherwise than it is, `shown` is what it is to be.

        Raises:
            LoadError: if it is no projector, or not one of this model.
        """
        mtmd = _mtmd()
        native_log = start_library()
        native_log.clear()
        mtmd.mtmd_helper_log_set(native_log.callback, ctypes.c_void_p(0))
        params = mtmd.mtmd_context_params_default()
        params.use_gpu = gpu
        params.n_threads = threads
        params.print_timings = params.warmup = False
        self._evaluated = lib.ggml_backend_sched_eval_callback(_watching(between))
        params.cb_eval = self._evaluated
        with c_path(shown) if shown is not None else nullcontext(path) as place:
            self.pointer: Any = mtmd.mtmd_init_from_file(place.encode(), model.pointer, params)
        if not self.pointer:
            raise LoadError(native_log.explain("the projector could not be loaded").replace(place, path))
        self.has_vision: bool = mtmd.mtmd_support_vision(self.pointer)
        self.has_audio: bool = mtmd.mtmd_support_audio(self.pointer)
        self.sample_rate: int = mtmd.mtmd_get_audio_sample_rate(self.pointer)
        """Samples per second of the recordings it takes."""
        self.has_dimensions: bool = mtmd.mtmd_decode_use_mrope(self.pointer)
        self.width: int = lib.llama_model_n_embd_inp(model.pointer)
        """Numbers of an embedding."""
        self._marker: bytes = mtmd.mtmd_get_marker(self.pointer)

    def prepare_image(self, width: int, height: int, pixels: bytes) -> PreparedMedia:
        """Resize and cut a picture: rows of red, green and blue bytes. Threads may do so beside `encode`.

        Raises:
            ProjectorError: if the library refuses it.
        """
        assert len(pixels) == width * height * PIXEL_BYTES
        data = ctypes.cast(ctypes.c_char_p(pixels), ctypes.POINTER(ctypes.c_uint8))
        return self._prepare(_mtmd().mtmd_bitmap_init(width, height, data))

    def prepare_audio(self, samples: "npt.NDArray[np.float32]") -> PreparedMedia:
        """Compute a recording's spectrum, in pieces: samples from -1 to 1 at `sample_rate`. Threads may, as above.

        Raises:
            ProjectorError: if the library refuses it.
        """
        assert len(samples) > 1  # the library ends the process
        data = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        return self._prepare(_mtmd().mtmd_bitmap_init_from_audio(len(samples), data))

    def _prepare(self, bitmap: Any) -> PreparedMedia:
        """Cut what the library has copied, and free it."""
        mtmd = _mtmd()
        chunks = mtmd.mtmd_input_chunks_init()
        try:
            text = mtmd.mtmd_input_text(self._marker, len(self._marker), False, True)
            bitmaps = (ctypes.c_void_p * 1)(bitmap)
            code = mtmd.mtmd_tokenize(self.pointer, chunks, ctypes.byref(text), bitmaps, 1)
            if code:
                raise ProjectorError(f"mtmd_tokenize answered {code}")
            count = mtmd.mtmd_input_chunks_size(chunks)
            parts = tuple(self._part(mtmd.mtmd_input_chunks_get(chunks, i)) for i in range(count))
        except BaseException:
            mtmd.mtmd_input_chunks_free(chunks)
            raise
        finally:
            mtmd.mtmd_bitmap_free(bitmap)
        return PreparedMedia(chunks, parts)

    def encode(self, prepared: PreparedMedia, chunk: int) -> bytearray:
        """Return the embeddings of a part: `cells` times `width` 32-bit floats.

        Raises:
            ProjectorError: if they cannot be computed.
        """
        mtmd = _mtmd()
        code = mtmd.mtmd_encode_chunk(self.pointer, mtmd.mtmd_input_chunks_get(prepared.pointer, chunk))
        found = mtmd.mtmd_get_output_embd(self.pointer) if not code else None
        if not found:
            raise ProjectorError(f"mtmd_encode_chunk answered {code}")
        size = prepared.chunks[chunk].num_embeddings * self.width * FLOAT_BYTES
        return bytearray(ctypes.string_at(found, size))

    def close(self) -> None:
        """Give the memory back."""
        if self.pointer:
            _mtmd().mtmd_free(self.pointer)
            self.pointer = None

    def _part(self, chunk: Any) -> MediaChunk:
        mtmd = _mtmd()
        kind = mtmd.mtmd_input_chunk_get_type(chunk)
        if kind == TEXT:
            count = ctypes.c_size_t()
            tokens = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count))
            return MediaChunk(text_tokens=tuple(tokens[: count.value]))
        cells = mtmd.mtmd_input_chunk_get_n_tokens(chunk)
        places: tuple[array[int], ...] = ()
        moves: tuple[bool, ...] = ()
        if self.has_dimensions and kind == RECORDING:
            # One after the other, in every dimension alike.
            places, moves = (array("i", range(cells)),) * DIMENSIONS, (True,) * DIMENSIONS
        elif self.has_dimensions:
            image = mtmd.mtmd_input_chunk_get_tokens_image(chunk)
            places = tuple(array("i", [0]) * cells for _ in range(DIMENSIONS))
            for cell in range(cells):
                place = mtmd.mtmd_image_tokens_get_decoder_pos(image, 0, cell)
                for dimension, value in zip(places, (place.t, place.y, place.x, place.z), strict=True):
                    dimension[cell] = value
            further = mtmd.mtmd_image_tokens_get_decoder_pos(image, 1, 0)
            firsts = (further.t, further.y, further.x, further.z)
            moves = tuple(a != b[0] for a, b in zip(firsts, places, strict=True))
        return MediaChunk(
            num_embeddings=cells,
            num_positions=mtmd.mtmd_input_chunk_get_n_pos(chunk),
            non_causal=mtmd.mtmd_decode_use_non_causal(self.pointer, chunk),
            positions=places,
            moves=moves,
        )


class MediaEmbeddingBatch:
    """Room for embeddings of one part of a picture or a recording, for one `llama_decode`."""

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
        self, embeddings: bytearray, chunk: MediaChunk, first: int, count: int, position: int, sequence: int
    ) -> None:
        """Take `count` embeddings of a part from number `first` on; `position` is where the part begins."""
        self.size = count
        self._held = ctypes.c_float.from_buffer(embeddings, first * self._width * FLOAT_BYTES)
        self.struct.embd = ctypes.pointer(self._held)
        self._sequence[0] = sequence
        rows: list[int] = []
        for places, moves in zip(chunk.positions, chunk.moves, strict=True):
            rows += [place + position * moves for place in places[first : first + count]]
        for index, number in enumerate(rows or range(position + first, position + first + count)):
            self._positions[index] = number
        ctypes.memset(self._logits, 0, count)

    def want_logits(self) -> int:
        """Ask for the logits after the last one; return its index, which `Context.logits` takes."""
        self._logits[self.size - 1] = 1
        return self.size - 1


def set_non_causal(context: Context, yes: bool) -> None:
    """Let tokens that are computed from now on see those after them in their batch, too, or not."""
    lib.llama_set_causal_attn(context.pointer, not yes)


def _watching(between: Callable[[], bool] | None) -> Callable[[int, bool, int], bool]:
    """The library's callback before and after operations: it puts their operands right, and asks whether to go on."""
    operations = Operations()
    watchers = ClassTokenOrder(operations), RowEnds(operations)
    counted = counting(between) if between is not None else None

    def evaluated(operation: int, asks: bool, data: int) -> bool:
        if asks:
            for watcher in watchers:
                watcher.before(operation)
        return counted(operation, asks, data) if counted is not None else not asks

    return evaluated


def _mtmd() -> Any:
    """The module of C functions. It is imported when there is a projector: it loads a library of its own."""
    return importlib.import_module(f"{lib.__package__}.mtmd_cpp")
