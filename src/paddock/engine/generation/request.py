"""A generation: what a request asked for, and how its next token becomes text."""

import time
from collections.abc import Mapping
from typing import Any

from paddock.engine.binding import Context, Model, SamplerChain
from paddock.engine.constraints import GrammarMatcher
from paddock.engine.generation.constrained import ConstrainedSampler
from paddock.engine.generation.detokenizer import TextStream
from paddock.engine.generation.sampling import counts_history, make_chain, token_logprob
from paddock.engine.multimodal.placeholders import Placeholders
from paddock.engine.multimodal.preprocessing import MediaFile
from paddock.engine.scheduler.sequence import Sequence, cut_prompt, kept_tokens
from paddock.ipc import Chunk, Finished, FinishReason, Generate, TokenLogprob

REPLY_CONTEXTS = 10
"""A reply without a limit of its own ends after this many contexts' worth of tokens, as Ollama's does."""


def context_for(request: Generate, context_length: int, limit: int) -> int:
    """Return how many tokens a request may use: as it says or `context_length`, and never more than `limit`."""
    return min(request.num_ctx or context_length, limit)


class Generation:
    """One request in progress: its sequence, its sampler with the state that it has, its text."""

    def __init__(
        self,
        request: Generate,
        prompt: list[int],
        model: Model,
        context_length: int,
        limit: int,
        matcher: GrammarMatcher | None = None,
        placeholders: Placeholders | None = None,
        media: Mapping[bytes, MediaFile] | None = None,
    ) -> None:
        """Take up `request`, whose prompt has the tokens `prompt`; its reply must match the constraint of `matcher`.

        `placeholders` are where `media`, by their hashes, stand in the prompt.

        It may use `request.num_ctx` tokens, `context_length` if it does not say, and never more than `limit`.

        Raises:
            PromptTooLong: if the prompt does not fit and may not be cut.
        """
        num_ctx = context_for(request, context_length, limit)
        tokens, placeholders = cut_prompt(
            prompt, num_ctx, request.num_keep, model.adds_bos, request.truncate, placeholders
        )
        self.request = request
        self.media = media or {}
        self.sequence = Sequence(
            request.id,
            tokens,
            num_ctx,
            num_keep=kept_tokens(request.num_keep, len(tokens), model.adds_bos),
            may_shift=request.shift,
            use_cache=request.cache_prompt,
            placeholders=placeholders,
        )
        most = REPLY_CONTEXTS * num_ctx
        self._num_predict = most if request.num_predict <= 0 else min(request.num_predict, most)
        self._model = model
        self._text = TextStream(request.stop)
        self._constrained: ConstrainedSampler | None = None
        if matcher is not None:
            # What is thought beyond the context is thought without the prompt.
            room = max(num_ctx - len(tokens), num_ctx // 2 if request.shift else 0)
            self._constrained = ConstrainedSampler(model, matcher, request.thinking, min(self._num_predict, room))
        self._sampler: SamplerChain = make_chain(model, request.sampling, num_ctx)
        if counts_history(request.sampling):
            last = request.sampling.repeat_last_n
            for token in tokens[-last:] if last > 0 else tokens if last < 0 else []:
                if token >= 0:  # no cell of a picture or a recording
                    self._sampler.accept(token)
        self._reply_tokens = 0
        self._started = 0
        self._first_token = 0

    def start(self) -> None:
        """Say that its prompt is being computed from now on."""
        if not self._started:
            self._started = time.perf_counter_ns()
            if self._constrained is not None:
                self._constrained.precompute()

    def sample(self, context: Context, index: int) -> int:
        """Choose the next token by the logits of the batch's token `index`."""
        if not self._first_token:
            self._first_token = time.perf_counter_ns()
        self._reply_tokens += 1
        if self._constrained is not None:
            return self._constrained.sample(self._sampler, context, index, keep_logits=self.request.logprobs)
        return self._sampler.sample(context, index)

    def logits(self, context: Context, index: int) -> Any:
        """Return the logits by which the token just sampled was chosen, if the request wants to know."""
        if not self.request.logprobs:
            return None
        return self._constrained.logits if self._constrained is not None else context.logits(index)

    def take(self, token: int, logits: Any) -> tuple[Chunk | None, FinishReason | None]:
        """Return what `token` brings to show, and why the reply ends if it does; it was chosen by `logits`."""
        request = self.request
        if self._model.ends_reply(token):
            return self._chunk(self._text.flush(), None), "stop"
        logprobs: tuple[TokenLogprob, ...] | None = None
        if request.logprobs:
            logprobs = (token_logprob(self._model, token, logits, request.top_logprobs),)
        text = self._text.feed(self._model.piece(token, request.special_tokens))
        reason: FinishReason | None = None
        if self._text.stopped:
            reason = "stop"
        elif self._constrained is not None and self._constrained.done:
            text += self._text.flush()
            reason = "stop"
        elif self._reply_tokens >= self._num_predict:
            text += self._text.flush()
            reason = "length"
        return self._chunk(text, logprobs), reason

    def flush(self) -> Chunk | None:
        """Return what was held back: there will be no more tokens."""
        return self._chunk(self._text.flush(), None)

    def finish(self, reason: FinishReason) -> Finished:
        """Describe the end, and free the sampler."""
        now = time.perf_counter_ns()
        first = self._first_token or now
        self.close()
        return Finished(
            id=self.request.id,
            reason=reason,
            prompt_tokens=self.sequence.prompt_length,
            cached_tokens=self.sequence.reused or 0,
            prompt_duration=first - (self._started or first),
            reply_tokens=self._reply_tokens,
            reply_duration=now - first,
        )

    def close(self) -> None:
        """Free what the library holds for it."""
        if self._constrained is not None:
            self._constrained.close()
        self._sampler.close()

    def _chunk(self, text: str, logprobs: tuple[TokenLogprob, ...] | None) -> Chunk | None:
        return Chunk(self.request.id, text, logprobs) if text or logprobs else None
