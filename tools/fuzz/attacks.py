"""All fuzzers, each against a server of its own."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from tests.server.servers import ServerUnderTest

from tools.fuzz.archives import ArchiveFuzzer
from tools.fuzz.case import Finding, FuzzConfig, Fuzzer, Tally, run_cases
from tools.fuzz.checkpoints import CheckpointFuzzer
from tools.fuzz.formats import FormatFuzzer
from tools.fuzz.ggufs import GgufFuzzer
from tools.fuzz.target import Target
from tools.fuzz.templates import TemplateFuzzer

KINDS: Mapping[str, int] = {"ggufs": 3000, "checkpoints": 1000, "archives": 1000, "templates": 1000, "formats": 1000}
"""Each kind, and how many cases make a full run."""


def attack_all(folder: Path, plan: Mapping[str, FuzzConfig]) -> list[Tally]:
    """Run the fuzzers of a plan, one after the other; what was wrong with a server as a whole is a finding, too."""
    return [_attack(folder / kind, kind, config) for kind, config in plan.items()]


def _attack(folder: Path, kind: str, config: FuzzConfig) -> Tally:
    with ExitStack() as stack, Target(folder / "server") as target:
        ggufs = stack.enter_context(closing(GgufFuzzer(target, folder / "files")))
        fuzzer = stack.enter_context(closing(_fuzzer(kind, target, folder / kind, ggufs)))
        before = set(target.server.tags())
        tally = run_cases(kind, fuzzer, config, lambda: target.is_alive)
        found = target.complaints()
        if target.is_alive:
            found += _left(target.server, before)
        tally.findings += [Finding(kind, -1, complaint) for complaint in found]
    return tally


def _fuzzer(kind: str, target: Target, folder: Path, ggufs: GgufFuzzer) -> Fuzzer:
    match kind:
        case "ggufs":
            return ggufs
        case "checkpoints":
            return CheckpointFuzzer(target, folder, ggufs)
        case "archives":
            return ArchiveFuzzer(target)
        case "templates":
            return TemplateFuzzer(target, folder)
        case _:
            return FormatFuzzer(target)


def _left(server: ServerUnderTest, before: set[str]) -> list[str]:
    """Return what the cases have left behind, and whether the server still works."""
    found = []
    if new := sorted(set(server.tags()) - before):
        found.append(f"models that nobody has made are there: {new[:5]}")
    if files := [path.name for path in server.models.rglob("*.tmp")]:
        found.append(f"temporary files are left: {files[:5]}")
    answer = server.generate("beside", options={"num_predict": 2})
    if answer.status != 200:
        found.append(f"a sound model is answered with {answer.status} at the end: {answer.text[:200]}")
    return found
