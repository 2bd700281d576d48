"""Which files have to be shown otherwise than they are, and how."""

import errno
import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from paddock.engine.gguf_compat.changes import MOST_GROWTH, Changes
from paddock.engine.gguf_compat.head import ODD, BadHead, Head, Value, boolean, first_keys, read_head, text
from paddock.engine.gguf_compat.language_models import TEXTS
from paddock.engine.gguf_compat.projectors import PROJECTORS
from paddock.engine.gguf_compat.translated_file import View
from paddock.gguf.ollama_files import OF_ENCODERS

log = logging.getLogger(__name__)

_ROOM = 1 << 20
"""Bytes that a view may have more than a multiple of its file, for what is said of it."""


def model_view(path: Path) -> View | None:
    """Return a language model's file as llama.cpp wants it; None if it is so already, as most are.

    Raises:
        OSError: if it cannot be read.
    """
    return _view(path, _may_be_another_text, _text)


def projector_view(path: Path) -> View | None:
    """Return what a model sees and hears with as llama.cpp wants it; None if the file is so already.

    The file is a projector, or that of the model, in which it lies beside the text.

    Raises:
        OSError: if it cannot be read.
    """
    return _view(path, lambda keys: _architecture(keys) in ("", "clip", *PROJECTORS), _projector)


def _view(path: Path, may_differ: Callable[[dict[str, Value]], bool], change: Callable[[Changes], None]) -> View | None:
    with ExitStack() as opened:
        # Opened once: another file may take the place of this one at any time.
        file = opened.enter_context(path.open("rb", buffering=0))
        try:
            if not may_differ(first_keys(file)):
                return None
            head = read_head(file)
            before = Head(dict(head.metadata), dict(head.tensors))
            change(Changes(file, head))
            if (head.metadata, head.tensors) == (before.metadata, before.tensors):
                return None
            view = View(file, head)
            if view.size > MOST_GROWTH * os.fstat(file.fileno()).st_size + _ROOM:
                raise ValueError(f"it would have {view.size} bytes")
        except BadHead as error:
            log.debug("%s is left as it is: %s", path, error)  # llama.cpp says what is wrong with it
            return None
        except ODD as error:
            log.warning("%s is left as it is, for something in it is not as in any other file: %r", path, error)
            return None
        except MemoryError:
            raise OSError(errno.ENOMEM, "there is no memory for what the file says of itself", str(path)) from None
        opened.pop_all()  # the view closes it
    log.info("%s is one of Ollama's own (%s): shown to llama.cpp as it wants it", path.name, before.architecture)
    return view


def _text(file: Changes) -> None:
    change = TEXTS.get(file.head.architecture)
    if change is not None:
        change(file)
        file.drop(*OF_ENCODERS)


def _projector(file: Changes) -> None:
    change = PROJECTORS.get(file.head.architecture)
    if change is not None:
        change(file)
        file.keep(*OF_ENCODERS)
        _leave_what_is_said_of_text(file.head)
    elif file.head.architecture == "clip" and not any(key.endswith("projector_type") for key in file.head.metadata):
        # LLaVA's first ones do not say what they are, and there was nothing else then.
        sees = file.head.metadata.get("clip.has_vision_encoder")
        if sees == boolean(True):
            file.set("clip.projector_type", text("mlp"))


def _leave_what_is_said_of_text(head: Head) -> None:
    for key in [key for key in head.metadata if key.startswith("tokenizer.")]:
        del head.metadata[key]


def _may_be_another_text(keys: dict[str, Value]) -> bool:
    """Whether a file with these first keys may be of a dialect. A vocabulary takes a tenth of a second to read."""
    architecture = _architecture(keys)
    known = {key: keys[key].text for key in ("tokenizer.ggml.model", "tokenizer.ggml.pre") if key in keys}
    if architecture == "llama":
        byte_pairs = known.get("tokenizer.ggml.model", "gpt2") == "gpt2"
        return byte_pairs and known.get("tokenizer.ggml.pre", "default") in ("", "default")
    if architecture == "bert":
        return known.get("tokenizer.ggml.model", "t5") == "t5"
    return not architecture or architecture in TEXTS


def _architecture(keys: dict[str, Value]) -> str:
    return keys["general.architecture"].text if "general.architecture" in keys else ""
