"""A sequence: one generation in progress."""

import time
from enum import Enum

from paddock.engine.binding import Model, SamplerChain
from paddock.engine.sampling import counts_history, make_chain
from paddock.engine.text import TextStream
from paddock.ipc import Finished, FinishReason, Generate

REPLY_CONTEXTS = 10
"""A reply without a limit of its own ends after this many contexts' worth of tokens, as Ollama's does."""


class State(Enum):
    """Where a sequence stands."""

    WAITING = "waiting"
    PREFILLING = "prefilling"
    DECODING = "decoding"
    FINISHED = "finished"


class PromptTooLong(ValueError):
    """The prompt does not fit the context and may not be cut."""


class Sequence:
    """One generation: its tokens (prompt, then reply), how many of them are computed, and how to go on."""

    def __init__(self, request: Generate, prompt: list[int], model: Model, context_length: int) -> None:
        """Take up `request`, whose prompt has the tokens `prompt`; `context_length` is the model's limit.

        Raises:
            PromptTooLong: if the prompt does not fit and `request.truncate` is off.
        """
        self.id = request.id
        self.request = request
        self.num_ctx = min(request.num_ctx or context_length, context_length)
        if len(prompt) >= self.num_ctx:
            prompt = cut_prompt(prompt, self.num_ctx, request.num_keep, model.adds_bos, request.truncate)
        self.tokens = prompt
        self.prompt_length = len(prompt)
        self.computed = 0
        self.cached = 0
        self.state = State.WAITING
        self.slot = -1
        most = REPLY_CONTEXTS * self.num_ctx
        self.num_predict = most if request.num_predict <= 0 else min(request.num_predict, most)
        self.num_keep = min(kept_tokens(request.num_keep, self.prompt_length, model.adds_bos), self.num_ctx - 4)
        self.output = TextStream(request.stop)
        self.reply_length = 0
        self.sampler: SamplerChain = make_chain(model, request.sampling, self.num_ctx)
        if counts_history(request.sampling):
            last = request.sampling.repeat_last_n
            for token in prompt[-last:] if last > 0 else prompt if last < 0 else []:
                self.sampler.accept(token)
        self.started = time.perf_counter_ns()
        self.prefill_started = 0
        self.first_token = 0

    @property
    def pending(self) -> int:
        """How many of its tokens are still to be computed."""
        return len(self.tokens) - self.computed

    def finish(self, reason: FinishReason) -> Finished:
        """Describe the end of this sequence, and free its sampler."""
        now = time.perf_counter_ns()
        self.close()
        started = self.prefill_started or now
        first = self.first_token or now
        return Finished(
            id=self.id,
            reason=reason,
            prompt_tokens=self.prompt_length,
            cached_tokens=self.cached,
            prompt_duration=first - started,
            reply_tokens=self.reply_length,
            reply_duration=now - first,
        )

    def close(self) -> None:
        """Free what the library holds for this sequence."""
        self.state = State.FINISHED
        self.sampler.close()


def kept_tokens(num_keep: int, prompt_length: int, adds_bos: bool) -> int:
    """How many tokens at the beginning survive a cut or a shift: `num_keep` (all of the prompt if negative) and BOS."""
    keep = prompt_length if num_keep < 0 else min(num_keep, prompt_length)
    return max(keep, int(adds_bos and prompt_length > 0))


def cut_prompt(prompt: list[int], num_ctx: int, num_keep: int, adds_bos: bool, truncate: bool) -> list[int]:
    """Cut a prompt of `num_ctx` tokens or more: the kept ones and the newest, down to half of what is not kept.

    Raises:
        PromptTooLong: if `truncate` is off.
    """
    if not truncate:
        raise PromptTooLong(
            f"request ({len(prompt)} tokens) exceeds the available context size ({num_ctx} tokens), try increasing it"
        )
    keep = min(kept_tokens(num_keep, len(prompt), adds_bos), num_ctx - 4)
    newest = max((num_ctx - keep) // 2, 1)
    return prompt[:keep] + prompt[-newest:]
