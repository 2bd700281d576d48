"""Running numbered cases, within a count and a time, and counting what came of them."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Verdict:
    """What came of one case."""

    outcome: str
    """A word or two for the statistics, such as `refused`."""
    complaint: str = ""
    """What was wrong; "" if nothing."""
    data: bytes = b""
    """What the case sent, if there is a complaint."""


class Fuzzer(Protocol):
    """Makes cases of one kind and sends them to a server."""

    def attack(self, dice: random.Random) -> Verdict:
        """Make a case of the dice, send it, and judge what came back. Called from several threads at once."""

    def close(self) -> None:
        """End what the fuzzer has started."""


@dataclass(frozen=True)
class FuzzConfig:
    """How much is tried."""

    count: int
    seconds: float = float("inf")
    """After so long no new case is begun."""
    seed: int = 0
    first: int = 0
    """Number of the first case."""
    threads: int = 2


@dataclass(frozen=True)
class Finding:
    """A case that was not answered as promised."""

    fuzzer: str
    number: int
    complaint: str
    data: bytes = b""

    def __str__(self) -> str:
        """Return the finding in one line."""
        return f"{self.fuzzer} {self.number}: {self.complaint}"


@dataclass
class Tally:
    """What came of the cases of one fuzzer."""

    name: str
    cases: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def text(self) -> str:
        """Return a line for people, and one for each finding."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        head = f"{self.name:12}{self.cases:6} cases in {self.seconds:6.1f} s, {len(self.findings)} findings: {counts}"
        return "\n".join([head, *(f"  {finding}" for finding in sorted(self.findings, key=lambda f: f.number))])


def dice_of(seed: int, name: str, number: int) -> random.Random:
    """Return the dice of a case."""
    return random.Random(f"{seed}:{name}:{number}")


def run_cases(name: str, fuzzer: Fuzzer, config: FuzzConfig, is_alive: Callable[[], bool]) -> Tally:
    """Run cases until there have been enough, the time is over, or the server has ended."""
    tally = Tally(name)
    numbers = itertools.count(config.first)
    began = time.monotonic()
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number = next(numbers)
            if number >= config.first + config.count or time.monotonic() > began + config.seconds or not is_alive():
                return
            try:
                verdict = fuzzer.attack(dice_of(config.seed, name, number))
            except Exception as error:  # one broken connection is a finding, and no reason to stop
                verdict = Verdict("broken", f"{type(error).__name__}: {error}")
            with lock:
                tally.cases += 1
                tally.outcomes[verdict.outcome] += 1
                if verdict.complaint:
                    tally.findings.append(Finding(name, number, verdict.complaint, verdict.data))

    threads = [threading.Thread(target=work) for _ in range(config.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.seconds = time.monotonic() - began
    return tally
