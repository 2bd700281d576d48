"""Choosing the tokens of a reply that must match a constraint, and compiling constraints in the background."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias

from paddock.engine.binding import Context, LlamaModel, SamplerChain
from paddock.engine.constraints import BadConstraint, ConstraintFailed, GrammarCache, GrammarMatcher, TokenizerInfo
from paddock.ipc import Constraint, Generate, ThinkingTags

if TYPE_CHECKING:
    from paddock.engine.binding.context import Logits

log = logging.getLogger("paddock.engine")

MASK_THREADS = 2
"""Number of threads that compute masks beside the model. Eight replies take a tenth of a step of one thread at most."""

ANSWER_TOKENS = 512
"""Tokens of a reply that are kept for what follows its thinking, or a quarter of the reply's limit if that is less."""


class ConstrainedSampler:
    """Chooses the tokens of one reply. Its constraint holds from the beginning, or from where its thinking ends."""

    def __init__(
        self, model: LlamaModel, matcher: GrammarMatcher, thinking: ThinkingTags | None, num_predict: int
    ) -> None:
        """Start a reply of at most `num_predict` tokens. With `thinking`, text between those tags is unconstrained.

        A reply that does not begin with the opening tag is constrained at once. Where the model would end its reply
        within the thinking, only the thinking ends. The thinking also ends when few tokens are left for the answer, so
        that a model that thinks in circles still answers.
        """
        self._model = model
        self._matcher = matcher
        opening, closing, forced_closing = thinking or ("", "", "")
        self._opening, self._closing = opening.encode(), closing
        self._forced_closing = (forced_closing or closing).encode()
        """The text that the model is made to write to end its thinking."""
        self._thinks = thinking is not None and not opening
        self._thinking_left = num_predict - min(ANSWER_TOKENS, num_predict // 4) - self._tokens_to_close()
        """Most tokens before the thinking is closed by force."""
        self._undecided = bool(opening)
        """Whether the reply may still open the thinking."""
        self._fork = matcher.fork() if opening else None
        """While undecided, the matcher that follows the reply as if it did not; None once it cannot be the answer."""
        self._opened = b""
        """The part of the opening tag that the reply consists of, while undecided."""
        self._text = ""
        """The end of the thinking, as long as its closing tag may be."""
        self._closing_left = b""
        """The part of `_forced_closing` that is still to be written, once the thinking is being closed by force."""
        self.logits: Any = None
        """The logits by which the last token was chosen, before the constraint; kept if asked for."""

    @property
    def done(self) -> bool:
        """Whether the reply is complete and nothing can be added."""
        return not self._thinks and not self._undecided and self._matcher.done

    def precompute(self) -> None:
        """Have the first mask computed beside the prompt; call it when that starts to be computed."""
        (self._fork or self._matcher).precompute()

    def close(self) -> None:
        """Cancel pending computations; no more tokens will be chosen."""
        self._matcher.close()
        if self._fork is not None:
            self._fork.close()

    def sample(self, sampler: SamplerChain, context: Context, index: int, *, keep_logits: bool) -> int:
        """Choose the next token by the logits of the batch's token `index`.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        if keep_logits:
            self.logits = context.logits(index).copy()
        self._thinking_left -= 1
        if self._thinks:
            return self._sample_thinking(sampler, context, index)
        if self._undecided:
            return self._sample_undecided(sampler, context, index)
        self._matcher.mask_logits(context.logits(index))
        token = sampler.sample(context, index)
        self._matcher.accept(token)
        return token

    def _sample_thinking(self, sampler: SamplerChain, context: Context, index: int) -> int:
        """Choose any token, unless it would end the reply or the thinking is too long: then write the closing tag."""
        token = None if self._closing_left or self._thinking_left < 0 else sampler.sample(context, index)
        if token is None or self._model.ends_reply(token):
            self._closing_left = self._closing_left or self._forced_closing
            tag = self._matcher.tokens.prefixes(self._closing_left)[-1:]
            if not tag:
                raise ConstraintFailed("no token goes on with the tag that closes the thinking")
            mask(context.logits(index), self._matcher.tokens, None, tag)
            token = sampler.sample(context, index)
            self._closing_left = self._closing_left[len(self._model.piece(token, special=True)) :]
        text = self._text + self._model.piece(token, special=True).decode("utf-8", "replace")
        self._thinks = self._closing not in text
        self._text = text[-len(self._closing) :]
        return token

    def _tokens_to_close(self) -> int:
        """Return how many tokens it takes to close the thinking by force."""
        left, count = self._forced_closing, 0
        while left and (tokens := self._matcher.tokens.prefixes(left)):
            left = left[len(self._model.piece(tokens[-1], special=True)) :]
            count += 1
        return count

    def _sample_undecided(self, sampler: SamplerChain, context: Context, index: int) -> int:
        """Choose a token that continues the opening tag, or the answer, or both."""
        fork = self._fork
        tag = self._matcher.tokens.prefixes(self._opening[len(self._opened) :])
        if fork is None and not tag:
            raise ConstraintFailed("no token goes on with the tag that opens the thinking")
        mask(context.logits(index), self._matcher.tokens, fork, tag)
        token = sampler.sample(context, index)
        if token not in tag:
            assert fork is not None
            fork.accept(token)
            self._matcher, self._undecided = fork, False
            return token
        if fork is not None and fork.allowed_tokens()[token]:
            fork.accept(token)
        else:
            self._fork = None
        self._opened += self._model.piece(token, special=True)
        if self._opened == self._opening:
            self._undecided, self._thinks, self._text = False, True, self._opened.decode()
        return token


def mask(logits: "Logits", tokenizer: TokenizerInfo, matcher: GrammarMatcher | None, tokens: list[int]) -> None:
    """Set all logits to minus infinity but those of `tokens` and of the tokens that `matcher` allows."""
    import numpy

    allowed = matcher.allowed_tokens().copy() if matcher is not None else numpy.zeros(tokenizer.size, numpy.bool_)
    allowed[tokens] = True
    numpy.putmask(logits, ~allowed, -numpy.inf)


@dataclass(frozen=True)
class CompilerConfig:
    """How many formats are compiled at once, and for how long."""

    threads: int = 4
    """Formats that are compiled at once. One takes milliseconds, seldom a second."""
    seconds: float = 20.0
    """Seconds after which a format is given up. Nothing can stop its thread, which goes on."""
    most_abandoned: int = 4
    """Threads that were given up and have not ended. While there are so many, no format is compiled."""
    stack_bytes: int = 256 << 20
    """Address space for a thread's stack: llguidance follows references by recursion, with up to 9 kB for each."""
    close_seconds: float = 2.0
    """How long closing waits for formats that are being compiled."""


Compiled: TypeAlias = GrammarMatcher | BadConstraint
"""What became of the format of a request."""


@dataclass(eq=False)
class _Job:
    """A constraint that is compiled, and the requests that wait for it."""

    constraint: Constraint
    requests: list[Generate] = field(default_factory=list)
    given_up: bool = False
    thread: threading.Thread | None = None
    timer: threading.Timer | None = None


class GrammarCompiler:
    """Compiles the constraints of requests, each in a thread; preparing a large vocabulary takes a second, once.

    Further threads, which the first constraint starts, compute the masks of replies.
    """

    def __init__(
        self, model: LlamaModel, notify: Callable[[], None], config: CompilerConfig = CompilerConfig()
    ) -> None:
        """Call `notify` from some thread whenever a constraint is ready."""
        self._model = model
        self._notify = notify
        self._config = config
        self._grammars: GrammarCache | None = None
        self._preparing = threading.Lock()
        """Held while the vocabulary is prepared."""
        self._masks: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        """Protects everything below."""
        self._jobs: dict[Constraint, _Job] = {}
        self._queue: deque[_Job] = deque()
        self._running = 0
        self._abandoned = 0
        self._ready: list[tuple[Generate, Compiled]] = []

    def add(self, request: Generate, constraint: Constraint) -> None:
        """Start to compile the constraint of `request`; a constraint that is being compiled is not compiled twice."""
        if self._masks is None:
            self._masks = ThreadPoolExecutor(MASK_THREADS, thread_name_prefix="masks")
        with self._lock:
            job = self._jobs.get(constraint)
            if job is not None:
                job.requests.append(request)
                return
            job = self._jobs[constraint] = _Job(constraint, [request])
            self._queue.append(job)
            refused = self._start_jobs()
        if refused:
            self._notify()

    def cancel(self, request: int) -> None:
        """Forget the request of this id."""
        with self._lock:
            self._ready = [entry for entry in self._ready if entry[0].id != request]
            for job in self._jobs.values():
                job.requests = [waiting for waiting in job.requests if waiting.id != request]
            for job in [job for job in self._queue if not job.requests]:
                self._queue.remove(job)
                del self._jobs[job.constraint]

    def take(self) -> list[tuple[Generate, Compiled]]:
        """Return the requests whose constraints are ready, each with a matcher or an error."""
        with self._lock:
            ready, self._ready = self._ready, []
        return ready

    def close(self) -> None:
        """Forget all requests and end the threads; one that does not end is left behind."""
        with self._lock:
            self._queue.clear()
            threads = [job.thread for job in self._jobs.values() if job.thread is not None]
            for job in self._jobs.values():
                job.requests.clear()
                if job.timer is not None:
                    job.timer.cancel()
        deadline = monotonic() + self._config.close_seconds
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))
        if self._masks is not None:
            self._masks.shutdown(cancel_futures=True)

    def _start_jobs(self) -> bool:
        """Start as many jobs as may run; return whether requests were refused. The caller holds the lock."""
        refused = False
        while self._queue and self._running < self._config.threads:
            job = self._queue.popleft()
            if self._abandoned >= self._config.most_abandoned:
                self._fail(job, BadConstraint("no format can be compiled now: others before it do not end"))
                refused = True
                continue
            self._running += 1
            job.thread = _start_thread(lambda job=job: self._run(job), self._config.stack_bytes)  # type: ignore[misc]
            job.timer = threading.Timer(self._config.seconds, self._give_up, [job])
            job.timer.daemon = True
            job.timer.start()
        return refused

    def _run(self, job: _Job) -> None:
        """Compile a constraint and make a matcher for each request that waits for it."""
        made: GrammarMatcher | None = None
        error: BadConstraint | None = None
        try:
            made = self._compile(job.constraint)
        except BadConstraint as failure:
            error = failure
        except Exception:
            log.exception("a format cannot be compiled")
            error = BadConstraint("the format cannot be compiled")
        with self._lock:
            if job.given_up:
                self._abandoned -= 1
            else:
                self._running -= 1
                if job.timer is not None:
                    job.timer.cancel()
                if made is None:
                    self._fail(job, error or BadConstraint("the format cannot be compiled"))
                else:
                    del self._jobs[job.constraint]
                    matchers = [made, *(made.fork() for _ in job.requests[1:])]
                    self._ready += zip(job.requests, matchers, strict=False)
            self._start_jobs()
        self._notify()

    def _give_up(self, job: _Job) -> None:
        """Fail the requests whose constraint takes too long."""
        with self._lock:
            if self._jobs.get(job.constraint) is not job or job in self._queue:
                return
            log.error("a format was not compiled within %.0f s: its thread is left alone", self._config.seconds)
            job.given_up = True
            self._running -= 1
            self._abandoned += 1
            self._fail(job, BadConstraint(f"the format takes more than {self._config.seconds:.0f} s to be compiled"))
            self._start_jobs()
        self._notify()

    def _fail(self, job: _Job, error: BadConstraint) -> None:
        """Let a job have failed. The caller holds the lock."""
        del self._jobs[job.constraint]
        self._ready += [(request, error) for request in job.requests]

    def _compile(self, constraint: Constraint) -> GrammarMatcher:
        with self._preparing:
            if self._grammars is None:
                self._grammars = GrammarCache(TokenizerInfo(self._model))
        return GrammarMatcher(self._grammars.tokens, self._grammars.get(constraint), self._masks)


_stack_size = threading.Lock()
"""Held while the size of new threads' stacks is changed, which is that of all threads of the process."""


def _start_thread(target: Callable[[], None], stack_bytes: int) -> threading.Thread:
    """Start a daemon thread with a stack of its own size."""
    thread = threading.Thread(target=target, name="grammar", daemon=True)
    with _stack_size:
        before = threading.stack_size(stack_bytes)
        try:
            thread.start()
        finally:
            threading.stack_size(before)
    return thread
