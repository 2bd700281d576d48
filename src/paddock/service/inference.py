"""Completing texts and answering chats: the model comes from the library, its runner from the fleet."""

import time
from dataclasses import replace

from paddock.fleet import Lease
from paddock.parsing.reply import Think
from paddock.service.loader import ModelLoader
from paddock.service.options import InferenceOptions
from paddock.service.parsers import forced_call
from paddock.service.prepared import (
    PreparedRequest,
    check_completion,
    check_conversation,
    check_request,
    prepare_completion,
    prepare_conversation,
    thinking_of,
)
from paddock.service.prompts import PromptRenderer
from paddock.service.replies import GeneratedReply
from paddock.service.requests import CompletionRequest, GenerationRequest, LoadTimes
from paddock.service.resolved import ResolvedModel
from paddock.workers.pool import Workers


class InferenceService:
    """Generates text. Its methods raise a `PaddockError` if the request cannot be served."""

    def __init__(self, loader: ModelLoader, workers: Workers) -> None:
        self._loader = loader
        self._prompts = PromptRenderer(workers)

    async def generate(self, request: GenerationRequest) -> GeneratedReply:
        """Start to answer a request; return once the first parts of the reply are there. Close the reply at the end."""
        started = time.perf_counter_ns()
        model, request, think, options = await self._accept(request)
        lease = await self._loader.acquire(model, options, request.keep_alive)
        try:
            loaded = time.perf_counter_ns() - started
            prepared = await self._prepare(request, model, think, options, lease)
            reply = GeneratedReply(prepared, lease, started=started, load_duration=loaded)
        except BaseException:
            lease.release()
            raise
        try:
            await reply.start()
        except BaseException:
            await reply.close()
            raise
        return reply

    async def render(self, request: GenerationRequest) -> str:
        """Return the prompt that a request would be answered with, without generating anything."""
        model, request, think, options = await self._accept(request)
        request = replace(request, constraint=None)  # no part of the prompt; a wrong one is no error here
        with await self._loader.acquire(model, options, request.keep_alive) as lease:
            return (await self._prepare(request, model, think, options, lease)).prompt

    async def load(self, request: GenerationRequest) -> LoadTimes:
        """Load the model of a request, with its options, for as long as it says."""
        started = time.perf_counter_ns()
        model, request, _, options = await self._accept(request)
        with await self._loader.acquire(model, options, request.keep_alive):
            loaded = time.perf_counter_ns() - started
            return LoadTimes(total_duration=time.perf_counter_ns() - started, load_duration=loaded)

    async def unload(self, request: GenerationRequest) -> None:
        """Unload the model of a request."""
        model = await self._loader.open(request.model)
        check_request(request)
        await self._loader.unload(model)

    async def _accept(
        self, request: GenerationRequest
    ) -> tuple[ResolvedModel, GenerationRequest, Think, InferenceOptions]:
        """Check everything that can be checked before the model is loaded; resolve what the request leaves open."""
        model = await self._loader.open(request.model)
        check_request(request)
        self._prompts.warm()
        if isinstance(request, CompletionRequest):
            await check_completion(request, model, self._prompts)
            return model, request, thinking_of(request, model), self._loader.options(model, request.options)
        request = check_conversation(request, model)
        think = thinking_of(request, model)
        options = self._loader.options(model, request.options)
        reply_format = model.reply_format
        if request.tool_choice == "required":
            request = replace(request, constraint=forced_call(model.model, reply_format, request, options.stop))
        return model, request, think, options

    async def _prepare(
        self, request: GenerationRequest, model: ResolvedModel, think: Think, options: InferenceOptions, lease: Lease
    ) -> PreparedRequest:
        if isinstance(request, CompletionRequest):
            return await prepare_completion(request, model, think, options, lease, self._prompts)
        return await prepare_conversation(request, model, think, options, lease, self._prompts)
