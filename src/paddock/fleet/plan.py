"""How a model is loaded: how many requests at once, how many cells, which switches."""

from dataclasses import dataclass

from paddock.fleet.dimensions import cache_bytes, in_gib, model_bytes
from paddock.fleet.errors import InsufficientMemory
from paddock.fleet.resources import Resources
from paddock.fleet.spec import LoadOptions, RunnerSpec
from paddock.ipc import FileRef, FlashAttention, LoadModel
from paddock.settings import Settings


@dataclass(frozen=True)
class PlanConfig:
    """The numbers by which memory is divided."""

    contexts: int = 4
    """Number of whole contexts that the KV cache has cells for, where memory allows: some requests at once, and
    prefixes of earlier ones."""
    cache_share: int = 4
    """The KV cache takes at most one part in this many of the free memory, unless one context alone needs more."""
    process: int = 100 << 20
    """Bytes of a runner that has loaded nothing yet: the interpreter and the library."""
    reserve: int = 256 << 20
    """Bytes that are left to the rest of the machine."""


@dataclass(frozen=True)
class Plan:
    """A decision how to load a model."""

    load: LoadModel
    size: int
    """Bytes that the loaded model takes."""
    reserved: int
    """Bytes to count as used while the model is being loaded: with those of the process around it."""
    cores: int
    """Cores of the machine on which the model is loaded."""


def threads_of(options: LoadOptions, cores: int) -> int:
    """Return the number of threads that a runner gets on a machine with `cores` cores."""
    return options.threads or cores


def smallest_need(spec: RunnerSpec, settings: Settings, config: PlanConfig = PlanConfig()) -> int:
    """Return the bytes of memory that must be there to load what `spec` asks for, with the smallest cache."""
    kv_type = settings.kv_cache_type
    size = model_bytes(spec.dimensions, spec.context_length, spec.batch_tokens, kv_type)
    return size + config.process + config.reserve


def make_plan(
    spec: RunnerSpec,
    settings: Settings,
    resources: Resources,
    config: PlanConfig = PlanConfig(),
) -> Plan:
    """Decide how to load what `spec` asks for on a machine with these resources.

    All requests share the cells of the KV cache: each may use up to its context, and what is left keeps prefixes.

    Raises:
        InsufficientMemory: if it does not fit even with the smallest cache that serves the request.
    """
    dimensions, files, options = spec.dimensions, spec.files, spec.options
    kv_type = settings.kv_cache_type
    available = max(0, resources.available_memory - config.reserve)
    contexts = max(settings.num_parallel, config.contexts)
    room = max(available - dimensions.weights, 0) // config.cache_share
    while True:
        cells = spec.context_length * contexts
        size = model_bytes(dimensions, cells, spec.batch_tokens, kv_type)
        fits = size + config.process <= available
        if contexts <= 1 or (fits and cache_bytes(dimensions, cells, kv_type) <= room):
            break
        contexts //= 2
    if not fits:
        raise InsufficientMemory(
            f"model requires more system memory ({in_gib(size)}) than is available ({in_gib(available)})"
        )
    return Plan(
        LoadModel(
            model=FileRef(files.model),
            adapters=tuple(map(FileRef, files.adapters)),
            projector=FileRef(files.projector) if files.projector else None,
            context_length=spec.context_length,
            pool_tokens=cells,
            max_sequences=settings.num_parallel,
            batch_tokens=spec.batch_tokens,
            threads=threads_of(options, resources.cores),
            gpu_layers=options.gpu_layers,
            main_gpu=options.main_gpu,
            use_mmap=options.use_mmap,
            use_mlock=options.use_mlock,
            kv_cache_type=kv_type,
            flash_attention=_flash_attention(settings.flash_attention),
            # What leaves the cache may in time take as much memory outside it; a background prefill fits in that, too.
            spare_memory=size + cache_bytes(dimensions, cells, kv_type) + config.process <= available,
            debug=settings.debug,
        ),
        size,
        reserved=size + config.process,
        cores=resources.cores,
    )


def _flash_attention(setting: bool | None) -> FlashAttention:
    if setting is None:
        return "auto"
    return "on" if setting else "off"
