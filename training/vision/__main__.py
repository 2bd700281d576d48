"""The command line: python -m training.vision train | export | evaluate | ship | all."""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Do what the command line says; return the exit status."""
    given = _parser().parse_args()
    if given.command in ("train", "all"):
        from training.vision.train import train

        train(given.runs, given.steps, threads=given.threads)
    if given.command in ("export", "all"):
        from training.vision.export import export
        from training.vision.train import load

        for path in export(*load(given.runs), given.runs):
            print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
    if given.command == "ship":
        from training.ship import ship
        from training.vision.names import NAME, SIGHT, TEXT

        ship([given.runs / TEXT, given.runs / SIGHT], HERE / "Modelfile", NAME)
    if given.command == "evaluate":
        from training.vision.evaluate import PASS_RATE, evaluate

        rate = evaluate(given.drawings, given.show)
        return 0 if rate >= PASS_RATE else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.vision", description="Make the model `tiny-vision`.")
    runs = HERE.parent / "runs" / "vision"
    parser.add_argument("--runs", type=Path, default=runs, help="folder of the checkpoint and what goes with it")
    commands = parser.add_subparsers(dest="command", required=True)
    every = commands.add_parser("all", help="train and export")
    train = commands.add_parser("train", help="train, or go on from the last checkpoint")
    commands.add_parser("export", help="write the checkpoint as two GGUF files")
    commands.add_parser("ship", help="put the exported model into the package")
    evaluation = commands.add_parser("evaluate", help="ask the packaged model, in a server, about held-out drawings")
    for command in (train, every):
        command.add_argument("--steps", type=int, default=5000)
        command.add_argument("--threads", type=int, default=1)
    evaluation.add_argument("--drawings", type=int, default=200)
    evaluation.add_argument("--show", type=int, default=0, help="how many failures to print")
    return parser


if __name__ == "__main__":
    sys.exit(main())
