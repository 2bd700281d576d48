"""The options of a request: the model's own, then the client's, checked, with defaults."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paddock.ipc import Sampling
from paddock.library.options import check_options

log = logging.getLogger("paddock.service")

DEFAULT_CONTEXT = 4096
SMALLEST_CONTEXT = 4
DEFAULT_BATCH, SMALLEST_BATCH, LARGEST_BATCH = 512, 32, 2048
INT32 = 2**31 - 1

SAMPLING = frozenset(Sampling.__struct_fields__)
IGNORED = frozenset({"tfs_z", "penalize_newline", "numa", "low_vram", "f16_kv", "vocab_only", "draft_num_predict"})
"""Accepted for the sake of older clients; the engine has no use for them."""

_told: set[str] = set()


@dataclass(frozen=True, kw_only=True)
class InferenceOptions:
    """Every option with a value that can be used."""

    sampling: Sampling
    num_ctx: int
    num_batch: int = DEFAULT_BATCH
    num_predict: int = -1
    num_keep: int = 4
    stop: tuple[str, ...] = ()
    num_gpu: int = -1
    main_gpu: int = 0
    num_thread: int = 0
    use_mmap: bool = True
    use_mlock: bool = False
    cache_prompt: bool = True


NAMED = 10
"""Unknown options of a request that the log names."""


def merge_options(
    of_model: Mapping[str, Any], of_request: Mapping[str, Any], *, default_context: int, train_context: int
) -> InferenceOptions:
    """Merge the options of model and request. Values without sense fall back to defaults, unknown names are logged.

    Raises:
        InvalidOption: if a value of the request has the wrong type.
    """
    known, unknown = check_options(of_request)
    for name in unknown[:NAMED]:
        log.warning("option %r is unknown and ignored", name)
    if len(unknown) > NAMED:
        log.warning("%d more options are unknown and ignored", len(unknown) - NAMED)
    merged: dict[str, Any] = {**check_options(of_model)[0], **known}
    for name in sorted(IGNORED & merged.keys() - _told):
        _told.add(name)
        log.info("option %r has no effect: the engine no longer has it", name)
    sampling = {name: _within_int32(value) for name, value in merged.items() if name in SAMPLING}
    integers = {name: int(merged[name]) for name in ("num_predict", "num_keep") if name in merged}
    return InferenceOptions(
        sampling=Sampling(**sampling),
        num_ctx=_context(int(merged.get("num_ctx", 0)), default_context, train_context),
        num_batch=_batch(int(merged.get("num_batch", 0))),
        **integers,
        stop=tuple(merged.get("stop", ())),
        num_gpu=max(int(merged.get("num_gpu", -1)), -1),
        main_gpu=max(int(merged.get("main_gpu", 0)), 0),
        num_thread=max(int(merged.get("num_thread", 0)), 0),
        use_mmap=bool(merged.get("use_mmap", True)),
        use_mlock=bool(merged.get("use_mlock", False)),
        cache_prompt=bool(merged.get("cache_prompt", True)),
    )


def _context(asked: int, default: int, train: int) -> int:
    size = asked if asked > 0 else default or DEFAULT_CONTEXT
    return max(min(size, train) if train else size, SMALLEST_CONTEXT)


def _batch(asked: int) -> int:
    return min(max(asked, SMALLEST_BATCH), LARGEST_BATCH) if asked > 0 else DEFAULT_BATCH


def _within_int32(value: Any) -> Any:
    return max(-INT32, min(INT32, value)) if type(value) is int and abs(value) > INT32 else value
