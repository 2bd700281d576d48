"""Training of `tiny-vision`: minutes on one core."""

import time
from pathlib import Path
from random import Random

import torch
from torch.nn import functional as F

from training import tokenizer as tokens
from training.vision.batches import Batch, batch, learn_tokenizer
from training.vision.model import Seer

CHECKPOINT = "vision.pt"
TOKENIZER = "vision-tokenizer.json"
RATE = 2e-3
WARMUP = 100
SAVE_EVERY = 500


def train(runs: Path, steps: int, rows: int = 48, seed: int = 1, threads: int = 1) -> Seer:
    """Train, or go on from the checkpoint in the folder of runs; return the model."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    runs.mkdir(parents=True, exist_ok=True)
    if not (runs / TOKENIZER).exists():
        learn_tokenizer().save(str(runs / TOKENIZER))
    tokenizer = tokens.load(runs / TOKENIZER)
    model = Seer(tokenizer.get_vocab_size())
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.05)
    done = 0
    if (runs / CHECKPOINT).exists():
        saved = torch.load(runs / CHECKPOINT, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        done = saved["step"]
    began = time.monotonic()
    for step in range(done, steps):
        # Each step has its own seed, so that training that was stopped goes on as it would have.
        loss = _loss(model, batch(Random(f"{seed}/{step}"), tokenizer, model.sight, rows))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min((step + 1) / WARMUP, 1 - step / steps)
        optimizer.step()
        if step % 50 == 0:
            print(f"step {step:5}  loss {loss.item():.4f}  {time.monotonic() - began:6.0f} s", flush=True)
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save(state, runs / (CHECKPOINT + ".new"))
            (runs / (CHECKPOINT + ".new")).replace(runs / CHECKPOINT)
    return model.eval()


def load(runs: Path) -> tuple[Seer, "tokens.Tokenizer"]:
    """Read the model and the tokenizer of a folder of runs."""
    tokenizer = tokens.load(runs / TOKENIZER)
    model = Seer(tokenizer.get_vocab_size())
    model.load_state_dict(torch.load(runs / CHECKPOINT, weights_only=True)["model"])
    return model.eval(), tokenizer


def _loss(model: Seer, given: Batch) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        logits, names = model(given.tokens[:, :-1], given.pictures, given.places)
    targets = given.tokens[:, 1:].masked_fill(~given.learned, -100)
    named = F.cross_entropy(names.float(), given.shown)
    return named + F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=-100)
