"""Images and audio in requests: whether the model takes them, which of them are sent, how many tokens they take.

Both come as `images`, the name that Ollama's API has for either.
"""

from collections.abc import Callable, Sequence

from paddock.fleet import Lease
from paddock.service.capabilities import holds_encoder
from paddock.service.errors import NotSupported
from paddock.service.resolved import ResolvedModel
from paddock.signatures import is_audio
from paddock.templates import Message
from paddock.templates.placeholders import has_placeholders, with_placeholders

NO_MEDIA = "Multimodal data provided, but model does not support multimodal requests."
"""The error text that clients of Ollama match on."""


def check_takes_media(model: ResolvedModel, files: Sequence[bytes]) -> None:
    """Check that images and audio can be sent to a model.

    Raises:
        NotSupported: if it takes none, or none of that kind, or its encoder is in a form that cannot be run.
    """
    has_vision, has_audio = "vision" in model.capabilities, "audio" in model.capabilities
    if not (has_vision or has_audio):
        raise NotSupported(NO_MEDIA)
    if model.projector is None:
        name, gguf = model.model.name.full, model.model.gguf
        raise NotSupported(
            f"{name} has its {'vision' if has_vision else 'audio'} encoder inside its GGUF file, which cannot be "
            f"run for {gguf.architecture} yet; images and audio need a projector that is a file of its own"
            if holds_encoder(gguf)
            else f"{name} comes without the projector that images and audio need"
        )
    # If the model takes audio only, the runner can say better what is wrong: it may be audio of another format.
    if not has_audio and any(map(is_audio, files)):
        raise NotSupported(f"{model.model.name.full} does not support audio")


def media_of(messages: Sequence[Message]) -> tuple[bytes, ...]:
    """Return the files of a conversation in the order in which a prompt numbers them."""
    return tuple(image for message in messages for image in message.images if isinstance(image, bytes))


def raw_with_placeholders(prompt: str, images: Sequence[bytes]) -> str:
    """Return a prompt that no template was applied to, with a placeholder for each file unless it has some."""
    if not images or has_placeholders(prompt):
        return prompt
    return with_placeholders([Message("user", prompt, images=images)])[0].content


async def media_tokens(lease: Lease, messages: Sequence[Message]) -> Callable[[Sequence[Message]], int]:
    """Measure the files of a conversation; return a function that adds up the tokens of some of its messages.

    Raises:
        RequestFailed: if one of them is neither an image nor audio.
    """
    images = list(dict.fromkeys(media_of(messages)))
    sizes = dict(zip(images, await lease.runner.measure(tuple(images)), strict=True)) if images else {}
    return lambda some: sum(sizes[image] for image in media_of(some))
