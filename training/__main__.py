"""The command line: python -m training train | export | evaluate | ship | all."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.evaluate import Generator

HERE = Path(__file__).parent
WEIGHTS = ("q8_0", "f16", "f32")


def main() -> int:
    """Do what the command line says; return the exit status."""
    given = _parser().parse_args()
    if given.command in ("train", "all"):
        _train(given)
    if given.command in ("export", "all"):
        _export(given)
    if given.command in ("evaluate", "all"):
        return _evaluate(given)
    if given.command == "ship":
        from training.ship import ship

        ship([given.file or given.runs / "tiny.gguf"])
    if given.command == "packaged":
        from training.ship import packaged

        print(packaged())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Make the model `tiny`.")
    parser.add_argument(
        "--runs", type=Path, default=HERE / "runs", help="folder of the checkpoint and what goes with it"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    every = commands.add_parser("all", help="train, export and evaluate")
    train = commands.add_parser("train", help="train, or go on from the last checkpoint")
    export = commands.add_parser("export", help="write the checkpoint as a GGUF file")
    evaluate = commands.add_parser("evaluate", help="ask what is held out; fails where a skill passes too little")
    commands.add_parser("packaged", help="print where the packaged model's GGUF file lies")
    shipping = commands.add_parser("ship", help="put the exported model into the package")
    shipping.add_argument("file", type=Path, nargs="?", help="the GGUF file; runs/tiny.gguf where not given")
    for command in (train, every):
        command.add_argument("--minutes", type=float, default=110.0, help="how long to train, on all cores")
        command.add_argument("--steps", type=int, default=0, help="how many steps to do, instead of minutes")
        command.add_argument("--workers", type=int, default=0, help="processes, one a core; 0: as many as cores")
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--no-compile", action="store_true", help="do without a C++ compiler")
    for command in (export, every):
        command.add_argument("--output", type=Path, help="the file to write; runs/tiny.gguf where not given")
        command.add_argument("--weights", choices=WEIGHTS, default="q8_0", help="how matrices are stored")
    for command in (evaluate, every):
        command.add_argument("--show", type=int, default=0, help="how many failures to print of each skill")
        command.add_argument("--only", nargs="*", default=[], help="names of skills")
    evaluate.add_argument("--gguf", type=Path, help="a GGUF file to ask, instead of the checkpoint")
    return parser


def _train(given: argparse.Namespace) -> None:
    from training.train import Options, train

    options = Options(
        given.runs, minutes=given.minutes, steps=given.steps, seed=given.seed, compile=not given.no_compile
    )
    train(options if not given.workers else Options(**{**vars(options), "workers": given.workers}))


def _export(given: argparse.Namespace) -> None:
    from gguf import GGMLQuantizationType
    from training import tokenizer
    from training.export import export
    from training.train import CHECKPOINT, TOKENIZER, load

    path = given.output or given.runs / "tiny.gguf"
    weights = GGMLQuantizationType[given.weights.upper()]
    export(load(given.runs / CHECKPOINT), tokenizer.load(given.runs / TOKENIZER), path, weights)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def _evaluate(given: argparse.Namespace) -> int:
    from training.evaluate import evaluate, failures, reaches_all, table

    results = evaluate(_generator(given), given.only)
    for line in (*failures(results, given.show), *table(results)):
        print(line)
    return 0 if reaches_all(results) else 1


def _generator(given: argparse.Namespace) -> "Generator":
    from training import tokenizer
    from training.evaluate import GgufGenerator, TorchGenerator
    from training.train import CHECKPOINT, TOKENIZER, load

    path = given.gguf if given.command == "evaluate" else given.output or given.runs / "tiny.gguf"
    if path:
        return GgufGenerator(path)
    return TorchGenerator(load(given.runs / CHECKPOINT), tokenizer.load(given.runs / TOKENIZER))


if __name__ == "__main__":
    sys.exit(main())
