"""What came out of a mixed load: a table for people, and the list of what was not as promised."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from tools.soak.client import Outcome
from tools.soak.watch import Use

MIB = 1 << 20


@dataclass(frozen=True)
class Bounds:
    """What is promised. Times are seconds, sizes bytes."""

    first_byte: float = 15.0
    """Longest wait of any request for the first byte of its answer."""
    loaded_first_byte: float = 5.0
    """Longest wait of a request whose model is loaded from its sending to its first byte."""
    slowdown: float = 1.0
    """By how much both may be longer, on a machine on which loading takes longer than a second."""
    server_growth: int = 10 * MIB
    """Growth of the server from the second quarter of the time to the last one, by medians."""
    total_growth: int = 40 * MIB
    """The same of the server with its runners and workers, of which now these and now those are there."""
    descriptor_growth: int = 16


@dataclass(frozen=True)
class Sample:
    """One request, and what its client saw."""

    at: float
    """Seconds since the load began."""
    kind: str
    model: str
    outcome: Outcome
    loaded: bool
    """Whether the model was loaded from the sending to the first byte."""
    may_fail: bool = False

    @property
    def waited(self) -> float:
        """Seconds until the first byte, or until the client left without one."""
        return self.outcome.seconds if self.outcome.first_byte is None else self.outcome.first_byte


@dataclass
class Report:
    """Everything that was seen, and what of it was wrong."""

    seconds: float
    load_seconds: float
    """How long the slowest of the models took to be loaded before the load began, nothing else being done."""
    samples: list[Sample]
    uses: list[Use]
    bounds: Bounds = Bounds()
    at_end: list[str] = field(default_factory=list)
    """What was wrong when all clients had gone."""

    @property
    def problems(self) -> list[str]:
        """Everything that was not as promised."""
        return [*self._late(), *self._failed(), *self._grown(), *self.at_end]

    def text(self) -> str:
        """Return the report for people."""
        lines = [
            f"{len(self.samples)} requests in {self.seconds:.0f} s; loading a model took up to "
            f"{self.load_seconds:.2f} s before the load began",
            "",
            "kind          requests   left  errors   first byte, seconds: median    95 %     most   most, loaded",
        ]
        for kind in sorted({sample.kind for sample in self.samples}):
            lines.append(_row(kind, [s for s in self.samples if s.kind == kind]))
        lines += [_row("all", self.samples), ""]
        lines += self._use_lines()
        errors = Counter(f"{s.kind}: {s.outcome.error}" for s in self.samples if s.outcome.error and not s.outcome.left)
        lines += [f"{count:6} x {error[:150]}" for error, count in errors.most_common(20)]
        lines += ["", *(f"NOT AS PROMISED: {problem}" for problem in self.problems)]
        lines.append("verdict: " + ("not as promised" if self.problems else "as promised"))
        return "\n".join(lines)

    def _late(self) -> list[str]:
        most = self.bounds.first_byte * self.bounds.slowdown
        most_loaded = self.bounds.loaded_first_byte * self.bounds.slowdown
        found = [
            f"{s.kind} of {s.model or 'no model'} at {s.at:.0f} s waited {s.waited:.1f} s for its first byte"
            for s in self.samples
            if s.waited > most
        ]
        found += [
            f"{s.kind} at {s.at:.0f} s waited {s.waited:.1f} s for its first byte, though {s.model} was loaded"
            for s in self.samples
            if s.loaded and most_loaded < s.waited <= most
        ]
        return found

    def _failed(self) -> list[str]:
        return [
            f"{s.kind} of {s.model or 'no model'} at {s.at:.0f} s: {s.outcome.status} {s.outcome.error}"
            for s in self.samples
            if s.outcome.error and not s.outcome.left and not (s.may_fail and s.outcome.status in (200, 502))
        ]

    def _grown(self) -> list[str]:
        if len(self.uses) < 8:
            return [f"memory was seen only {len(self.uses)} times"]
        found = []
        for what, values, most, unit in (
            ("the server's memory", [u.server for u in self.uses], self.bounds.server_growth, MIB),
            ("all memory", [u.total for u in self.uses], self.bounds.total_growth, MIB),
            ("descriptors", [u.descriptors for u in self.uses], self.bounds.descriptor_growth, 1),
            ("threads", [u.threads for u in self.uses], self.bounds.descriptor_growth, 1),
        ):
            before, after = quarters(values)
            if after - before > most:
                found.append(f"{what} grew from {before / unit:.0f} to {after / unit:.0f}{' MiB' * (unit == MIB)}")
        return found

    def _use_lines(self) -> list[str]:
        if len(self.uses) < 8:
            return []
        rows = []
        for what, values, unit in (
            ("server, MiB", [u.server for u in self.uses], MIB),
            ("workers, MiB", [u.others for u in self.uses], MIB),
            ("runners, MiB", [sum(u.runners) for u in self.uses], MIB),
            ("largest runner, MiB", [max(u.runners, default=0) for u in self.uses], MIB),
            ("runners", [len(u.runners) for u in self.uses], 1),
            ("descriptors", [u.descriptors for u in self.uses], 1),
            ("threads", [u.threads for u in self.uses], 1),
            ("models folder, MiB", [u.disk for u in self.uses], MIB),
        ):
            before, after = quarters(values)
            rows.append(f"{what:22}{before / unit:10.1f}{after / unit:14.1f}{max(values) / unit:10.1f}")
        return ["use                   2nd quarter  last quarter      most", *rows, ""]


def quarters(values: Sequence[int]) -> tuple[float, float]:
    """Return the medians of the second and of the last quarter of the values."""
    size = len(values) // 4
    return median(values[size : 2 * size]), median(values[-size:])


def _row(kind: str, samples: Sequence[Sample]) -> str:
    waits = sorted(s.waited for s in samples)
    loaded = [s.waited for s in samples if s.loaded]
    left = sum(s.outcome.left for s in samples)
    errors = sum(bool(s.outcome.error) and not s.outcome.left for s in samples)
    late = waits[min(len(waits) - 1, int(len(waits) * 0.95))]
    most_loaded = f"{max(loaded):8.2f}" if loaded else "       -"
    return (
        f"{kind:12}{len(samples):10}{left:7}{errors:8}{median(waits):28.2f}{late:9.2f}{waits[-1]:9.2f}    {most_loaded}"
    )
