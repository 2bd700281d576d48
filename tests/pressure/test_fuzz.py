"""Mutated files and texts of strangers: no death of the server, no crash of a runner, no error without a sentence."""

import os
from pathlib import Path

import pytest
from tools.fuzz.attacks import KINDS, attack_all
from tools.fuzz.case import FuzzConfig

SHARES = {"ggufs": 0.4, "checkpoints": 0.2, "archives": 0.12, "templates": 0.16, "formats": 0.12}
"""How the time of a long run is divided."""
SECONDS = 60 * float(os.environ.get("FUZZ_MINUTES", "4"))
"""How long all fuzzers together go on, unless they have done their full count before."""
SHORT = 12


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_a_few_mutations_are_answered_as_promised(tmp_path: Path, kind: str) -> None:
    (tally,) = attack_all(tmp_path, {kind: FuzzConfig(SHORT)})
    assert tally.findings == [], tally.text()
    assert tally.cases == SHORT


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutations_are_answered_as_promised(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tally,) = attack_all(tmp_path, {kind: FuzzConfig(KINDS[kind], SECONDS * SHARES[kind])})
    with capsys.disabled():
        print(f"\n{tally.text()}")
    assert tally.findings == [], tally.text()
    assert tally.cases > SHORT
