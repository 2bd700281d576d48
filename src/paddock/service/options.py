"""The options that a request runs with: its own, then the model's, then defaults, all within bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paddock.bounds import OPTION_BOUNDS, Bound
from paddock.fleet import LoadOptions
from paddock.ipc import Sampling
from paddock.library.options import RENAMED
from paddock.options import Options

DEFAULT_CONTEXT = 4096
DEFAULT_BATCH = 512

_BOUNDS: Mapping[str, Bound] = {RENAMED.get(name, name): bound for name, bound in OPTION_BOUNDS.items()}
"""The bounds of each field of `Options` that is a number."""
SMALLEST_CONTEXT = int(OPTION_BOUNDS["num_ctx"].smallest)
SMALLEST_BATCH, LARGEST_BATCH = int(OPTION_BOUNDS["num_batch"].smallest), int(OPTION_BOUNDS["num_batch"].largest)

_SAMPLING_FIELDS = Sampling.__struct_fields__


@dataclass(frozen=True, kw_only=True)
class InferenceOptions:
    """Every option with a usable value; the fields are those of `Options`."""

    sampling: Sampling
    context_length: int
    batch_tokens: int
    max_tokens: int
    keep_tokens: int
    stop: tuple[str, ...]
    cache_prompt: bool
    load: LoadOptions


def resolve_options(
    of_model: Options, of_request: Options, *, default_context: int, train_context: int
) -> InferenceOptions:
    """Merge the options of model and request; impossible values become defaults or the nearest bound.

    Args:
        of_model: used where the request sets nothing.
        of_request: what the client asks for.
        default_context: tokens of context if neither says; 0: `DEFAULT_CONTEXT`.
        train_context: tokens of context that the model was trained with, and no request exceeds; 0: unknown.
    """
    values: dict[str, Any] = dict(of_model.__dict__)
    for name, value in of_request.__dict__.items():
        if value is not None:
            values[name] = value
    merged = Options(**values)
    sampling: dict[str, Any] = {}
    for name in _SAMPLING_FIELDS:
        if (value := values[name]) is not None:
            sampling[name] = _BOUNDS[name].apply(value)
    context = _bounded(merged, "context_length") if (merged.context_length or 0) > 0 else default_context
    context = context or DEFAULT_CONTEXT
    return InferenceOptions(
        sampling=Sampling(**sampling),
        context_length=max(min(context, train_context) if train_context else context, SMALLEST_CONTEXT),
        batch_tokens=_bounded(merged, "batch_tokens") if (merged.batch_tokens or 0) > 0 else DEFAULT_BATCH,
        max_tokens=_bounded(merged, "max_tokens", -1),
        keep_tokens=_bounded(merged, "keep_tokens", 4),
        stop=merged.stop or (),
        cache_prompt=merged.cache_prompt is not False,
        load=LoadOptions(
            gpu_layers=_bounded(merged, "gpu_layers", -1),
            main_gpu=_bounded(merged, "main_gpu"),
            use_mmap=merged.use_mmap is not False,
            use_mlock=merged.use_mlock is True,
            threads=_bounded(merged, "threads"),
        ),
    )


def _bounded(options: Options, name: str, default: int = 0) -> int:
    """Return an option within its bounds; `default` if it is not set."""
    value: int | None = getattr(options, name)
    return default if value is None else _BOUNDS[name].apply(value)
