"""Pictures that come with requests: whether the model takes them, how long they make a prompt, which go along."""

from collections.abc import Callable, Sequence

from paddock.fleet import Lease
from paddock.library.store import Model
from paddock.prompting import Message
from paddock.prompting.message import with_image_marks
from paddock.service.errors import NotSupported

NO_PICTURES = "Multimodal data provided, but model does not support multimodal requests."
"""What clients of Ollama know."""


def check_takes_pictures(model: Model, capabilities: Sequence[str]) -> None:
    """See that pictures can be sent to a model.

    Raises:
        NotSupported: if it takes none, or its file holds what sees them in a form that cannot be run.
    """
    if "vision" not in capabilities:
        raise NotSupported(NO_PICTURES)
    if not model.projector_paths:
        raise NotSupported(
            f"{model.name.full} has its vision encoder inside its GGUF file; "
            "images need one whose projector is a file of its own"
        )


def pictures_of(messages: Sequence[Message]) -> tuple[bytes, ...]:
    """Return the pictures of a conversation in the order in which a prompt numbers them."""
    return tuple(image for message in messages for image in message.images if isinstance(image, bytes))


def raw_with_marks(prompt: str, images: Sequence[bytes]) -> str:
    """Return a prompt that no template was applied to, with a mark for each picture unless it has marks."""
    if not images or "[img-" in prompt:
        return prompt
    return with_image_marks([Message("user", prompt, images=images)])[0].content


async def picture_tokens(lease: Lease, messages: Sequence[Message]) -> Callable[[Sequence[Message]], int]:
    """Measure the pictures of a conversation; return how many tokens those of some of its messages take.

    Raises:
        RequestFailed: if one of them is no picture.
    """
    images = list(dict.fromkeys(pictures_of(messages)))
    sizes = dict(zip(images, await lease.runner.measure(tuple(images)), strict=True)) if images else {}
    return lambda some: sum(sizes[image] for image in pictures_of(some))
