"""Seeded replies of a real Ollama: flash attention on, nothing cached."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paddock import ipc
from tests.conftest import SHARED
from tests.engine.runners import RunnerUnderTest, load

RECORDED = SHARED / "fixtures" / "sampling.jsonl"


def recorded() -> list[dict[str, Any]]:
    if not RECORDED.exists():
        return []
    return [json.loads(line) for line in RECORDED.read_text("utf-8").split("\n") if line.strip()]


@pytest.fixture(scope="module")
def runner(stories: Path) -> Iterator[RunnerUnderTest]:
    loading = load(stories, context_length=2048, pool_tokens=2048, max_sequences=1, flash_attention="on")
    with RunnerUnderTest(loading) as under_test:
        under_test.expect(ipc.Loaded)
        yield under_test


@pytest.mark.parametrize("case", recorded(), ids=lambda c: json.dumps(c["request"]["options"]))
def test_a_seeded_reply_is_the_recorded_one_token_for_token(runner: RunnerUnderTest, case: dict[str, Any]) -> None:
    options = dict(case["request"]["options"])
    limit = options.pop("num_predict")
    request = ipc.Generate(
        id=1,
        prompt=case["request"]["prompt"],
        sampling=ipc.Sampling(**options),
        num_predict=limit,
        cache_prompt=False,
    )
    text, end = runner.complete(request)[1]
    assert text == case["response"]
    assert isinstance(end, ipc.Finished)
    assert (end.reason, end.reply_tokens) == (case["done_reason"], case["eval_count"])
