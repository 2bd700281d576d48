"""A request on its way to a runner: checked before the model is loaded, then with its prompt rendered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from paddock.bounds import FIELD_BOUNDS
from paddock.errors import PaddockError
from paddock.fleet import Lease
from paddock.ipc import Generate, ThinkingTags
from paddock.parsing.reply import Think
from paddock.service.errors import NotSupported, RequestError
from paddock.service.media import check_takes_media, media_of, media_tokens, raw_with_placeholders
from paddock.service.options import InferenceOptions
from paddock.service.parsers import ParserFactory, parser_factory, reply_format
from paddock.service.prompts import PromptRenderer
from paddock.service.requests import CompletionRequest, ConversationRequest, InferenceRequest, check_count
from paddock.service.resolved import ResolvedModel, template_source
from paddock.service.truncation import fitting_prompt, surely_fits
from paddock.templates import Message, prepend_model_messages
from paddock.templates.placeholders import split_placeholders
from paddock.workers.messages import TemplateSource

MAX_TOP_LOGPROBS = int(FIELD_BOUNDS["top_logprobs"].largest)
CHAT_ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, kw_only=True)
class PreparedRequest:
    """A request whose prompt is rendered. It belongs to the runner that it was prepared for, and may run repeatedly."""

    prompt: str
    """The rendered prompt, with placeholders for images as text."""
    command: Generate
    """What the runner is told: prompt, images and their places, sampling, limits, constraint."""
    new_parser: ParserFactory | None = None
    """Makes the parser of one reply; None if the whole reply is content."""
    returns_context: bool = False
    """Whether the end of the reply carries the tokens of prompt and reply."""


def check_request(request: InferenceRequest) -> None:
    """Check what can be checked without the model.

    Raises:
        RequestError: if the request is wrong.
    """
    if not 0 <= request.top_logprobs <= MAX_TOP_LOGPROBS:
        raise RequestError(f"top_logprobs must be between 0 and {MAX_TOP_LOGPROBS}")


async def check_completion(request: CompletionRequest, model: ResolvedModel, prompts: PromptRenderer) -> None:
    """Check that the model can complete the text.

    Raises:
        RequestError, NotSupported, TemplateError: if it cannot.
        TemplateWorkerFailed, TooManyJobs: if no worker can look at the template of the request.
    """
    if "completion" not in model.capabilities:
        raise NotSupported(f'"{request.model}" does not support generate')
    if request.raw and (request.template or request.system or request.context):
        raise RequestError("raw mode does not support template, system, or context")
    if request.images:
        check_takes_media(model, request.images)
    if request.template:
        supports_suffix = (await prompts.facts(request.template)).has_suffix
    else:
        model.check_template()
        supports_suffix = model.supports_suffix
    if request.suffix and not supports_suffix:
        raise NotSupported(f"{model.model.name.full} does not support insert")


def check_conversation(request: ConversationRequest, model: ResolvedModel) -> ConversationRequest:
    """Check that the model can answer the chat; return the request without tools if it may call none.

    Note in the request whether it has images.

    Raises:
        RequestError, NotSupported: if it cannot.
    """
    check_count(len(request.messages) + len(model.history))
    for message in request.messages:
        if message.role not in CHAT_ROLES:
            raise RequestError(f"message role must be one of {', '.join(CHAT_ROLES)}, not {message.role!r}")
    for message in request.messages:
        if message.images:
            check_takes_media(model, media_of(request.messages))
            request = replace(request, has_images=True)
            break
    if "completion" not in model.capabilities:
        raise NotSupported(f'"{request.model}" does not support chat')
    if request.tools:
        if request.tool_choice == "none":
            return replace(request, tools=())
        if "tools" not in model.capabilities:
            raise NotSupported(f"{model.model.name.full} does not support tools")
    return request


def thinking_of(request: InferenceRequest, model: ResolvedModel) -> Think:
    """Return whether, or how much, the model is to think: unless the request says, it does if it can.

    Raises:
        NotSupported: if the request wants it to and it cannot.
    """
    if request.think is not None and not request.think:
        return False
    if "thinking" in model.capabilities:
        return True if request.think is None else request.think
    if request.think:
        raise NotSupported(f'"{request.model}" does not support thinking')
    return None


async def prepare_completion(
    request: CompletionRequest,
    model: ResolvedModel,
    think: Think,
    options: InferenceOptions,
    lease: Lease,
    prompts: PromptRenderer,
) -> PreparedRequest:
    """Render the prompt of a text to complete.

    Raises:
        TemplateError: if the template fails.
    """
    images = tuple(request.images)
    if request.raw:
        prompt = raw_with_placeholders(request.prompt, images)
        command = _command(request, options, prompt, images, context=request.context)
        return PreparedRequest(prompt=prompt, command=command)
    source = TemplateSource(request.template) if request.template else _source(model, lease)
    prompt = _without_bos(await prompts.completion(model, source, request, think), lease)
    if request.template:
        replies = reply_format(model.model, await prompts.facts(request.template))
    else:
        replies = model.reply_format
    new_parser = parser_factory(replies, (), think, prompt)
    command = _command(
        request,
        options,
        prompt,
        images,
        context=request.context,
        special_tokens=new_parser is not None,
        thinking=replies.tags_around_thinking(think, prompt) if request.constraint is not None else None,
    )
    return PreparedRequest(prompt=prompt, command=command, new_parser=new_parser, returns_context=True)


async def prepare_conversation(
    request: ConversationRequest,
    model: ResolvedModel,
    think: Think,
    options: InferenceOptions,
    lease: Lease,
    prompts: PromptRenderer,
) -> PreparedRequest:
    """Render the prompt of a chat, with as many of its messages as fit into the context.

    Raises:
        TemplateError: if the template fails or refuses the conversation.
        FleetError: if an image or audio cannot be read.
    """
    messages: Sequence[Message] = prepend_model_messages(request.messages, model.model.system or "", model.history)
    source = _source(model, lease)
    has_images = request.has_images

    async def render(some: Sequence[Message]) -> str:
        return _without_bos(await prompts.chat(model, source, some, request.tools, think), lease)

    async def count(prompt: str) -> int:
        return len(await lease.runner.tokenize(prompt))

    prompt = await render(messages)
    if request.truncate and (has_images or not surely_fits(prompt, options.context_length)):
        media = await media_tokens(lease, messages) if has_images else None
        prompt, messages = await fitting_prompt(messages, prompt, render, count, options.context_length, media)
    new_parser = parser_factory(model.reply_format, request.tools, think, prompt, request.messages[-1])
    tags = None
    if request.constraint is not None:
        is_forced = request.tool_choice == "required"
        tags = model.reply_format.tags_around_thinking(think, prompt, before_call=is_forced)
    command = _command(
        request,
        options,
        prompt,
        media_of(messages) if has_images else (),
        special_tokens=new_parser is not None,
        thinking=tags,
    )
    return PreparedRequest(prompt=prompt, command=command, new_parser=new_parser)


def _command(
    request: InferenceRequest,
    options: InferenceOptions,
    prompt: str,
    images: tuple[bytes, ...],
    *,
    context: tuple[int, ...] = (),
    special_tokens: bool = False,
    thinking: ThinkingTags | None = None,
) -> Generate:
    constraint = request.constraint
    if isinstance(constraint, PaddockError):
        raise constraint
    text, placeholders = split_placeholders(prompt, len(images)) if images else (prompt, ())
    return Generate(
        id=0,
        prompt=text,
        images=images,
        placeholders=placeholders,
        context=context,
        sampling=options.sampling,
        num_predict=options.max_tokens,
        num_ctx=options.context_length,
        num_keep=options.keep_tokens,
        stop=options.stop,
        truncate=request.truncate,
        shift=request.shift,
        special_tokens=special_tokens,
        logprobs=request.logprobs,
        top_logprobs=request.top_logprobs if request.logprobs else 0,
        cache_prompt=options.cache_prompt,
        constraint=constraint,
        thinking=thinking,
    )


def _source(model: ResolvedModel, lease: Lease) -> TemplateSource:
    """Return what renders the model's prompts, with the texts of its special tokens, which a loaded model knows."""
    if model.template.chat_template is None:
        return model.template  # only chat templates use special tokens
    loaded = lease.runner.loaded
    assert loaded is not None
    return template_source(model.model, loaded.bos, loaded.eos)


def _without_bos(prompt: str, lease: Lease) -> str:
    """Remove a beginning-of-sequence token that tokenizing will add."""
    loaded = lease.runner.loaded
    assert loaded is not None
    return prompt.removeprefix(loaded.bos) if loaded.adds_bos else prompt
