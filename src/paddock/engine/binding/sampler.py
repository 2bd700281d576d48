"""llama.cpp's sampler chain: choose one token by its logits."""

from typing import Any

from paddock.engine.binding.context import Context
from paddock.engine.binding.library import lib


class SamplerChain:
    """A chain of llama.cpp's samplers with the state of one sequence (penalties, random numbers).

    The samplers run in the order in which they are added.
    """

    def __init__(self) -> None:
        params = lib.llama_sampler_chain_default_params()
        params.no_perf = True
        self.pointer: Any = lib.llama_sampler_chain_init(params)
        self._sample = lib.llama_sampler_sample

    def _add(self, sampler: Any) -> None:
        lib.llama_sampler_chain_add(self.pointer, sampler)

    def add_penalties(self, vocabulary: int, last: int, repeat: float, frequency: float, presence: float) -> None:
        """Make the tokens among the `last` ones less likely."""
        self._add(lib.llama_sampler_init_penalties(vocabulary, last, repeat, frequency, presence))

    def add_top_n_sigma(self, n: float) -> None:
        """Keep the tokens whose logits are at most `n` standard deviations below the highest one."""
        self._add(lib.llama_sampler_init_top_n_sigma(n))

    def add_top_k(self, k: int) -> None:
        """Keep the `k` likeliest tokens."""
        self._add(lib.llama_sampler_init_top_k(k))

    def add_typical(self, p: float) -> None:
        """Keep the locally typical tokens that together have probability `p`."""
        self._add(lib.llama_sampler_init_typical(p, 1))

    def add_top_p(self, p: float) -> None:
        """Keep the likeliest tokens that together reach probability `p`."""
        self._add(lib.llama_sampler_init_top_p(p, 1))

    def add_min_p(self, p: float) -> None:
        """Keep the tokens that are at least `p` times as likely as the likeliest."""
        self._add(lib.llama_sampler_init_min_p(p, 1))

    def add_temperature(self, temperature: float) -> None:
        """Flatten (above 1) or sharpen the distribution."""
        self._add(lib.llama_sampler_init_temp_ext(temperature, 0.0, 1.0))

    def add_draw(self, seed: int) -> None:
        """Draw a token by probability, with a random generator of its own."""
        self._add(lib.llama_sampler_init_dist(seed))

    def add_greedy(self) -> None:
        """Take the likeliest token."""
        self._add(lib.llama_sampler_init_greedy())

    def add_mirostat(self, version: int, vocabulary: int, seed: int, tau: float, eta: float) -> None:
        """Keep the surprise near `tau` (mirostat 1.0 or 2.0) and draw a token."""
        if version == 1:
            self._add(lib.llama_sampler_init_mirostat(vocabulary, seed, tau, eta, 100))
        else:
            self._add(lib.llama_sampler_init_mirostat_v2(seed, tau, eta))

    def accept(self, token: int) -> None:
        """Count a token of the prompt towards the penalties."""
        lib.llama_sampler_accept(self.pointer, token)

    def sample(self, context: Context, index: int) -> int:
        """Choose a token by the logits of the batch's token `index`, and count it towards the penalties."""
        token: int = self._sample(self.pointer, context.pointer, index)
        return token

    def close(self) -> None:
        """Free the memory."""
        if self.pointer:
            lib.llama_sampler_free(self.pointer)
            self.pointer = None
