"""Load the files of a model, with the sizes and switches that suit it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from paddock.engine.binding import (
    MAX_SEQUENCES,
    Adapter,
    CannotRead,
    Context,
    ContextOptions,
    LlamaModel,
    LoadError,
    gpu_offload,
)
from paddock.engine.binding.embedding import is_made_to_embed
from paddock.engine.config import EngineConfig
from paddock.engine.files import ModelPaths
from paddock.engine.gguf_compat import TranslatedFile, translated_model, translated_projector
from paddock.engine.gguf_compat.projector_keys import wrong_projector_key
from paddock.engine.multimodal.encoder import Encoder
from paddock.ipc import LoadModel

log = logging.getLogger("paddock.engine")


def load_model(path: Path, load: LoadModel) -> LlamaModel:
    """Load the model at `path`, translated if llama.cpp cannot read its file as it is.

    Raises:
        LoadError: if the model cannot be loaded.
    """
    with translated_if_needed(path, translated_model) as translated:
        model = LlamaModel(
            str(path),
            gpu_layers=load.gpu_layers,
            main_gpu=load.main_gpu,
            use_mmap=load.use_mmap,
            use_mlock=load.use_mlock,
            translated=translated,
        )
    missing = model.missing_bytes()
    if missing:
        model.close()
        raise LoadError(f"the model's file is damaged: its vocabulary lacks {missing} of the 256 tokens for bytes")
    return model


def load_encoder(
    files: ModelPaths,
    load: LoadModel,
    model: LlamaModel,
    context_length: int,
    notify: Callable[[], None],
    config: EngineConfig,
) -> tuple[Encoder | None, str]:
    """Load the projector; return None and the reason if the model has none.

    A projector inside the model's own file that cannot be run counts as none: the model still works with text.
    `notify` is called from a worker thread when it has prepared a file.

    Raises:
        LoadError: if the projector is a file of its own and does not fit the model.
        CannotRead: if the file cannot be read now, wherever the projector is.
    """
    if files.projector is None:
        return None, "this model takes no images and no audio"
    try:
        return _encoder(files.projector, load, model, context_length, notify, config), ""
    except LoadError as error:
        if files.projector != files.model or isinstance(error, CannotRead):
            raise
        log.warning("%s is loaded without its image or audio encoder: %s", files.model, error)
        return None, f"what this model sees or hears with cannot be run: {error}"


def _encoder(
    path: Path,
    load: LoadModel,
    model: LlamaModel,
    context_length: int,
    notify: Callable[[], None],
    config: EngineConfig,
) -> Encoder:
    with translated_if_needed(path, translated_projector) as translated:
        if translated is None and (wrong := wrong_projector_key(path)):
            raise LoadError(f"the projector's file is damaged: {wrong}")
        size = translated.size if translated is not None else path.stat().st_size
        return Encoder(
            model,
            str(path),
            notify,
            threads=1 if size < config.single_thread_bytes else load.threads or 1,
            gpu=load.gpu_layers != 0 and gpu_offload(),
            max_image_tokens=context_length // 2,
            translated=translated,
            config=config.media,
        )


@contextmanager
def translated_if_needed(
    path: Path, translate: Callable[[Path], TranslatedFile | None]
) -> Iterator[TranslatedFile | None]:
    """Yield the file translated for llama.cpp; None if llama.cpp reads it as it is.

    Raises:
        LoadError: if there is no such file.
        CannotRead: if it cannot be read now.
    """
    if not path.is_file():
        raise LoadError(f"{path} does not exist")
    try:
        translated = translate(path)
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror or error}") from None
    with translated or nullcontext():
        yield translated


@dataclass(frozen=True)
class EngineOptions:
    """Options of the context, and how many sequences run in it at once."""

    context: ContextOptions
    running: int
    spare_memory: bool
    """Whether there is ordinary memory to spare: to offload finished sequences while others run, and for background
    prefill."""


def choose_options(load: LoadModel, model: LlamaModel, context_length: int, config: EngineConfig) -> EngineOptions:
    """Choose sizes and switches: those of `load`, and for the rest those that suit the model.

    Raises:
        LoadError: if the model does not work with the cache type that `load` asks for.
    """
    head_size = model.embedding_length // model.heads if model.heads else 0
    quantized_cache = load.kv_cache_type != "f16"
    if quantized_cache and head_size % 32:
        raise LoadError(f"a {load.kv_cache_type} cache needs a head size that 32 divides, this model's is {head_size}")
    flash_attention = {"on": True, "off": False}.get(load.flash_attention, head_size >= config.flash_attention_head)
    flash_attention = flash_attention or quantized_cache
    stateful = model.is_recurrent or model.is_hybrid or model.sliding_window > 0
    cells = load.pool_tokens or context_length
    is_small = stateful or (model.size < config.single_thread_bytes and not flash_attention)
    most = config.max_running_small if is_small else config.max_running
    running = load.max_sequences or min(most, max(cells // config.cells_per_sequence, 1))
    context = ContextOptions(
        cells=cells,
        batch_tokens=max(load.batch_tokens, running),
        # Ids for the sequences that run and for the finished ones that stay as cache.
        sequences=min(
            running + (config.cached_stateful_sequences if stateful else config.cached_sequences), MAX_SEQUENCES
        ),
        threads=1 if model.size < config.single_thread_bytes else load.threads or 1,
        kv_type=load.kv_cache_type,
        flash_attention=flash_attention,
    )
    on_gpu = load.gpu_layers != 0 and gpu_offload()
    return EngineOptions(context, min(running, context.sequences - 1), spare_memory=load.spare_memory and not on_gpu)


def generating_context(model: LlamaModel, options: ContextOptions, adapters: list[Adapter]) -> Context | None:
    """Make the context in which `model` generates; return None for a model that only embeds.

    Raises:
        LoadError: if there is no memory for it, or the adapters do not fit.
    """
    if is_made_to_embed(model) or not model.has_decoder:
        return None
    context = Context(model, options)
    if context.memory is None:
        context.close()
        return None
    if adapters:
        context.use_adapters(adapters)
    return context
