"""The bare loop, which the runner is compared with: `llama_decode` and the sampler, called as directly as Python can.

    python -m bench.bare FILE.gguf [threads …]

prints its figures with flash attention off and on.
"""

import ctypes
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import llama_cpp.llama_cpp as lib

from bench.models import silence
from bench.report import WORDS


@dataclass(frozen=True)
class BareSettings:
    """Options of the context."""

    threads: int
    flash_attention: bool = False
    cells: int = 2048
    batch: int = 512
    sequences: int = 1
    unified: bool = True


class BareLoop:
    """One model and one context. `prefill` fills sequence 0, and `decode` continues it."""

    def __init__(self, path: Path, settings: BareSettings) -> None:
        silence(lib)
        lib.llama_backend_init()
        self.settings = settings
        self._model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        if not self._model:
            raise RuntimeError(f"cannot load {path}")
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = settings.cells
        parameters.n_batch = parameters.n_ubatch = settings.batch
        parameters.n_seq_max = settings.sequences
        parameters.n_threads = parameters.n_threads_batch = settings.threads
        parameters.flash_attn_type = int(settings.flash_attention)
        parameters.kv_unified = settings.unified
        parameters.swa_full = False
        self._context = lib.llama_init_from_model(self._model, parameters)
        if not self._context:
            raise RuntimeError(f"no context with {settings}")
        self._memory = lib.llama_get_memory(self._context)
        self._vocabulary = lib.llama_model_get_vocab(self._model)
        self._batch = lib.llama_batch_init(settings.batch, 0, 1)
        for i in range(settings.batch):
            self._batch.n_seq_id[i] = 1
        self._samplers = [_sampler(seed) for seed in range(settings.sequences)]
        self._prompt: Sequence[int] = ()

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of a prompt, with the special tokens that the model adds."""
        data = text.encode()
        room = len(data) + 8
        tokens = (ctypes.c_int32 * room)()
        count = lib.llama_tokenize(self._vocabulary, data, len(data), tokens, room, True, True)
        return list(tokens[:count])

    def prefill(self, prompt: Sequence[int]) -> float:
        """Compute a prompt into the emptied cache. Return the seconds until its last logits are there."""
        batch, context, size = self._batch, self._context, self.settings.batch
        token, position, logits, sequence = batch.token, batch.pos, batch.logits, batch.seq_id
        last = len(prompt) - 1
        lib.llama_memory_clear(self._memory, False)
        start = perf_counter()
        for begin in range(0, len(prompt), size):
            part = prompt[begin : begin + size]
            for i, one in enumerate(part):
                token[i] = one
                position[i] = begin + i
                logits[i] = begin + i == last
                sequence[i][0] = 0
            batch.n_tokens = len(part)
            _check(lib.llama_decode(context, batch))
        lib.llama_synchronize(context)
        self._prompt = prompt
        return perf_counter() - start

    def decode(self, count: int, *, sample: bool = True) -> float:
        """Continue the last prompt by `count` tokens. Return the seconds. Without `sample`, one token is repeated."""
        batch, context, sampler = self._batch, self._context, self._samplers[0]
        token, position = batch.token, batch.pos
        llama_decode, llama_sample = lib.llama_decode, lib.llama_sampler_sample
        batch.n_tokens = 1
        batch.logits[0] = 1
        batch.seq_id[0][0] = 0
        begin = len(self._prompt)
        next_token = self._prompt[-1]
        start = perf_counter()
        if sample:
            for at in range(begin, begin + count):
                token[0] = next_token
                position[0] = at
                llama_decode(context, batch)
                next_token = llama_sample(sampler, context, -1)
        else:
            for at in range(begin, begin + count):
                token[0] = next_token
                position[0] = at
                llama_decode(context, batch)
        lib.llama_synchronize(context)
        seconds = perf_counter() - start
        lib.llama_memory_seq_rm(self._memory, 0, begin, -1)
        return seconds

    def decode_many(self, count: int, sequences: int) -> float:
        """Continue the last prompt by `count` tokens in each of `sequences`, sharing its cells. Return the seconds."""
        batch, context, samplers = self._batch, self._context, self._samplers[:sequences]
        token, position = batch.token, batch.pos
        llama_decode, llama_sample = lib.llama_decode, lib.llama_sampler_sample
        begin = len(self._prompt)
        for one in range(sequences):
            if one:
                lib.llama_memory_seq_rm(self._memory, one, -1, -1)
                lib.llama_memory_seq_cp(self._memory, 0, one, 0, begin)
            token[one] = self._prompt[-1]
            batch.logits[one] = 1
            batch.seq_id[one][0] = one
        batch.n_tokens = sequences
        numbers = range(sequences)
        start = perf_counter()
        for at in range(begin, begin + count):
            for one in numbers:
                position[one] = at
            llama_decode(context, batch)
            for one in numbers:
                token[one] = llama_sample(samplers[one], context, one)
        seconds = perf_counter() - start
        for one in range(1, sequences):
            lib.llama_memory_seq_rm(self._memory, one, -1, -1)
        lib.llama_memory_seq_rm(self._memory, 0, begin, -1)
        return seconds

    def close(self) -> None:
        """Free the memory."""
        for sampler in self._samplers:
            lib.llama_sampler_free(sampler)
        lib.llama_batch_free(self._batch)
        lib.llama_free(self._context)
        lib.llama_model_free(self._model)


def _sampler(seed: int) -> Any:
    """Return a chain with the API's defaults: top-k 40, top-p 0.9, temperature 0.8, draw."""
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    for sampler in (
        lib.llama_sampler_init_top_k(40),
        lib.llama_sampler_init_top_p(0.9, 1),
        lib.llama_sampler_init_temp_ext(0.8, 0.0, 1.0),
        lib.llama_sampler_init_dist(seed),
    ):
        lib.llama_sampler_chain_add(chain, sampler)
    return chain


def _check(code: int) -> None:
    if code:
        raise RuntimeError(f"llama_decode answered {code}")


def _figures(loop: BareLoop, prompt: Sequence[int], reply: int, runs: int) -> list[float]:
    """Return the tokens per second of prefill, decode, decode with sampling, and four and eight sequences at once."""
    loop.prefill(prompt)
    work: list[tuple[int, Callable[[], float]]] = [
        (len(prompt), partial(loop.prefill, prompt)),
        (reply, partial(loop.decode, reply, sample=False)),
        (reply, partial(loop.decode, reply)),
        (4 * reply, partial(loop.decode_many, reply, 4)),
        (8 * reply, partial(loop.decode_many, reply, 8)),
    ]
    return [median(tokens / run() for _ in range(runs)) for tokens, run in work]


def main(arguments: Sequence[str]) -> None:
    """Print a table of figures for one file."""
    path = Path(arguments[0])
    large = path.stat().st_size > 100_000_000
    prompt_length, reply, runs = (512, 32, 3) if large else (128, 128, 9)
    print("threads flash  prefill  decode sampled  4 seqs  8 seqs  (tokens/s)")
    for threads in [int(argument) for argument in arguments[1:]] or [1, 2]:
        for flash in (False, True):
            loop = BareLoop(path, BareSettings(threads, flash, sequences=8))
            prompt = loop.tokenize(" ".join(WORDS * 100))[:prompt_length]
            figures = _figures(loop, prompt, reply, runs)
            loop.close()
            print(f"{threads:7} {'on' if flash else 'off':>5} " + " ".join(f"{f:7.0f}" for f in figures), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
