"""Pictures and recordings that come with requests: whether the model takes them, how long they make a prompt, which go
along. Both come as `images`.
"""

from collections.abc import Callable, Collection, Sequence

from paddock.fleet import Lease
from paddock.library.store.library import Model
from paddock.service.capabilities import holds_encoder, projector_file
from paddock.service.errors import NotSupported
from paddock.signatures import is_audio
from paddock.templates import Message
from paddock.templates.placeholders import has_placeholders, with_placeholders

NO_MEDIA = "Multimodal data provided, but model does not support multimodal requests."
"""What clients of Ollama know."""


def check_takes_media(model: Model, capabilities: Collection[str], files: Sequence[bytes]) -> None:
    """See that pictures and recordings can be sent to a model.

    Raises:
        NotSupported: if it takes none, or none of that kind, or holds what reads them in a form that cannot be run.
    """
    sees, hears = "vision" in capabilities, "audio" in capabilities
    if not (sees or hears):
        raise NotSupported(NO_MEDIA)
    if projector_file(model) is None:
        raise NotSupported(
            f"{model.name.full} has its {'vision' if sees else 'audio'} encoder inside its GGUF file, which cannot be "
            f"run for {model.gguf.architecture} yet; images and audio need a projector that is a file of its own"
            if holds_encoder(model.gguf)
            else f"{model.name.full} comes without the projector that images and audio need"
        )
    # What is no recording to a model that only hears, the runner tells better: it may be one of another format.
    if not hears and any(map(is_audio, files)):
        raise NotSupported(f"{model.name.full} does not support audio")


def media_of(messages: Sequence[Message]) -> tuple[bytes, ...]:
    """Return the files of a conversation in the order in which a prompt numbers them."""
    return tuple(image for message in messages for image in message.images if isinstance(image, bytes))


def raw_with_marks(prompt: str, images: Sequence[bytes]) -> str:
    """Return a prompt that no template was applied to, with a mark for each file unless it has marks."""
    if not images or has_placeholders(prompt):
        return prompt
    return with_placeholders([Message("user", prompt, images=images)])[0].content


async def media_tokens(lease: Lease, messages: Sequence[Message]) -> Callable[[Sequence[Message]], int]:
    """Measure the files of a conversation; return how many tokens those of some of its messages take.

    Raises:
        RequestFailed: if one of them is neither picture nor recording.
    """
    images = list(dict.fromkeys(media_of(messages)))
    sizes = dict(zip(images, await lease.runner.measure(tuple(images)), strict=True)) if images else {}
    return lambda some: sum(sizes[image] for image in media_of(some))
