"""`python -m tools.fuzz [KIND…]`: attack a server with mutated files and texts, and print what was not as promised."""

import argparse
import sys
import tempfile
from pathlib import Path

from tools.fuzz.attacks import KINDS, attack_all
from tools.fuzz.case import FuzzConfig


def main() -> int:
    """Run the fuzzers; return 0 if everything was as promised."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{', '.join(KINDS)} (default: all)")
    parser.add_argument("--count", type=int, help="cases of each kind (default: 3000 ggufs, 1000 of the others)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="most seconds of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder for what the findings sent")
    given = parser.parse_args()
    if unknown := set(given.kinds) - set(KINDS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    findings = 0
    with tempfile.TemporaryDirectory(prefix="paddock-fuzz-") as folder:
        for kind in given.kinds or KINDS:
            count = KINDS[kind] if given.count is None else given.count
            config = FuzzConfig(count, given.seconds, given.seed, given.first, given.threads)
            (tally,) = attack_all(Path(folder), {kind: config})
            print(tally.text(), flush=True)
            findings += len(tally.findings)
            if given.keep is not None:
                given.keep.mkdir(parents=True, exist_ok=True)
                for finding in tally.findings:
                    (given.keep / f"{finding.fuzzer}-{finding.number}").write_bytes(finding.data)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
