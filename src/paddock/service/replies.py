"""What a runner writes, as the parts of a reply: content, thinking and tool calls told apart."""

import secrets
import string

from paddock.ipc import Chunk, TokenLogprob
from paddock.parsing import Parsed, ParseError, ReplyParser
from paddock.service.requests import CalledTool, Delta

_ID_LETTERS = string.ascii_lowercase + string.digits


class ReplyReader:
    """Feeds one reply through a parser; without one, every piece is content."""

    def __init__(self, parser: ReplyParser | None) -> None:
        self._parser = parser
        self._calls = 0
        self._logprobs: tuple[TokenLogprob, ...] = ()

    def feed(self, chunk: Chunk) -> Delta | None:
        """Return what became certain with a piece; None if nothing did.

        Raises:
            ParseError: if the model wrote what cannot be read on.
        """
        if self._parser is None:
            return Delta(chunk.text, logprobs=chunk.logprobs)
        self._logprobs += chunk.logprobs or ()
        return self._delta(self._parser.feed(chunk.text))

    def finish(self) -> Delta | None:
        """Return what was held back until the end; None if there is nothing."""
        return self._delta(self._parser.finish(), last=True) if self._parser is not None else None

    def _delta(self, parsed: Parsed, *, last: bool = False) -> Delta | None:
        if parsed.error:
            raise ParseError(parsed.error)
        if not (parsed.content or parsed.thinking or parsed.calls or (last and self._logprobs)):
            return None
        calls = []
        for call in parsed.calls:
            calls.append(CalledTool(new_call_id(), self._calls, call.name, call.arguments))
            self._calls += 1
        logprobs, self._logprobs = self._logprobs, ()
        return Delta(parsed.content, parsed.thinking, tuple(calls), logprobs or None)


def new_call_id() -> str:
    """Return an id for a tool call, as Ollama writes them: `call_` and eight letters or digits."""
    return "call_" + "".join(secrets.choice(_ID_LETTERS) for _ in range(8))
