"""Prompts are rendered in workers, since the templates are a stranger's: a model's author's, or a client's."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from paddock.service.requests import CompletionRequest
from paddock.service.resolved import ResolvedModel
from paddock.templates import Message, TemplateFailed, TemplateSyntax
from paddock.templates.message import Think, Tools
from paddock.workers.errors import TemplateWorkerFailed
from paddock.workers.messages import (
    JobFailed,
    Outcome,
    ReadTemplate,
    RenderChat,
    RenderCompletion,
    Rendered,
    TemplateFacts,
    TemplateSource,
)
from paddock.workers.pool import Workers

MAX_CLIENT_TEMPLATES = 64
"""Templates of requests whose facts are remembered."""
CLIENTS = "clients"
"""The key of jobs with templates that requests bring: they take turns with one another."""


class PromptRenderer:
    """Renders prompts for requests, on the event loop."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._facts: OrderedDict[bytes, TemplateFacts] = OrderedDict()
        """Of templates of requests, by the digest of their text."""

    def warm(self) -> None:
        """Start a worker, if there is none, while the model of a request is loaded."""
        self._workers.warm()

    async def facts(self, template: str) -> TemplateFacts:
        """Return what a template of a request tells.

        Raises:
            TemplateSyntax: if it is none.
            LimitExceeded, TemplateWorkerFailed: if reading it takes too much, or a worker failed.
        """
        digest = hashlib.sha256(template.encode("utf-8", "replace")).digest()
        facts = self._facts.get(digest)
        if facts is None:
            outcome = await self._workers.run(ReadTemplate(TemplateSource(template)), CLIENTS)
            if not isinstance(outcome, TemplateFacts):
                raise _failure(outcome)
            facts = self._facts[digest] = outcome
            if len(self._facts) > MAX_CLIENT_TEMPLATES:
                self._facts.popitem(last=False)
        if facts.problem:
            raise TemplateSyntax(facts.problem)
        return facts

    async def chat(
        self, model: ResolvedModel, source: TemplateSource, messages: Sequence[Message], tools: Tools, think: Think
    ) -> str:
        """Return the prompt of a conversation.

        Raises:
            TemplateFailed: if the template fails on it, refuses it or takes too much.
            TemplateWorkerFailed, TooManyJobs: if there is no worker for it, or its worker failed.
        """
        _check(model)
        if any(message.images for message in messages):
            messages = [_without_files(message) for message in messages]
        return _prompt(await self._workers.run(RenderChat(source, messages, tools, think), model.model.digest))

    async def completion(
        self, model: ResolvedModel, source: TemplateSource, request: CompletionRequest, think: Think
    ) -> str:
        """Return the prompt of a text to complete.

        Raises:
            TemplateFailed: if the template fails on it, has no place for a suffix or takes too much.
            TemplateWorkerFailed, TooManyJobs: if there is no worker for it, or its worker failed.
        """
        if not request.template:
            _check(model)
        job = RenderCompletion(
            source,
            request.prompt,
            request.system or model.model.system or "",
            request.suffix,
            () if request.context else model.history,
            think,
            len(request.images),
        )
        return _prompt(await self._workers.run(job, CLIENTS if request.template else model.model.digest))


def _check(model: ResolvedModel) -> None:
    """Check that the model's template is not known to be unusable.

    Raises:
        TemplateFailed: if it is.
    """
    if model.facts.problem and not model.model.config.renderer:
        raise TemplateFailed(model.facts.problem)


def _without_files(message: Message) -> Message:
    """Return a message in which something small stands for each file: a prompt shows only how many there are."""
    return replace(message, images=(True,) * len(message.images)) if message.images else message


def _prompt(outcome: Outcome) -> str:
    if isinstance(outcome, Rendered):
        return outcome.prompt
    raise _failure(outcome)


def _failure(outcome: Outcome) -> TemplateFailed | TemplateWorkerFailed:
    assert isinstance(outcome, JobFailed)
    return TemplateWorkerFailed(outcome.message) if outcome.is_ours else TemplateFailed(outcome.message)
