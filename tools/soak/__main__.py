"""`python -m tools.soak`: put a server under mixed load and print what was seen."""

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from tools.soak.load import LoadConfig, run_load
from tools.soak.report import Bounds


def main() -> int:
    """Run the load; return 0 if everything was as promised."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="how long, fractions allowed (default: 1)")
    parser.add_argument("--clients", type=int, default=LoadConfig.clients)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, help="an empty folder for the server, its log, and what it used (uses.json)"
    )
    given = parser.parse_args()
    config = LoadConfig(seconds=given.hours * 3600, clients=given.clients, seed=given.seed)
    print(f"mixed load of {config.clients} clients for {config.seconds:.0f} s …", flush=True)
    if given.keep is not None:
        report = run_load(given.keep, config, Bounds())
        uses = json.dumps([dataclasses.asdict(use) for use in report.uses])
        (given.keep / "uses.json").write_text(uses)
    else:
        with tempfile.TemporaryDirectory(prefix="paddock-soak-") as folder:
            report = run_load(Path(folder), config, Bounds())
    print(report.text())
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
