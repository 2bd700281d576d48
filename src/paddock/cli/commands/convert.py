"""`convert`: writes a safetensors checkpoint as a GGUF file, and its vision tower as a second file; needs no server."""

from contextlib import nullcontext
from pathlib import Path

from paddock.cli.errors import CommandError
from paddock.cli.terminal.progress import ProgressDisplay, open_progress
from paddock.library.store.files import drop_temporary, open_temporary, put_in_place, remove_leftovers
from paddock.progress import Progress

TYPES = ("f16", "bf16", "f32")


def convert(folder: Path, target: Path, kind: str) -> None:
    """Write the checkpoint in `folder` to `target`, with its matrices as `kind`; an older file is replaced at the end.

    The vision tower of a multimodal model goes to a projector file in the same folder, named `mmproj-` and the name of
    `target`. A message tells whether an older projector was replaced, or left although this model has none.

    Raises:
        CommandError: if the checkpoint cannot be converted, or a file not read or written.
    """
    if kind.lower() not in TYPES:
        raise CommandError(f"--type must be one of {', '.join(TYPES)}, not {kind}")
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder")
    if target.is_dir():
        raise CommandError(f"{target} is a folder: name the file to write")

    # Imported only for a valid command: numpy takes a fifth of a second to import.
    from paddock.conversion.errors import ConversionError

    with open_progress() as display:
        display.report(Progress("converting model"))
        try:
            _convert(folder, target, kind.lower(), display)
        except ConversionError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.filename or target}: {error.strerror}") from None
        display.report(Progress("success"))


def _convert(folder: Path, target: Path, kind: str, display: ProgressDisplay) -> None:
    from paddock.conversion.checkpoint.checkpoint import Checkpoint
    from paddock.conversion.importing import import_checkpoint, vision_remark

    def report(done: int, total: int) -> None:
        display.report(Progress(f"writing {target.name}", total=total, completed=done))

    checkpoint = Checkpoint.of_folder(folder)
    projector = target.with_name(f"mmproj-{target.name}")
    remove_leftovers(target.absolute().parent)
    model_file, model_temporary = open_temporary(target.absolute().parent)
    projector_file, projector_temporary = open_temporary(target.absolute().parent)
    try:
        has_projector = import_checkpoint(checkpoint, model_file, lambda: nullcontext(projector_file), kind, report)
        had_projector = projector.exists()
        if has_projector:  # before the model, which must never be there without its projector
            put_in_place(projector_file, projector_temporary, projector.absolute())
        put_in_place(model_file, model_temporary, target.absolute())
    finally:
        drop_temporary(model_file, model_temporary)
        drop_temporary(projector_file, projector_temporary)
    if has_projector:
        replaced = ", in place of an older one" if had_projector else ""
        display.report(Progress(f"the projector is {projector.name}{replaced}"))
    elif remark := vision_remark(checkpoint):
        display.report(Progress(remark))
    if had_projector and not has_projector:
        display.report(Progress(f"the older {projector.name} was left: it does not belong to this model"))
