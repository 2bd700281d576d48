"""The options that a request runs with: its own, then the model's, then defaults, all within bounds."""

from dataclasses import dataclass
from typing import Any

from paddock.fleet import LoadOptions
from paddock.ipc import Sampling
from paddock.options import Options

DEFAULT_CONTEXT = 4096
SMALLEST_CONTEXT = 4
DEFAULT_BATCH, SMALLEST_BATCH, LARGEST_BATCH = 512, 32, 2048
INT32 = 2**31 - 1

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
            sampling[name] = max(-INT32, min(INT32, value)) if type(value) is int else value
    context = merged.context_length or 0
    context = context if context > 0 else default_context or DEFAULT_CONTEXT
    batch = merged.batch_tokens or 0
    return InferenceOptions(
        sampling=Sampling(**sampling),
        context_length=max(min(context, train_context) if train_context else context, SMALLEST_CONTEXT),
        batch_tokens=min(max(batch, SMALLEST_BATCH), LARGEST_BATCH) if batch > 0 else DEFAULT_BATCH,
        max_tokens=-1 if merged.max_tokens is None else merged.max_tokens,
        keep_tokens=4 if merged.keep_tokens is None else merged.keep_tokens,
        stop=merged.stop or (),
        cache_prompt=merged.cache_prompt is not False,
        load=LoadOptions(
            gpu_layers=-1 if merged.gpu_layers is None else max(merged.gpu_layers, -1),
            main_gpu=max(merged.main_gpu or 0, 0),
            use_mmap=merged.use_mmap is not False,
            use_mlock=merged.use_mlock is True,
            threads=max(merged.threads or 0, 0),
        ),
    )
