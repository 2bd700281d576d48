"""Sampling: the chain of samplers that a request's options ask for, and log probabilities."""

import os
from typing import TYPE_CHECKING, Any

from paddock.engine.binding import LlamaModel, SamplerChain
from paddock.ipc import Sampling, TokenLogprob

if TYPE_CHECKING:
    import numpy

    from paddock.engine.binding.context import Logits

UINT32 = 0xFFFFFFFF
RANDOM_SEED = UINT32
"""The seed for which llama.cpp would draw a random one. We draw random seeds ourselves instead."""
SMALLEST_TEMPERATURE = 1e-6
"""Lower ones count as 0: logits are divided by it, and must stay numbers."""


def make_chain(model: LlamaModel, sampling: Sampling, context_length: int) -> SamplerChain:
    """Return the chain: penalties, top-n-sigma, top-k, typical, top-p, min-p, temperature, draw; each if it is on."""
    chain = SamplerChain()
    vocabulary = model.vocabulary_size
    s = sampling
    last = context_length if s.repeat_last_n < 0 else min(s.repeat_last_n, context_length)  # it has room for them all
    if last > 0 and needs_history(s):
        chain.add_penalties(vocabulary, last, s.repeat_penalty, s.frequency_penalty, s.presence_penalty)
    if s.temperature < SMALLEST_TEMPERATURE:
        chain.add_greedy()
        return chain
    seed = choose_seed(s.seed)
    if s.mirostat in (1, 2):
        chain.add_temperature(s.temperature)
        chain.add_mirostat(s.mirostat, vocabulary, seed, s.mirostat_tau, s.mirostat_eta)
        return chain
    if s.top_n_sigma > 0.0:
        chain.add_top_n_sigma(s.top_n_sigma)
    if s.top_k > 0:
        chain.add_top_k(s.top_k)
    if s.typical_p < 1.0:
        chain.add_typical(s.typical_p)
    if s.top_p < 1.0:
        chain.add_top_p(s.top_p)
    if s.min_p > 0.0:
        chain.add_min_p(s.min_p)
    chain.add_temperature(s.temperature)
    chain.add_draw(seed)
    return chain


def choose_seed(seed: int) -> int:
    """Return the 32-bit seed for the option `seed`; a negative one asks for a random seed."""
    if seed >= 0:
        return seed & UINT32 if seed & UINT32 != RANDOM_SEED else 0
    return int.from_bytes(os.urandom(4), "little") % UINT32


def needs_history(sampling: Sampling) -> bool:
    """Return whether the last tokens of the prompt matter, because there are penalties for repeating them."""
    return sampling.repeat_penalty != 1.0 or sampling.frequency_penalty != 0.0 or sampling.presence_penalty != 0.0


def log_probabilities(logits: "Logits") -> "numpy.ndarray[Any, numpy.dtype[numpy.float64]]":
    """Return the natural logarithms of the softmax of `logits`, both of shape (n_vocab,); a copy."""
    import numpy

    values = logits.astype(numpy.float64)
    values -= values.max()
    values -= numpy.log(numpy.exp(values).sum())
    return values


def token_logprob(model: LlamaModel, token: int, logits: "Logits", top: int) -> TokenLogprob:
    """Return the log probability of `token` under `logits`, and those of the `top` likeliest tokens, in order."""
    import numpy

    values = log_probabilities(logits)
    top = min(top, model.vocabulary_size)
    likeliest: list[int] = []
    if top > 0:
        candidates = numpy.argpartition(-values, top - 1)[:top]
        likeliest = [int(t) for t in candidates[numpy.argsort(-values[candidates], kind="stable")]]

    def describe(t: int, alternatives: tuple[TokenLogprob, ...] = ()) -> TokenLogprob:
        piece = model.piece(t, special=True)
        return TokenLogprob(piece.decode("utf-8", "replace"), float(values[t]), piece, alternatives)

    return describe(token, tuple(describe(t) for t in likeliest))
