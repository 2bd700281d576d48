from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.bounds import INT32, OPTION_BOUNDS
from paddock.fleet import LoadOptions
from paddock.ipc import Sampling
from paddock.library.options import IGNORED, OPTION_TYPES, RENAMED
from paddock.options import NO_OPTIONS, Options
from paddock.processors import processors
from paddock.service.options import (
    DEFAULT_BATCH,
    DEFAULT_CONTEXT,
    LARGEST_BATCH,
    SMALLEST_BATCH,
    SMALLEST_CONTEXT,
    InferenceOptions,
    resolve_options,
)

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.none()


def resolved(
    of_request: Options = NO_OPTIONS,
    of_model: Options = NO_OPTIONS,
    *,
    default_context: int = 0,
    train_context: int = 0,
) -> InferenceOptions:
    return resolve_options(of_model, of_request, default_context=default_context, train_context=train_context)


def test_without_options_there_are_defaults() -> None:
    assert resolved() == InferenceOptions(
        sampling=Sampling(),
        context_length=DEFAULT_CONTEXT,
        batch_tokens=DEFAULT_BATCH,
        max_tokens=-1,
        keep_tokens=4,
        stop=(),
        cache_prompt=True,
        load=LoadOptions(),
    )


def test_the_request_comes_before_the_model() -> None:
    model = Options(top_k=2, top_n_sigma=1.5, min_p=0.5, stop=("b",), max_tokens=7)
    found = resolved(Options(top_k=1, stop=("a",)), model)
    assert (found.sampling.top_k, found.sampling.top_n_sigma, found.sampling.min_p) == (1, 1.5, 0.5)
    assert (found.stop, found.max_tokens) == (("a",), 7)


def test_zero_and_false_are_set_too() -> None:
    request = Options(temperature=0.0, keep_tokens=0, use_mmap=False, cache_prompt=False, stop=())
    found = resolved(request, Options(temperature=1.0, keep_tokens=9, use_mmap=True, cache_prompt=True, stop=("x",)))
    assert (found.sampling.temperature, found.keep_tokens, found.stop) == (0.0, 0, ())
    assert (found.load.use_mmap, found.cache_prompt) == (False, False)


@pytest.mark.parametrize(
    ("requested", "default", "train", "length"),
    [
        (None, 0, 0, DEFAULT_CONTEXT),
        (None, 100, 0, 100),
        (50, 100, 0, 50),
        (0, 100, 0, 100),
        (-5, 0, 0, DEFAULT_CONTEXT),
        (10**9, 0, 512, 512),
        (None, 0, 512, 512),
        (1, 0, 0, SMALLEST_CONTEXT),
    ],
)
def test_the_context_is_the_requests_or_the_settings_and_never_more_than_trained(
    requested: int | None, default: int, train: int, length: int
) -> None:
    found = resolved(Options(context_length=requested), default_context=default, train_context=train)
    assert found.context_length == length


@pytest.mark.parametrize(("requested", "size"), [(None, 512), (0, 512), (-1, 512), (1, 32), (100, 100), (10**6, 2048)])
def test_a_batch_has_bounds(requested: int | None, size: int) -> None:
    assert resolved(Options(batch_tokens=requested)).batch_tokens == size


def test_threads_are_no_more_than_processors() -> None:
    assert resolved(Options(threads=100_000)).load.threads == processors()
    assert resolved(Options(threads=100_000)).load == resolved(Options(threads=32_000)).load  # not loaded anew for it
    assert resolved(Options(threads=-5)).load.threads == 0
    assert resolved(Options(threads=1)).load.threads == 1


def test_every_number_is_within_its_bounds() -> None:
    for value in (-(2**63), -1, 2**31, 2**63 - 1):
        numbers: dict[str, Any] = {
            RENAMED.get(name, name): float(value) * 1e280 if kind == "float32" else value
            for name, kind in OPTION_TYPES.items()
            if kind in ("integer", "float32") and name not in IGNORED
        }
        found = resolved(Options(**numbers))
        for name in Sampling.__struct_fields__:
            bound = OPTION_BOUNDS[name]
            assert bound.smallest <= getattr(found.sampling, name) <= bound.largest
        assert -1 <= found.max_tokens <= INT32 and -1 <= found.keep_tokens <= INT32


@given(seed=NUMBERS, top_k=NUMBERS, gpu=NUMBERS, main=NUMBERS, threads=NUMBERS, context=NUMBERS, batch=NUMBERS)
def test_any_number_becomes_one_that_can_be_used(
    seed: int | None,
    top_k: int | None,
    gpu: int | None,
    main: int | None,
    threads: int | None,
    context: int | None,
    batch: int | None,
) -> None:
    found = resolved(
        Options(
            seed=seed,
            top_k=top_k,
            gpu_layers=gpu,
            main_gpu=main,
            threads=threads,
            context_length=context,
            batch_tokens=batch,
        )
    )
    assert abs(found.sampling.seed) <= INT32
    assert abs(found.sampling.top_k) <= INT32
    assert (found.load.gpu_layers >= -1, found.load.main_gpu >= 0, found.load.threads >= 0) == (True, True, True)
    assert found.context_length >= SMALLEST_CONTEXT
    assert SMALLEST_BATCH <= found.batch_tokens <= LARGEST_BATCH
