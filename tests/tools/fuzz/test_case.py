import random
import threading

from tools.fuzz.case import FuzzConfig, Verdict, dice_of, run_cases


class Thrower:
    """Complains about every case whose dice show less than a tenth, and breaks at some."""

    def __init__(self) -> None:
        self.thrown: list[float] = []
        self._lock = threading.Lock()

    def attack(self, dice: random.Random) -> Verdict:
        number = dice.random()
        with self._lock:
            self.thrown.append(number)
        if number > 0.95:
            raise ConnectionResetError("gone")
        return Verdict("thrown", "too low" if number < 0.1 else "", b"x")

    def close(self) -> None:
        pass


def test_cases_depend_on_seed_kind_and_number_alone() -> None:
    one, other = Thrower(), Thrower()
    first = run_cases("x", one, FuzzConfig(100, threads=3), lambda: True)
    again = run_cases("x", other, FuzzConfig(100, threads=1), lambda: True)
    assert sorted(one.thrown) == sorted(other.thrown)
    assert {f.number for f in first.findings} == {f.number for f in again.findings} != set()
    assert first.cases == 100
    number = min(finding.number for finding in first.findings)
    alone = run_cases("x", Thrower(), FuzzConfig(1, first=number), lambda: True)
    assert [f.number for f in alone.findings] == [number]
    assert dice_of(0, "x", 1).random() != dice_of(1, "x", 1).random() != dice_of(1, "y", 1).random()


def test_cases_end_with_the_time_and_with_the_server() -> None:
    assert run_cases("x", Thrower(), FuzzConfig(10**9, seconds=0.2), lambda: True).cases > 0
    assert run_cases("x", Thrower(), FuzzConfig(100), lambda: False).cases == 0


def test_a_case_that_breaks_is_a_finding() -> None:
    tally = run_cases("x", Thrower(), FuzzConfig(200), lambda: True)
    assert any("ConnectionResetError: gone" in finding.complaint for finding in tally.findings)
    assert f"{len(tally.findings)} findings" in tally.text()
