"""A checkpoint made into all that a model needs of it: the model itself, and a projector where it sees."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.importing import import_checkpoint
from paddock.conversion.vision.projector import FAMILIES, projector_of, sees
from paddock.conversion.writer import Sink


def import_layers(
    checkpoint: Checkpoint,
    model: Sink,
    projector: Callable[[], AbstractContextManager[Sink]] | None,
    kind: str = "f16",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> bool:
    """Write the model to a sink, and its projector to what is opened for it; return whether there is one.

    No projector is made if `projector` is None.

    All that can be known beforehand is checked before the first byte is written. `progress` gets bytes: written, all.

    Raises:
        ConversionError: if one of them cannot be imported; the message says why.
        OSError: if a file cannot be read, or a sink not written.
    """
    planned = projector_of(checkpoint, kind) if projector is not None else None
    more, before = planned.size if planned is not None else 0, 0

    def counted(done: int, total: int) -> None:
        nonlocal before
        before = total
        progress(done, total + more)

    import_checkpoint(checkpoint, model, kind, counted)
    if planned is None or projector is None:
        return False
    with projector() as sink:
        planned.write(sink, lambda done, total: progress(before + done, before + total))
    return True


def remark(checkpoint: Checkpoint) -> str:
    """Return what whoever imports a checkpoint should be told of what it sees with, or "".

    Raises:
        ConversionError: if it is broken.
    """
    name = Config(checkpoint.config).architecture
    if name in FAMILIES and not sees(checkpoint):
        return "the checkpoint has no vision tower: the model will not see pictures"
    if name not in FAMILIES and sees(checkpoint):
        return f"leaving out the vision tower, which {name} does not use"
    return ""
