"""A reply in progress: what a runner writes, split into content, thinking and tool calls."""

import random
import string
import time

from paddock.fleet import Lease
from paddock.ipc import Chunk, Finished, TokenLogprob
from paddock.parsing.reply import Parsed, ParseError, ReplyParser
from paddock.service.prepared import PreparedRequest
from paddock.service.requests import Delta, RepliedCall, ReplyPart, Summary

_random = random.SystemRandom()
_ID_LETTERS = string.ascii_lowercase + string.digits


class GeneratedReply:
    """One reply. Iterate over it for lists of its parts, of which the last is a `Summary`; `close` it in any case."""

    def __init__(self, prepared: PreparedRequest, lease: Lease, *, started: int, load_duration: int) -> None:
        """Start to generate the reply.

        Args:
            prepared: what to generate.
            lease: the hold on the runner, which ends with the reply.
            started: when the request arrived, as `time.perf_counter_ns` tells it.
            load_duration: nanoseconds until the model was loaded.
        """
        self._lease = lease
        self._prompt = prepared.prompt if prepared.returns_context else ""
        self._context = prepared.command.context
        self._reply = lease.runner.generate(prepared.command)
        self._reader = ReplyReader(prepared.new_parser()) if prepared.new_parser is not None else None
        self._texts: list[str] | None = [] if prepared.returns_context else None
        self._started = started
        self._load_duration = load_duration
        self._first: list[ReplyPart] | None = None
        self._finished: Finished | None = None
        self._ended = False

    async def start(self) -> None:
        """Wait for the first parts, so that a request which fails before them can be answered with a status.

        Raises:
            FleetError: if the runner refuses the request or fails.
            ParseError: if the model writes what cannot be read.
        """
        self._first = await self.__anext__()

    def __aiter__(self) -> "GeneratedReply":
        """Return the reply itself."""
        return self

    async def __anext__(self) -> list[ReplyPart]:
        """Wait for more of the reply and return all parts that there are.

        Raises:
            FleetError, ParseError: as `start`.
        """
        if self._first is not None:
            parts, self._first = self._first, None
            return parts
        if self._finished is not None:
            return [await self._summary(self._finished)]
        reader, texts = self._reader, self._texts
        parts = []
        while not parts:
            if self._ended:
                raise StopAsyncIteration
            for event in await self._reply.read():
                if isinstance(event, Chunk):
                    delta = Delta(event.text, logprobs=event.logprobs) if reader is None else reader.feed(event)
                    if texts is not None:
                        texts.append(event.text)
                    if delta is not None:
                        parts.append(delta)
                    continue
                if reader is not None and (delta := reader.finish()) is not None:
                    parts.append(delta)
                if texts is not None and parts:
                    self._finished = event  # tokenizing the context takes a while; the text is sent before that
                else:
                    parts.append(await self._summary(event))
        return parts

    async def close(self) -> None:
        """Cancel what is left of the reply and let the runner go."""
        self._ended = True
        self._reply.close()
        self._lease.release()

    async def _summary(self, finished: Finished) -> Summary:
        self._ended, self._finished = True, None
        context = None
        if self._texts is not None:
            text = self._prompt + "".join(self._texts)
            context = await self._lease.runner.tokenize(text, context=self._context, add_special=False)
        return Summary(
            reason=finished.reason,
            total_duration=time.perf_counter_ns() - self._started,
            load_duration=self._load_duration,
            prompt_tokens=finished.prompt_tokens,
            cached_tokens=finished.cached_tokens,
            prompt_duration=finished.prompt_duration,
            reply_tokens=finished.reply_tokens,
            reply_duration=finished.reply_duration,
            context=context,
        )


class ReplyReader:
    """Feeds one reply through a parser."""

    def __init__(self, parser: ReplyParser) -> None:
        self._parser = parser
        self._num_calls = 0
        self._logprobs: tuple[TokenLogprob, ...] = ()

    def feed(self, chunk: Chunk) -> Delta | None:
        """Return what a piece of the reply makes certain; None if nothing.

        Raises:
            ParseError: if the model writes what cannot be read.
        """
        if chunk.logprobs:
            self._logprobs += chunk.logprobs
        return self._delta(self._parser.feed(chunk.text))

    def finish(self) -> Delta | None:
        """Return what the parser held back until the end; None if there is nothing."""
        return self._delta(self._parser.finish(), last=True)

    def _delta(self, parsed: Parsed, *, last: bool = False) -> Delta | None:
        if parsed.error:
            raise ParseError(parsed.error)
        if not (parsed.content or parsed.thinking or parsed.calls or (last and self._logprobs)):
            return None
        calls: list[RepliedCall] = []
        for call in parsed.calls:
            calls.append(RepliedCall(new_call_id(), self._num_calls, call.name, call.arguments))
            self._num_calls += 1
        logprobs, self._logprobs = self._logprobs, ()
        return Delta(parsed.content, parsed.thinking, tuple(calls), logprobs or None)


def new_call_id() -> str:
    """Return a new id for a tool call: `call_` and eight letters or digits, as Ollama writes them."""
    return "call_" + "".join(_random.choices(_ID_LETTERS, k=8))
