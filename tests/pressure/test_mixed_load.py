"""Five models with two places, clients who leave, creates and a bad network, all at once: nobody waits for long."""

import os
from pathlib import Path

import pytest
from tools.soak.load import LoadConfig, run_load
from tools.soak.report import Bounds

SECONDS = 60 * float(os.environ.get("SOAK_MINUTES", "2"))
"""How long the load lasts; `make soak HOURS=8` runs it for longer, with a report to read."""


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 600)
def test_nobody_waits_for_long_under_mixed_load_and_nothing_grows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run_load(tmp_path, LoadConfig(seconds=SECONDS), Bounds())
    with capsys.disabled():
        print(f"\n{report.text()}")
    assert report.problems == []
    kinds = {sample.kind for sample in report.samples}
    assert {"stream", "chat", "embed", "image", "create", "quantize", "pull", "tags", "show", "ps"} <= kinds
    assert sum(sample.outcome.left for sample in report.samples) > 10
    assert any(sample.loaded for sample in report.samples)
