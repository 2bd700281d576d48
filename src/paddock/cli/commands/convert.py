"""`convert`: makes a GGUF file of a checkpoint in safetensors, without a server; two of one that sees."""

from contextlib import nullcontext
from pathlib import Path

from paddock.cli.errors import CommandError
from paddock.cli.terminal.progress import open_progress
from paddock.library.store.files import drop_temporary, open_temporary, put_in_place

TYPES = ("f16", "bf16", "f32")


def convert(folder: Path, target: Path, kind: str) -> None:
    """Write the checkpoint in `folder` as `target`, with its matrices as `kind`; an older file is replaced at the end.

    What a model sees with goes into a file beside it, with `mmproj-` before the name. It is said if an older
    one was replaced, or left beside a model that has none.

    Raises:
        CommandError: if that cannot be.
    """
    if kind.lower() not in TYPES:
        raise CommandError(f"--type must be one of {', '.join(TYPES)}, not {kind}")
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder")
    if target.is_dir():
        raise CommandError(f"{target} is a folder: name the file to write")

    # numpy takes a fifth of a second to come.
    from paddock.conversion.checkpoint.checkpoint import Checkpoint
    from paddock.conversion.errors import ConversionError
    from paddock.conversion.importing import import_checkpoint, vision_remark

    with open_progress() as progress:
        progress.status("converting model")
        label, beside = f"writing {target.name}", target.with_name(f"mmproj-{target.name}")
        try:
            checkpoint = Checkpoint.of_folder(folder)
            file, temporary = open_temporary(target.absolute().parent)
            sight, sight_temporary = open_temporary(target.absolute().parent)
            try:
                seeing = import_checkpoint(
                    checkpoint,
                    file,
                    lambda: nullcontext(sight),
                    kind.lower(),
                    lambda done, total: progress.transfer(label, label, done, total),
                )
                older = beside.exists()
                if seeing:  # first: a model is never without what belongs to it
                    put_in_place(sight, sight_temporary, beside.absolute())
                put_in_place(file, temporary, target.absolute())
                if seeing:
                    replaced = ", in place of an older one" if older else ""
                    progress.status(f"the projector is {beside.name}{replaced}")
                elif text := vision_remark(checkpoint):
                    progress.status(text)
                if older and not seeing:
                    progress.status(f"the older {beside.name} was left: it does not belong to this model")
            finally:
                drop_temporary(file, temporary)
                drop_temporary(sight, sight_temporary)
        except ConversionError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.filename or target}: {error.strerror}") from None
        progress.status("success")
