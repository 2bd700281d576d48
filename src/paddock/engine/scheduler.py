"""Which tokens are computed next: one for each running sequence, then prompts in the order of their arrival."""

import time
from collections import deque

from paddock.engine.binding import Batch, BatchRejected, Context, Model
from paddock.engine.sampling import token_logprob
from paddock.engine.sequence import Sequence, State
from paddock.ipc import Chunk, Failed, Finished, FinishReason, Statistics, Step, TokenLogprob


class Scheduler:
    """Runs sequences on one context. Every call of `step` computes one batch."""

    def __init__(self, model: Model, context: Context) -> None:
        self._model = model
        self._context = context
        self._batch = Batch(context.batch_tokens)
        self._waiting: deque[Sequence] = deque()
        self._running: list[Sequence] = []
        self._free_slots = list(range(context.sequences - 1, -1, -1))
        self._prompt_tokens = self._reply_tokens = self._steps = 0

    @property
    def busy(self) -> bool:
        """Whether there is anything to compute."""
        return bool(self._running or self._waiting)

    def add(self, sequence: Sequence) -> None:
        """Queue a sequence."""
        self._waiting.append(sequence)

    def cancel(self, request: int) -> None:
        """Drop the sequence of a request, if it is still here."""
        for sequence in (*self._running, *self._waiting):
            if sequence.id == request:
                self._leave(sequence)
                return

    def step(self) -> Step:
        """Compute one batch and return what it brought."""
        self._admit()
        outputs = self._fill()
        try:
            self._context.decode(self._batch)
        except BatchRejected as error:
            return self._fail_all(str(error))
        self._steps += 1
        now = time.perf_counter_ns()
        chunks: list[Chunk] = []
        finished: list[Finished] = []
        for sequence, index in outputs:
            if not sequence.first_token:
                sequence.first_token = now
                sequence.state = State.DECODING
            reason = self._extend(sequence, index, chunks)
            if reason is not None:
                finished.append(sequence.finish(reason))
                self._leave(sequence)
        return Step(tuple(chunks), tuple(finished))

    def statistics(self) -> Statistics:
        """How it stands."""
        used = sum(s.computed for s in self._running)
        return Statistics(
            running=len(self._running),
            waiting=len(self._waiting),
            prompt_tokens=self._prompt_tokens,
            reply_tokens=self._reply_tokens,
            steps=self._steps,
            free_cells=self._context.cells - used,
        )

    def close(self) -> None:
        """Free the batch."""
        self._batch.close()

    def _admit(self) -> None:
        while self._waiting and self._free_slots:
            sequence = self._waiting.popleft()
            sequence.slot = self._free_slots.pop()
            sequence.state = State.PREFILLING
            sequence.prefill_started = time.perf_counter_ns()
            self._running.append(sequence)

    def _fill(self) -> list[tuple[Sequence, int]]:
        """Put tokens into the batch; return the sequences that get logits, with their index there."""
        batch = self._batch
        batch.clear()
        outputs: list[tuple[Sequence, int]] = []
        for sequence in self._running:
            if sequence.state is State.DECODING:
                position = sequence.computed
                outputs.append((sequence, batch.add(sequence.tokens[position], position, sequence.slot, True)))
                sequence.computed = position + 1
        for sequence in self._running:
            if sequence.state is not State.PREFILLING:
                continue
            count = min(sequence.pending, batch.room - batch.size)
            start, last = sequence.computed, len(sequence.tokens) - 1
            index = -1
            for position in range(start, start + count):
                index = batch.add(sequence.tokens[position], position, sequence.slot, position == last)
            sequence.computed = start + count
            self._prompt_tokens += count
            if count and not sequence.pending:
                outputs.append((sequence, index))
        return outputs

    def _extend(self, sequence: Sequence, index: int, chunks: list[Chunk]) -> FinishReason | None:
        """Sample the next token of `sequence`; return why it ends, if it does."""
        model, request = self._model, sequence.request
        token = sequence.sampler.sample(self._context, index)
        sequence.reply_length += 1
        self._reply_tokens += 1
        text, reason = "", None
        logprobs: tuple[TokenLogprob, ...] | None = None
        if model.ends_reply(token):
            text, reason = sequence.output.flush(), "stop"
        else:
            sequence.tokens.append(token)
            if request.logprobs:
                logprobs = (token_logprob(model, token, self._context.logits(index), request.top_logprobs),)
            text = sequence.output.feed(model.piece(token, request.special_tokens))
            if sequence.output.stopped:
                reason = "stop"
            elif sequence.reply_length >= sequence.num_predict or not self._make_room(sequence):
                text += sequence.output.flush()
                reason = "length"
        if text or logprobs:
            chunks.append(Chunk(sequence.id, text, logprobs))
        return reason  # type: ignore[return-value]

    def _make_room(self, sequence: Sequence) -> bool:
        """See that the next token fits its context: shift if that is allowed. False: it has to end."""
        if len(sequence.tokens) < sequence.num_ctx:
            return True
        if not sequence.request.shift or not self._context.can_shift or self._model.is_recurrent:
            return False
        keep = sequence.num_keep
        drop = (sequence.computed - keep) // 2
        if drop < 1 or not self._context.remove(sequence.slot, keep, keep + drop):
            return False
        self._context.shift(sequence.slot, keep + drop, -1, -drop)
        del sequence.tokens[keep : keep + drop]
        sequence.computed -= drop
        return True

    def _leave(self, sequence: Sequence) -> None:
        sequence.close()
        if sequence in self._waiting:
            self._waiting.remove(sequence)
            return
        self._running.remove(sequence)
        self._context.remove(sequence.slot)
        self._free_slots.append(sequence.slot)

    def _fail_all(self, message: str) -> Step:
        failed = tuple(Failed(s.id, message) for s in self._running)
        for sequence in tuple(self._running):
            self._leave(sequence)
        return Step(failed=failed)
