"""From the files of a model to what computes it, with the sizes and switches that suit it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock.engine.binding import MAX_SEQUENCES, CannotRead, Context, ContextOptions, LoadError, Model, gpu_offload
from paddock.engine.binding.embedding import is_made_to_embed
from paddock.engine.files import ModelPaths
from paddock.engine.gguf_compat import TranslatedFile, translated_model, translated_projector
from paddock.engine.multimodal.encoder import Encoder
from paddock.ipc import LoadModel

log = logging.getLogger("paddock.engine")

TINY_MODEL = 64 << 20
"""Bytes of weights below which a second thread costs more in waiting than it computes."""

FLASH_ATTENTION_HEAD = 64
"""Head size from which flash attention pays on a CPU: it is what keeps a crowded cache fast (see `bench/`); with the
heads of toy models it halves the speed."""

MAX_RUNNING = 16
"""Sequences that run at once: more make each slower and all together hardly faster."""

CELLS_EACH = 512
"""Cells of the pool for each sequence that may run: most requests use less than a whole context."""

FEW_RUNNING = 4
"""The same for toy models without flash attention, for which looking at the cells of all others is most of a step, and
for kinds of memory in which each sequence has a state or a window of its own."""

SPARE_IDS = 32
"""Finished sequences that stay as cache. Up to 64 ids in all cost nothing; 256 cost 6-17 % on a tiny model."""

STATEFUL_SPARE_IDS = 8


def load_model(path: Path, load: LoadModel) -> Model:
    """Load the model at `path`, whichever form of GGUF it has.

    Raises:
        LoadError: if that cannot be done.
    """
    with _as_wanted(path, translated_model) as shown:
        return Model(
            str(path),
            gpu_layers=load.gpu_layers,
            main_gpu=load.main_gpu,
            use_mmap=load.use_mmap,
            use_mlock=load.use_mlock,
            shown=shown,
        )


def load_encoder(files: ModelPaths, load: LoadModel, model: Model, context_length: int) -> tuple[Encoder | None, str]:
    """Load the projector; return None and why if there is none, or if it lies in the model's own file and cannot run.

    In the latter case the text is all that there is, as it was before anyone read such files.

    Raises:
        LoadError: if it is a file of its own and does not fit the model.
        CannotRead: if it cannot be read now, wherever it lies.
    """
    if files.projector is None:
        return None, "this model takes no images and no audio"
    try:
        return _encoder(files.projector, load, model, context_length), ""
    except LoadError as error:
        if files.projector != files.model or isinstance(error, CannotRead):
            raise
        log.warning("%s is loaded without what it sees or hears with: %s", files.model, error)
        return None, f"what this model sees or hears with cannot be run: {error}"


def _encoder(path: Path, load: LoadModel, model: Model, context_length: int) -> Encoder:
    with _as_wanted(path, translated_projector) as shown:
        size = shown.size if shown is not None else path.stat().st_size
        return Encoder(
            model,
            str(path),
            threads=1 if size < TINY_MODEL else load.threads or 1,
            gpu=load.gpu_layers != 0 and gpu_offload(),
            max_image_tokens=context_length // 2,
            shown=shown,
        )


@contextmanager
def _as_wanted(path: Path, view: Callable[[Path], TranslatedFile | None]) -> Iterator[TranslatedFile | None]:
    """Yield how a file has to be shown to the library; None if it reads it as it is."""
    if not path.is_file():
        raise LoadError(f"{path} does not exist")
    try:
        shown = view(path)
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror or error}") from None
    with shown or nullcontext():
        yield shown


@dataclass(frozen=True)
class Options:
    """How the context is made, and how many sequences run on it at once."""

    context: ContextOptions
    running: int
    spare_memory: bool
    """Whether the cache is in ordinary memory and there is more of it: for finished sequences, which are moved out of
    the cache while others run, and for background prefill."""


def choose_options(load: LoadModel, model: Model, context_length: int) -> Options:
    """Choose sizes and switches: what was asked for, and for the rest what suits the model.

    Raises:
        LoadError: if what was asked for cannot be.
    """
    head_size = model.embedding_length // model.heads if model.heads else 0
    quantized_cache = load.kv_cache_type != "f16"
    if quantized_cache and head_size % 32:
        raise LoadError(f"a {load.kv_cache_type} cache needs a head size that 32 divides, this model's is {head_size}")
    flash_attention = {"on": True, "off": False}.get(load.flash_attention, head_size >= FLASH_ATTENTION_HEAD)
    flash_attention = flash_attention or quantized_cache
    stateful = model.is_recurrent or model.is_hybrid or model.sliding_window > 0
    cells = load.pool_tokens or context_length
    most = FEW_RUNNING if stateful or (model.size < TINY_MODEL and not flash_attention) else MAX_RUNNING
    running = load.max_sequences or min(most, max(cells // CELLS_EACH, 1))
    context = ContextOptions(
        cells=cells,
        batch_tokens=max(load.batch_tokens, running),
        # Those that run, and those that keep finished ones as cache.
        sequences=min(running + (STATEFUL_SPARE_IDS if stateful else SPARE_IDS), MAX_SEQUENCES),
        threads=1 if model.size < TINY_MODEL else load.threads or 1,
        kv_type=load.kv_cache_type,
        flash_attention=flash_attention,
    )
    on_gpu = load.gpu_layers != 0 and gpu_offload()
    return Options(context, min(running, context.sequences - 1), spare_memory=load.spare_memory and not on_gpu)


def generating_context(model: Model, options: ContextOptions, adapters: list[Any]) -> Context | None:
    """Make the context in which `model` generates; None if it is one that only embeds."""
    if is_made_to_embed(model) or not model.has_decoder:
        return None
    context = Context(model, options)
    if context.memory is None:
        context.close()
        return None
    if adapters:
        context.use_adapters(adapters)
    return context
