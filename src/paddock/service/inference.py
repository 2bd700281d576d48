"""Completing texts and answering chats: model from the library, runner from the fleet, prompt from prompting."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace

import msgspec

from paddock.fleet import Lease
from paddock.ipc import Chunk, Finished, Generate, ThinkingTags
from paddock.library.store.library import Model
from paddock.parsing import ReplyParser
from paddock.service.errors import NotSupported, RequestError
from paddock.service.loader import Loader
from paddock.service.media import check_takes_media, media_of, media_tokens, raw_with_marks
from paddock.service.models import Catalog
from paddock.service.options import InferenceOptions
from paddock.service.parsers import forced_call, free_tags, parser_for
from paddock.service.replies import ReplyReader
from paddock.service.requests import (
    CompletionRequest,
    ConversationRequest,
    Delta,
    InferenceRequest,
    Rendered,
    Summary,
)
from paddock.service.truncation import fitting_prompt
from paddock.templates import Message, PromptFormat, with_model_messages, without_leading_bos
from paddock.templates.placeholders import split_placeholders

log = logging.getLogger("paddock.service")

ROLES = ("system", "user", "assistant", "tool")

ReplyPart = Delta | Summary | Rendered


class Answer:
    """A reply in progress. Iterate over it for batches of its parts; `close` it in any case."""

    def __init__(self, parts: AsyncGenerator[list[ReplyPart], None]) -> None:
        self._parts = parts
        self._first: list[ReplyPart] | None = None

    async def start(self) -> "Answer":
        """Wait for the first part, so that what goes wrong before it can still be answered with a status."""
        self._first = await anext(self._parts)
        return self

    @property
    def is_single(self) -> bool:
        """Whether nothing is generated: the reply is one part, known already."""
        part = self._first[0] if self._first else None
        return isinstance(part, Rendered) or (isinstance(part, Summary) and part.reason in ("load", "unload"))

    async def __aiter__(self) -> AsyncIterator[list[ReplyPart]]:
        """Go through the parts, several at a time if they have piled up."""
        if self._first is not None:
            yield self._first
        async for parts in self._parts:
            yield parts

    async def close(self) -> None:
        """Cancel what is left of it."""
        await self._parts.aclose()


class Inference:
    """The service that generates text."""

    def __init__(self, loader: Loader, catalog: Catalog) -> None:
        self._loader = loader
        self._catalog = catalog

    async def complete(self, request: CompletionRequest) -> Answer:
        """Start to complete a text.

        Raises:
            RequestError, LibraryError, PromptError, FleetError: if it cannot be started.
        """
        return await Answer(self._complete(request)).start()

    async def converse(self, request: ConversationRequest) -> Answer:
        """Start to answer a chat; raises as `complete` does."""
        return await Answer(self._converse(request)).start()

    async def _complete(self, request: CompletionRequest) -> AsyncGenerator[list[ReplyPart], None]:
        started = time.perf_counter_ns()
        model = await self._loader.open(request.model)
        _check_common(request)
        if not request.prompt and request.keep_alive == 0:
            await self._loader.unload(model)
            yield [Summary("unload")]
            return
        self._check_generates(request, model, "generate")
        if request.raw and (request.template or request.system or request.context):
            raise RequestError("raw mode does not support template, system, or context")
        if request.images:
            check_takes_media(model, self._catalog.capabilities(model), request.images)
        form = _format(model, request.template)
        if request.suffix and not form.supports_suffix:
            raise NotSupported(f"{model.name.full} does not support insert")
        think = self._thinking(request, model)
        options = self._loader.options(model, request.options)
        with await self._loader.acquire(model, options, request.keep_alive) as lease:
            loaded = time.perf_counter_ns() - started
            if not request.prompt and not request.suffix:
                yield [Summary("load", total_duration=time.perf_counter_ns() - started, load_duration=loaded)]
                return
            if request.raw:
                prompt = raw_with_marks(request.prompt, request.images)
            else:
                form = _format(model, request.template, lease)
                system = request.system or model.system or ""
                history = [] if request.context else _history(model)
                prompt = await asyncio.to_thread(
                    form.generate, request.prompt, system, request.suffix, history, think, request.images
                )
                prompt = _without_bos(prompt, lease)
            if request.debug_render_only:
                yield [Rendered(prompt)]
                return
            parser = None if request.raw else parser_for(model, form, (), think, prompt)
            free = None if request.raw else free_tags(model, form, think, prompt)
            images = tuple(request.images)
            async for parts in self._run(lease, request, options, prompt, images, parser, free, started, loaded):
                yield parts

    async def _converse(self, request: ConversationRequest) -> AsyncGenerator[list[ReplyPart], None]:
        started = time.perf_counter_ns()
        model = await self._loader.open(request.model)
        _check_common(request)
        for message in request.messages:
            if message.role not in ROLES:
                raise RequestError(f"message role must be one of {', '.join(ROLES)}, not {message.role!r}")
        if sent := media_of(request.messages):
            check_takes_media(model, self._catalog.capabilities(model), sent)
        if not request.messages and request.keep_alive == 0:
            await self._loader.unload(model)
            yield [Summary("unload")]
            return
        self._check_generates(request, model, "chat")
        if request.tool_choice == "none":
            request = replace(request, tools=())
        if request.tools and "tools" not in self._catalog.capabilities(model):
            raise NotSupported(f"{model.name.full} does not support tools")
        think = self._thinking(request, model)
        options = self._loader.options(model, request.options)
        call = forced_call(model, _format(model, ""), request, options.stop)
        if call is not None:
            request = replace(request, constraint=call)
        with await self._loader.acquire(model, options, request.keep_alive) as lease:
            loaded = time.perf_counter_ns() - started
            if not request.messages:
                yield [Summary("load", total_duration=time.perf_counter_ns() - started, load_duration=loaded)]
                return
            conversation = with_model_messages(request.messages, model.system or "", _history(model))
            form = _format(model, "", lease)

            async def render(messages: Sequence[Message]) -> str:
                prompt = await asyncio.to_thread(form.chat, messages, request.tools, think)
                return _without_bos(prompt, lease)

            async def count(prompt: str) -> int:
                return len(await lease.runner.tokenize(prompt))

            kept: Sequence[Message] = conversation
            if request.truncate:
                measure = await media_tokens(lease, conversation)
                prompt, kept = await fitting_prompt(conversation, render, count, options.num_ctx, measure)
            else:
                prompt = await render(conversation)
            if request.debug_render_only:
                yield [Rendered(prompt)]
                return
            last = request.messages[-1]
            parser = parser_for(model, form, request.tools, think, prompt, last)
            free = free_tags(model, form, think, prompt, call=call is not None)
            images = media_of(kept)
            async for parts in self._run(lease, request, options, prompt, images, parser, free, started, loaded):
                yield parts

    def _check_generates(self, request: InferenceRequest, model: Model, what: str) -> None:
        """Refuse a model that only embeds."""
        if "completion" not in self._catalog.capabilities(model):
            raise NotSupported(f'"{request.model}" does not support {what}')

    def _thinking(self, request: InferenceRequest, model: Model) -> bool | str | None:
        """Whether, or how much, the model is to think: unless the client says, it does if it can."""
        if request.think is not None and not request.think:
            return False
        if "thinking" in self._catalog.capabilities(model):
            return True if request.think is None else request.think
        if request.think:
            raise NotSupported(f'"{request.model}" does not support thinking')
        return None

    async def _run(
        self,
        lease: Lease,
        request: InferenceRequest,
        options: InferenceOptions,
        prompt: str,
        images: tuple[bytes, ...],
        parser: ReplyParser | None,
        free: ThinkingTags | None,
        started: int,
        loaded: int,
    ) -> AsyncIterator[list[ReplyPart]]:
        completion = request if isinstance(request, CompletionRequest) else None
        context = completion.context if completion else ()
        text, placeholders = split_placeholders(prompt, len(images))
        asked = _generate(request, options, text, context)
        asked = msgspec.structs.replace(
            asked,
            images=images,
            placeholders=placeholders,
            # A parser needs to see the tags, which may be special tokens.
            special_tokens=parser is not None,
            thinking=free if request.constraint is not None else None,
        )
        reply = lease.runner.generate(asked)
        reader = ReplyReader(parser)
        texts: list[str] = []
        keeps_context = completion is not None and not completion.raw
        try:
            finished: Finished | None = None
            while finished is None:
                parts: list[ReplyPart] = []
                for event in await reply.read():
                    if isinstance(event, Chunk):
                        delta = reader.feed(event)
                        if keeps_context:
                            texts.append(event.text)
                    else:
                        finished, delta = event, reader.finish()
                    if delta is not None:
                        parts.append(delta)
                if finished is not None:
                    tokens = None
                    if keeps_context:
                        if parts:
                            yield parts
                            parts = []
                        whole = prompt + "".join(texts)
                        tokens = await lease.runner.tokenize(whole, context=context, add_special=False)
                    parts.append(_summary(finished, tokens, started, loaded))
                if parts:
                    yield parts
        finally:
            reply.close()


def _generate(request: InferenceRequest, options: InferenceOptions, prompt: str, context: tuple[int, ...]) -> Generate:
    return Generate(
        id=0,
        prompt=prompt,
        context=context,
        sampling=options.sampling,
        num_predict=options.num_predict,
        num_ctx=options.num_ctx,
        num_keep=options.num_keep,
        stop=options.stop,
        truncate=request.truncate,
        shift=request.shift,
        logprobs=request.logprobs,
        top_logprobs=request.top_logprobs if request.logprobs else 0,
        cache_prompt=options.cache_prompt,
        constraint=request.constraint,
    )


def _summary(finished: Finished, context: Sequence[int] | None, started: int, loaded: int) -> Summary:
    return Summary(
        reason=finished.reason,
        total_duration=time.perf_counter_ns() - started,
        load_duration=loaded,
        prompt_tokens=finished.prompt_tokens,
        cached_tokens=finished.cached_tokens,
        prompt_duration=finished.prompt_duration,
        reply_tokens=finished.reply_tokens,
        reply_duration=finished.reply_duration,
        context=context,
    )


def _check_common(request: InferenceRequest) -> None:
    if not 0 <= request.top_logprobs <= 20:
        raise RequestError("top_logprobs must be between 0 and 20")


def _history(model: Model) -> list[Message]:
    return [Message(m["role"], m["content"]) for m in model.messages]


def _format(model: Model, template: str, lease: Lease | None = None) -> PromptFormat:
    """Find the model's prompt format; with a lease, its special tokens have their texts."""
    loaded = lease.runner.loaded if lease is not None else None
    bos, eos = (loaded.bos, loaded.eos) if loaded is not None else ("", "")
    chat_template = model.gguf.metadata.get("tokenizer.chat_template")
    text = chat_template if isinstance(chat_template, str) else None
    renderer = "" if template else model.config.renderer
    return PromptFormat.from_model(template or model.template, text, bos, eos, renderer)


def _without_bos(prompt: str, lease: Lease) -> str:
    """Leave out a beginning-of-sequence token that tokenizing will add."""
    loaded = lease.runner.loaded
    assert loaded is not None
    return without_leading_bos(prompt, loaded.bos) if loaded.adds_bos else prompt
