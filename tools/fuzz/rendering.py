"""Templates rendered by a pool of workers as the server has one, without a runner that would have to be loaded."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.templates.recorded import message

from paddock.workers.errors import LimitExceeded, TemplateWorkerFailed
from paddock.workers.limits import WorkerLimits
from paddock.workers.messages import JobFailed, ReadTemplate, RenderChat, TemplateFacts, TemplateSource
from paddock.workers.pool import WorkerPool
from tools.fuzz.judge import complaint

T = TypeVar("T")
PROCESSOR_SECONDS = 1.0
"""Processor time of one job; less than in a server, so that those who take all of it do not take that of the others."""


class Rendering:
    """A pool of workers on an event loop of its own, which threads may use."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._pool = self._await(_pool())

    def close(self) -> None:
        """End the workers and the thread."""
        self._await(self._pool.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def render(self, template: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> tuple[str, str]:
        """Read a Jinja template and render a chat with it; return what came of it, and what was wrong."""
        source = TemplateSource(chat_template=template)
        turns = [message(fields) for fields in messages]
        jobs = ReadTemplate(source), RenderChat(source, turns), RenderChat(source, turns, tools, True)
        outcomes = []
        for job in jobs:
            try:
                outcome = self._await(self._pool.run(job, template))
            except LimitExceeded as error:
                return "jinja: too much", complaint(str(error), own=template)
            except TemplateWorkerFailed as error:
                return "worker ended", complaint(str(error), own=template)
            text = outcome.problem if isinstance(outcome, TemplateFacts) else getattr(outcome, "message", "")
            if text and (wrong := complaint(text, own=template)):
                return "jinja: refused", wrong
            if isinstance(outcome, JobFailed) and outcome.is_ours:
                return "jinja: failed", f"it is said to be our fault: {outcome.message}"
            outcomes.append("refused" if text else "rendered")
        return f"jinja: {outcomes[1]}", ""

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _pool() -> WorkerPool:
    return WorkerPool(WorkerLimits(processor_seconds=PROCESSOR_SECONDS))
