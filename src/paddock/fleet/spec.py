"""How a model will be loaded: how many at once, how many cells, which switches. Decided from memory and settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from paddock.fleet.dimensions import PROCESS, RESERVE, ModelDimensions, cache_bytes, in_gib, model_bytes
from paddock.fleet.errors import InsufficientMemory
from paddock.fleet.resources import usable_cores
from paddock.ipc import FileRef, LoadModel
from paddock.settings import Settings

CONTEXTS = 4
"""How many contexts' worth of cells the pool has, where memory allows."""

CACHE_SHARE = 4
"""The pool takes at most one part in this many of the free memory, unless one context alone needs more."""


@dataclass(frozen=True)
class LoadOptions:
    """The options of a request that change how a model is loaded: another value needs the model loaded anew."""

    gpu_layers: int = -1
    main_gpu: int = 0
    use_mmap: bool = True
    use_mlock: bool = False
    threads: int = 0


class RunnerFiles(NamedTuple):
    """The digests of the files that a runner loads."""

    model: str
    adapters: tuple[str, ...] = ()
    projector: str = ""
    """The file that turns images and audio into embeddings; "" if there is none. It may be the model's own file."""


@dataclass(frozen=True)
class RunnerSpec:
    """A model that a request needs, and how."""

    name: str
    digest: str
    files: RunnerFiles
    """What identifies the runner: names that share their files share it."""
    dimensions: ModelDimensions
    context_length: int = 4096
    batch_tokens: int = 512
    options: LoadOptions = LoadOptions()
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """What a listing of loaded models says about it."""


@dataclass(frozen=True)
class Plan:
    """A decision how to load."""

    load: LoadModel
    size: int
    """Bytes of the model in memory."""


def make_plan(spec: RunnerSpec, settings: Settings, available: int) -> Plan:
    """Decide how to load `spec` with `available` bytes free.

    The pool of cells is shared by all requests: one may use up to its context, and what is left keeps prefixes.

    Raises:
        InsufficientMemory: if it does not fit even with the smallest cache that serves the request.
    """
    dimensions, files, options = spec.dimensions, spec.files, spec.options
    kv_type = settings.kv_cache_type
    available = max(0, available - RESERVE)
    contexts = max(settings.num_parallel, CONTEXTS)
    room = max(available - dimensions.weights, 0) // CACHE_SHARE
    while contexts > 1 and cache_bytes(dimensions, spec.context_length * contexts, kv_type) > room:
        contexts //= 2
    cells = spec.context_length * contexts
    size = model_bytes(dimensions, cells, spec.batch_tokens, kv_type)
    if size + PROCESS > available:
        raise InsufficientMemory(
            f"model requires more system memory ({in_gib(size)}) than is available ({in_gib(available)})"
        )
    flash = {True: "on", False: "off", None: "auto"}[settings.flash_attention]
    return Plan(
        LoadModel(
            model=FileRef(files.model),
            adapters=tuple(map(FileRef, files.adapters)),
            projector=FileRef(files.projector) if files.projector else None,
            context_length=spec.context_length,
            pool_tokens=cells,
            max_sequences=settings.num_parallel,
            batch_tokens=spec.batch_tokens,
            threads=options.threads or usable_cores(),
            gpu_layers=options.gpu_layers,
            main_gpu=options.main_gpu,
            use_mmap=options.use_mmap,
            use_mlock=options.use_mlock,
            kv_cache_type=kv_type,
            flash_attention=flash,  # type: ignore[arg-type]
            # What has left the cache may in time take as much outside it; a prompt computed aside fits in that, too.
            spare_memory=size + cache_bytes(dimensions, cells, kv_type) + PROCESS <= available,
            debug=settings.debug,
        ),
        size,
    )
