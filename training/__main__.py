"""The command line: python -m training train | export | evaluate | all."""

import argparse
from pathlib import Path

RUNS = Path(__file__).parent / "runs"


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Make the model `tiny`.")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder for everything that is made")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train")
    train.add_argument("--minutes", type=float, default=100.0)
    train.add_argument("--steps", type=int, default=0)
    train.add_argument("--batch", type=int, default=16384)
    train.add_argument("--no-compile", action="store_true")
    options = parser.parse_args()
    from training import train as training

    training.train(
        training.Options(
            options.runs,
            minutes=options.minutes,
            steps=options.steps,
            batch=options.batch,
            compile=not options.no_compile,
        )
    )


if __name__ == "__main__":
    main()
