"""Training: one process a core, each with its own examples; their gradients are added up before every step."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn import functional as F

from training import tokenizer
from training.batches import Batch, Stream
from training.model import Model, Shape

Losses = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]

CHECKPOINT = "checkpoint.pt"
TOKENIZER = "tokenizer.json"
LOG = "log.txt"

VOCABULARY_SAMPLE = 40_000
"""How many examples the tokenizer is learned from."""


@dataclass(frozen=True)
class Options:
    """How to train. The schedule follows the minutes spent in steps, or the steps done where `steps` is set."""

    runs: Path
    minutes: float = 110.0
    steps: int = 0
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    seed: int = 1
    batch: int = 16384
    part: int = 4096
    think: float = 0.35
    prompt_weight: float = 0.15
    matrix_rate: float = 4e-3
    vector_rate: float = 3e-3
    decay: float = 0.1
    warmup: float = 0.015
    clip: float = 1.0
    compile: bool = True
    log_seconds: float = 20.0
    save_seconds: float = 300.0


@dataclass
class Progress:
    """What has been done."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def fraction(self, options: Options) -> float:
        """Return which part of the training is done."""
        return self.step / options.steps if options.steps else self.seconds / (60 * options.minutes)


def train(options: Options) -> None:
    """Train, or go on from the checkpoint in the folder of runs."""
    options.runs.mkdir(parents=True, exist_ok=True)
    if not (options.runs / TOKENIZER).exists():
        learned = tokenizer.train(tokenizer.sample(VOCABULARY_SAMPLE))
        learned.save(str(options.runs / TOKENIZER))
        print(f"tokenizer: {learned.get_vocab_size()} tokens", flush=True)
    with TemporaryDirectory() as meeting:
        place = Path(meeting) / "place"
        spawn(_work, (options, place), options.workers)  # type: ignore[no-untyped-call]


def load(checkpoint: Path) -> Model:
    """Read the model of a checkpoint."""
    saved = torch.load(checkpoint, weights_only=True)
    model = Model(Shape(**saved["shape"]))
    model.load_state_dict(saved["model"])
    return model.eval()


class Worker:
    """One of the processes. All hold the same weights, and do the same step with the gradients of all."""

    def __init__(self, rank: int, options: Options) -> None:
        self.rank = rank
        self.options = options
        self.tokenizer = tokenizer.load(options.runs / TOKENIZER)
        torch.manual_seed(options.seed)
        self.model = Model(Shape(self.tokenizer.get_vocab_size()))
        self.stream = Stream(self.tokenizer, f"{options.seed}/{rank}", options.part, options.think)
        self.progress = Progress()
        self.gradients, self.sums = _shared_gradients(self.model)
        self.optimizers = _optimizers(self.model, options)
        self.losses = _losses(self.model)
        self.log = Log(options, rank)

    def run(self) -> None:
        """Train until all is done."""
        self._resume()
        if self.progress.fraction(self.options) >= 1:
            self.log.write("all is done already")
            return
        if self.options.compile:
            trial = Stream(self.tokenizer, "trial", self.options.part, self.options.think)
            self.losses = _compiled(self.losses, trial.next(), self.options)
        dist.barrier()
        self.log.begin(self.progress)
        saved = time.monotonic()
        while self.progress.fraction(self.options) < 1:
            self._step()
            if _agreed(time.monotonic() - saved > self.options.save_seconds):
                saved = time.monotonic()
                self._save()
        self._save()

    def _step(self) -> None:
        begun = time.monotonic()
        self.gradients.zero_()
        self.sums.zero_()
        for _ in range(max(1, self.options.batch // self.options.part // self.options.workers)):
            self._add(self.stream.next())
        dist.all_reduce(self.gradients)
        dist.all_reduce(self.sums)
        weight, loss, learned, learned_loss, tokens = self.sums.tolist()
        self.gradients /= weight
        norm = float(self.gradients.norm())
        self.gradients *= min(1.0, self.options.clip / (norm + 1e-6))
        self._update(self._rate())
        self.progress.step += 1
        self.progress.tokens += int(tokens)
        self.progress.seconds += _longest(time.monotonic() - begun)
        self.log.add(self.progress, loss / weight, learned_loss / max(learned, 1), norm)

    def _add(self, batch: Batch) -> None:
        weights = batch.learned + self.options.prompt_weight * batch.given
        loss, each = self.losses(batch.tokens, weights, batch.learned.float())
        loss.backward()  # type: ignore[no-untyped-call]
        learned, given = int(batch.learned.sum()), int(batch.given.sum())
        self.sums += torch.tensor([float(weights.sum()), float(loss.detach()), learned, float(each), learned + given])

    def _rate(self) -> float:
        """Return the part of the full learning rate: up quickly, then down to nothing in a line."""
        done = self.progress.fraction(self.options)
        return min(done / self.options.warmup, 1 - done) if self.progress.step else 1e-3

    def _update(self, rate: float) -> None:
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * group["full_rate"]
            optimizer.step()

    def _save(self) -> None:
        streams: list[Any] = [None] * self.options.workers
        dist.all_gather_object(streams, self.stream.state())
        if self.rank == 0:
            state = {
                "shape": asdict(self.model.shape),
                "model": self.model.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "progress": asdict(self.progress),
                "streams": streams,
            }
            path = self.options.runs / CHECKPOINT
            torch.save(state, path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
            self.log.write(f"saved at step {self.progress.step}")

    def _resume(self) -> None:
        path = self.options.runs / CHECKPOINT
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.progress = Progress(**state["progress"])
        if len(state["streams"]) == self.options.workers:
            self.stream.restore(state["streams"][self.rank])
        else:
            seed = f"{self.options.seed}/{self.rank}/{self.progress.step}"
            self.stream = Stream(self.tokenizer, seed, self.options.part, self.options.think)
        self.log.write(f"resumed at step {self.progress.step}")


class Log:
    """Lines on the screen and in a file, from the first worker only."""

    def __init__(self, options: Options, rank: int) -> None:
        self._options = options
        self._silent = rank > 0
        self._before = Progress()
        self._at = 0.0
        self._rows: list[tuple[float, float, float]] = []

    def begin(self, progress: Progress) -> None:
        """Count from here."""
        self._before, self._at = Progress(**asdict(progress)), time.monotonic()

    def add(self, progress: Progress, loss: float, learned_loss: float, norm: float) -> None:
        """Take in a step and, from time to time, say how it goes."""
        self._rows.append((loss, learned_loss, norm))
        passed = time.monotonic() - self._at
        if passed < self._options.log_seconds:
            return
        loss, learned_loss, norm = (sum(column) / len(self._rows) for column in zip(*self._rows, strict=True))
        speed = (progress.tokens - self._before.tokens) / passed
        self.write(
            f"{100 * progress.fraction(self._options):5.1f} %  step {progress.step:6}"
            f"  {progress.tokens / 1e6:7.2f} M tokens  {speed:6.0f} tokens/s"
            f"  loss {loss:.4f}  learned {learned_loss:.4f}  gradient {norm:.3f}"
        )
        self._rows.clear()
        self.begin(progress)

    def write(self, line: str) -> None:
        """Write a line."""
        if not self._silent:
            print(line, flush=True)
            with (self._options.runs / LOG).open("a") as file:
                file.write(line + "\n")


def _work(rank: int, options: Options, meeting: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{meeting.resolve()}",
        rank=rank,
        world_size=options.workers,
        timeout=timedelta(minutes=30),
    )
    with suppress(KeyboardInterrupt):
        Worker(rank, options).run()
    dist.destroy_process_group()


def _losses(model: Model) -> Losses:
    def losses(tokens: Tensor, weights: Tensor, learned: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(tokens[:, :-1])
        each = F.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
        return (each * weights.flatten()).sum(), (each.detach() * learned.flatten()).sum()

    return losses


def _compiled(losses: Losses, trial: Batch, options: Options) -> Losses:
    """Compile for this processor; where there is no compiler, go without."""
    try:
        faster: Losses = torch.compile(losses, dynamic=True)
        loss, _ = faster(trial.tokens, trial.given + options.prompt_weight * trial.learned, trial.learned.float())
        loss.backward()  # type: ignore[no-untyped-call]
    except Exception as error:  # whatever the compiler raises, training can do without it
        print(f"not compiled: {type(error).__name__}", flush=True)
        return losses
    return faster


def _shared_gradients(model: Model) -> tuple[Tensor, Tensor]:
    """Put all gradients into one vector; return it and one for sums."""
    gradients = torch.zeros(sum(weight.numel() for weight in model.parameters()))
    start = 0
    for weight in model.parameters():
        weight.grad = gradients[start : start + weight.numel()].view_as(weight)
        start += weight.numel()
    return gradients, torch.zeros(5, dtype=torch.float64)


def _optimizers(model: Model, options: Options) -> list[torch.optim.Optimizer]:
    matrices = [weight for name, weight in model.named_parameters() if name.startswith("blk") and weight.dim() == 2]
    chosen = {id(weight) for weight in matrices}
    vectors: list[nn.Parameter] = [weight for weight in model.parameters() if id(weight) not in chosen]
    optimizers = [
        torch.optim.Muon(matrices, lr=options.matrix_rate, weight_decay=options.decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(vectors, lr=options.vector_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["full_rate"] = group["lr"]
    return optimizers


def _agreed(yes: bool) -> bool:
    """Return what the first worker says."""
    said = torch.tensor([float(yes)])
    dist.broadcast(said, 0)
    return bool(said.item())


def _longest(seconds: float) -> float:
    longest = torch.tensor([seconds], dtype=torch.float64)
    dist.all_reduce(longest, dist.ReduceOp.MAX)
    return float(longest.item())
