"""A generation: one request in progress, and how its next token is sampled and becomes text."""

import time
from collections.abc import Mapping

from paddock.engine.binding import Context, LlamaModel, SamplerChain
from paddock.engine.constraints import GrammarMatcher
from paddock.engine.generation.constrained import ConstrainedSampler
from paddock.engine.generation.detokenizer import IncrementalDetokenizer
from paddock.engine.generation.sampling import make_chain, needs_history, token_logprob
from paddock.engine.multimodal.preprocessing import MediaFile
from paddock.engine.placeholders import Placeholders
from paddock.engine.scheduler.sequence import Sequence, kept_tokens, truncate_prompt
from paddock.ipc import Chunk, Finished, FinishReason, Generate, TokenLogprob

REPLY_CONTEXTS = 10
"""Without a limit of its own, a reply ends after the tokens of this many contexts, as Ollama's does."""


def context_for(request: Generate, context_length: int, limit: int) -> int:
    """Return how many tokens a request may use: `num_ctx` or else `context_length`, and never more than `limit`."""
    return min(request.num_ctx or context_length, limit)


class Generation:
    """One request in progress: its sequence, its sampler with the sampler's state, and its text."""

    def __init__(
        self,
        request: Generate,
        prompt: list[int],
        model: LlamaModel,
        context_length: int,
        limit: int,
        matcher: GrammarMatcher | None = None,
        placeholders: Placeholders | None = None,
        media: Mapping[bytes, MediaFile] | None = None,
    ) -> None:
        """Begin with `request`, whose prompt has the tokens `prompt`. `matcher` constrains its reply.

        `placeholders` are the ranges of images and audio in the prompt, `media` these files by their hashes.

        The request may use `request.num_ctx` tokens, `context_length` if it does not say, and never more than `limit`.

        Raises:
            PromptTooLong: if the prompt does not fit and may not be truncated.
        """
        num_ctx = context_for(request, context_length, limit)
        tokens, placeholders = truncate_prompt(
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
        self._pieces = model.special_pieces if request.special_tokens else model.pieces
        self._detokenizer = IncrementalDetokenizer(request.stop)
        self._constrained: ConstrainedSampler | None = None
        if matcher is not None:
            # Thinking that goes beyond the context has lost sight of the prompt.
            room = max(num_ctx - len(tokens), num_ctx // 2 if request.shift else 0)
            self._constrained = ConstrainedSampler(model, matcher, request.thinking, min(self._num_predict, room))
        self._sampler: SamplerChain = make_chain(model, request.sampling, num_ctx)
        if needs_history(request.sampling):
            last = request.sampling.repeat_last_n
            for token in tokens[-last:] if last > 0 else tokens if last < 0 else []:
                if token >= 0:  # not a placeholder of an image or audio
                    self._sampler.accept(token)
        self._reply_tokens = 0
        self._prefill_started = 0
        """When the prefill started, in nanoseconds of `time.perf_counter_ns`; 0 before."""
        self._first_token = 0
        """When the first token was sampled; 0 before."""

    def mark_prefill_started(self) -> None:
        """Note the time, and let the constraint prepare its first mask while the prompt is computed."""
        self._prefill_started = time.perf_counter_ns()
        if self._constrained is not None:
            self._constrained.precompute()

    def sample(self, context: Context, row: int) -> int:
        """Return the next token, chosen by the logits of the batch's token `row`.

        Raises:
            ConstraintFailed: if the constraint allows no token.
        """
        if not self._first_token:
            self._first_token = time.perf_counter_ns()
        self._reply_tokens += 1
        if self._constrained is not None:
            return self._constrained.sample(self._sampler, context, row, keep_logits=self.request.logprobs)
        return self._sampler.sample(context, row)

    def process_token(self, token: int, context: Context, row: int) -> tuple[Chunk | None, FinishReason | None]:
        """Return the chunk to emit for `token`, if any, and why the reply ends, if it does.

        `row` is that of the logits by which the token was sampled.
        """
        request = self.request
        if self._model.end_tokens[token]:
            return self.flush(), "stop"
        logprobs: tuple[TokenLogprob, ...] | None = None
        if request.logprobs:
            logits = self._constrained.logits if self._constrained is not None else context.logits(row)
            logprobs = (token_logprob(self._model, token, logits, request.top_logprobs),)
        text = self._detokenizer.feed(self._pieces[token])
        reason: FinishReason | None = None
        if self._detokenizer.stopped:
            reason = "stop"
        elif self._constrained is not None and self._constrained.done:
            text += self._detokenizer.flush()
            reason = "stop"
        elif self._reply_tokens >= self._num_predict:
            text += self._detokenizer.flush()
            reason = "length"
        return Chunk(request.id, text, logprobs) if text or logprobs else None, reason

    def flush(self) -> Chunk | None:
        """Return a chunk with the text that was held back, if any. No more tokens may follow."""
        text = self._detokenizer.flush()
        return Chunk(self.request.id, text) if text else None

    def finish(self, reason: FinishReason) -> Finished:
        """Return the event that describes the end."""
        now = time.perf_counter_ns()
        first = self._first_token or now
        return Finished(
            id=self.request.id,
            reason=reason,
            prompt_tokens=self.sequence.prompt_length,
            cached_tokens=self.sequence.num_cached_tokens or 0,
            prompt_duration=first - (self._prefill_started or first),
            reply_tokens=self._reply_tokens,
            reply_duration=now - first,
        )

    def close(self) -> None:
        """Free the sampler, and the constraint's threads of this reply."""
        if self._constrained is not None:
            self._constrained.close()
        self._sampler.close()
