from dataclasses import replace

import pytest
from tools.soak.client import Outcome
from tools.soak.report import MIB, Report, Sample, quarters
from tools.soak.watch import Use

GOOD = Outcome(200, 0.2, 1.0, False, b'{"done": true}\n')
STEADY = [Use(float(n), 40 * MIB, 20, 5, (50 * MIB,), 0) for n in range(20)]


def sample(outcome: Outcome = GOOD, *, loaded: bool = False, may_fail: bool = False) -> Sample:
    return Sample(1.0, "stream", "llama", outcome, loaded, may_fail)


def report(*samples: Sample, uses: list[Use] = STEADY) -> Report:
    return Report(20.0, 0.5, list(samples), uses)


def test_a_load_that_was_as_promised_has_no_problems() -> None:
    good = report(sample(), sample(replace(GOOD, left=True)), sample(loaded=True))
    assert good.problems == []
    assert good.text().endswith("verdict: as promised")


@pytest.mark.parametrize(
    ("waited", "loaded", "problems"),
    [(14.9, False, 0), (15.1, False, 1), (4.9, True, 0), (5.1, True, 1), (15.1, True, 1)],
)
def test_a_late_first_byte_is_a_problem(waited: float, loaded: bool, problems: int) -> None:
    late = report(sample(replace(GOOD, first_byte=waited, seconds=20), loaded=loaded))
    assert len(late.problems) == problems
    assert late.text().endswith("verdict: not as promised" if problems else "verdict: as promised")


def test_bounds_are_stretched_on_a_slow_machine() -> None:
    slow = report(sample(replace(GOOD, first_byte=29)))
    slow.bounds = replace(slow.bounds, slowdown=2)
    assert slow.problems == []


def test_a_client_that_left_without_a_byte_has_waited_until_then() -> None:
    assert len(report(sample(Outcome(0, None, 16, True, b""))).problems) == 1
    assert report(sample(Outcome(0, None, 2, True, b""))).problems == []


@pytest.mark.parametrize(
    "outcome",
    [
        replace(GOOD, status=500, tail=b'{"error": "no"}'),
        replace(GOOD, tail=b'{"status": "x"}\n{"error": "no"}\n'),
        replace(GOOD, status=0, failure="reset"),
        replace(GOOD, status=503, tail=b""),
    ],
)
def test_an_error_is_a_problem_unless_its_client_had_left(outcome: Outcome) -> None:
    assert len(report(sample(outcome)).problems) == 1
    assert report(sample(replace(outcome, left=True))).problems == []


def test_a_pull_may_fail_by_the_network_but_not_by_the_server() -> None:
    assert report(sample(replace(GOOD, tail=b'{"error": "cut"}'), may_fail=True)).problems == []
    assert len(report(sample(replace(GOOD, status=500), may_fail=True)).problems) == 1


@pytest.mark.parametrize(
    "change",
    [{"server": 60 * MIB}, {"runners": (200 * MIB,)}, {"descriptors": 60}, {"threads": 60}, {"others": 99 * MIB}],
)
def test_what_grows_is_a_problem(change: dict[str, int]) -> None:
    grown = [*STEADY[:12], *(replace(use, **change) for use in STEADY[12:])]  # type: ignore[arg-type]
    assert len(report(sample(), uses=grown).problems) == 1


def test_memory_that_nobody_has_seen_is_a_problem() -> None:
    assert len(report(sample(), uses=STEADY[:3]).problems) == 1


def test_quarters_are_the_second_and_the_last() -> None:
    assert quarters([9, 9, 1, 1, 9, 9, 5, 5]) == (1, 5)
