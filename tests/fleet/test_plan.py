from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.fleet import InsufficientMemory, LoadOptions, ModelDimensions, Resources, RunnerFiles, RunnerSpec
from paddock.fleet.dimensions import GIB, model_bytes
from paddock.fleet.plan import Plan, PlanConfig, make_plan, smallest_need
from paddock.ipc import FileRef, KVCacheType
from paddock.settings import Settings

DIMENSIONS = ModelDimensions(weights=GIB, layers=16, kv_length=1024, embedding_length=2048, vocabulary=128_000)
SPEC = RunnerSpec("m:latest", "0" * 64, RunnerFiles("sha256:model"), DIMENSIONS)
CONFIG = PlanConfig()


def plan(gib: float, spec: RunnerSpec = SPEC, **settings: Any) -> Plan:
    return make_plan(spec, Settings(**settings), Resources(available_memory=int(gib * GIB), cores=6))


def test_the_cache_holds_several_contexts_where_there_is_room() -> None:
    assert plan(64).load.pool_tokens == CONFIG.contexts * SPEC.context_length
    assert plan(64, num_parallel=6).load.pool_tokens == 6 * SPEC.context_length


def test_the_cache_shrinks_to_one_context_where_memory_is_short() -> None:
    cells = [plan(gib).load.pool_tokens for gib in (64, 4, 3, 2)]
    assert cells == sorted(cells, reverse=True)
    assert cells[-1] == SPEC.context_length


def test_a_model_that_does_not_fit_is_refused_with_both_sizes() -> None:
    with pytest.raises(InsufficientMemory, match=r"more system memory \(\d+\.\d GiB\) than is available \(0\.8 GiB\)$"):
        plan(1)


def test_files_are_named_by_digest() -> None:
    files = RunnerFiles("sha256:model", ("sha256:a", "sha256:b"), "sha256:projector")
    load = plan(64, replace(SPEC, files=files)).load
    assert (load.model, load.adapters) == (FileRef("sha256:model"), (FileRef("sha256:a"), FileRef("sha256:b")))
    assert load.projector == FileRef("sha256:projector")
    assert plan(64).load.projector is None


def test_a_runner_gets_the_machines_cores_unless_the_request_says() -> None:
    assert plan(64).load.threads == 6
    assert plan(64, replace(SPEC, options=LoadOptions(threads=2))).load.threads == 2


@pytest.mark.parametrize(("setting", "sent"), [(None, "auto"), (True, "on"), (False, "off")])
def test_flash_attention_is_the_setting(setting: bool | None, sent: str) -> None:
    assert plan(64, flash_attention=setting).load.flash_attention == sent


def test_memory_is_spare_only_if_there_is_room_for_the_cache_twice() -> None:
    assert plan(64).load.spare_memory
    smallest = model_bytes(DIMENSIONS, SPEC.context_length, SPEC.batch_tokens, "f16") + CONFIG.process + CONFIG.reserve
    assert not plan(smallest / GIB + 0.01).load.spare_memory


@given(st.integers(0, 64 * GIB), st.integers(1, 10**6), st.integers(0, 32), st.sampled_from(["f16", "q8_0", "q4_0"]))
def test_a_plan_always_fits_and_serves_the_request(
    available: int, context: int, parallel: int, kv_type: KVCacheType
) -> None:
    spec = replace(SPEC, context_length=context)
    settings = Settings(num_parallel=parallel, kv_cache_type=kv_type)
    try:
        made = make_plan(spec, settings, Resources(available, 1))
    except InsufficientMemory:
        assert smallest_need(spec, settings) > available
        return
    assert smallest_need(spec, settings) <= available
    assert made.reserved == made.size + CONFIG.process
    assert made.size + CONFIG.process + CONFIG.reserve <= available
    assert made.load.pool_tokens >= context
