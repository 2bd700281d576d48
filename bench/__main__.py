"""`python -m bench [scenario …]`: run some scenarios, or all, print their tables and keep them in `RESULTS.md`.

`--beside PYTHON` names an interpreter with sentence-transformers, which `embeddings` is then measured beside.
"""

import os
import sys
from collections.abc import Callable, Sequence

from bench import (
    crowd,
    embeddings,
    images,
    importing,
    listing,
    prompts,
    runner,
    startup,
    steps,
    stream,
    structured_output,
    transfer,
)
from bench.report import Row, keep, machine, table

SCENARIOS: dict[str, Callable[[], list[Row]]] = {
    "startup": startup.measure,
    "listing": listing.measure,
    "stream": stream.measure,
    "runner": runner.measure,
    "crowd": crowd.measure,
    "newcomer": crowd.measure_newcomer,
    "steps": steps.measure,
    "structured": structured_output.measure,
    "structured-small": structured_output.measure_small,
    "prompts": prompts.measure,
    "images": images.measure,
    "embeddings": embeddings.measure,
    "embeddings-small": embeddings.measure_small,
    "crowd-small": crowd.measure_small,
    "importing": importing.measure,
    "importing-small": importing.measure_small,
    "transfer": transfer.measure,
    "transfer-small": transfer.measure_small,
}


def main(names: Sequence[str]) -> int:
    """Run the named scenarios; the exit status is 1 if a figure misses its bar, 2 for an unknown name."""
    names = list(names)
    if "--beside" in names:
        place = names.index("--beside")
        if place + 1 == len(names):
            print("--beside needs the path of a Python", file=sys.stderr)
            return 2
        os.environ[embeddings.BESIDE] = names[place + 1]
        del names[place : place + 2]
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        print(f"no scenario {unknown[0]!r}; there are: {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    missed = 0
    for name in names or SCENARIOS:
        where = machine()
        print(f"\n{name} on {where} …", file=sys.stderr, flush=True)
        rows = SCENARIOS[name]()
        print(f"\n{table(rows)}", flush=True)
        keep(name, rows, where)
        missed += sum(row.passed is False for row in rows)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
