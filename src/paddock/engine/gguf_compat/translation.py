"""Which files must be translated before llama.cpp reads them, and by which translation."""

import errno
import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from paddock.engine.gguf_compat.editor import MAX_GROWTH, HeaderEditor
from paddock.engine.gguf_compat.header import MALFORMED, TranslatedHeader, read_translatable
from paddock.engine.gguf_compat.language_models import LANGUAGE_MODELS
from paddock.engine.gguf_compat.projectors import PROJECTORS
from paddock.engine.gguf_compat.translated_file import TranslatedFile
from paddock.gguf import GgufError
from paddock.gguf.encoded import EncodedValue, boolean, text
from paddock.gguf.ollama_files import ENCODER_PREFIXES
from paddock.gguf.reader import read_first_keys

log = logging.getLogger(__name__)

_METADATA_GROWTH = 1 << 20
"""Bytes that a translated file may have beyond a multiple of its source, for metadata."""


def translated_model(path: Path) -> TranslatedFile | None:
    """Return a language model's file translated to llama.cpp's form; None if it has that form already, as most do.

    Raises:
        OSError: if it cannot be read.
    """
    return _translated(path, _may_need_translation, _translate_model)


def translated_projector(path: Path) -> TranslatedFile | None:
    """Return the image and audio encoders of a file translated to llama.cpp's projector form; None if it has that form.

    The file is a projector, or a model's file that also holds the encoders.

    Raises:
        OSError: if it cannot be read.
    """
    return _translated(path, lambda keys: _architecture(keys) in ("", "clip", *PROJECTORS), _translate_projector)


def _translated(
    path: Path, may_differ: Callable[[dict[str, EncodedValue]], bool], translate: Callable[[HeaderEditor], None]
) -> TranslatedFile | None:
    with ExitStack() as opened:
        # Opened once: another file may be renamed to this path at any time.
        file = opened.enter_context(path.open("rb", buffering=0))
        try:
            if not may_differ(read_first_keys(file)):
                return None
            header = read_translatable(file)
            before = TranslatedHeader(dict(header.metadata), dict(header.tensors))
            translate(HeaderEditor(file, header))
            if (header.metadata, header.tensors) == (before.metadata, before.tensors):
                return None
            translated = TranslatedFile(file, header)
            if translated.size > MAX_GROWTH * os.fstat(file.fileno()).st_size + _METADATA_GROWTH:
                raise ValueError(f"it would have {translated.size} bytes")
        except GgufError as error:
            log.debug("%s is not translated: %s", path, error)  # llama.cpp reports what is wrong with it
            return None
        except MALFORMED as error:
            log.warning("%s is not translated, for its keys or tensors are malformed: %r", path, error)
            return None
        except MemoryError:
            raise OSError(errno.ENOMEM, "there is no memory for what the file says of itself", str(path)) from None
        opened.pop_all()  # the translated file closes it
    log.info("%s is a file of Ollama's library (%s): translated for llama.cpp", path.name, before.architecture)
    return translated


def _translate_model(editor: HeaderEditor) -> None:
    translate = LANGUAGE_MODELS.get(editor.header.architecture)
    if translate is not None:
        translate(editor)
        editor.drop(*ENCODER_PREFIXES)


def _translate_projector(editor: HeaderEditor) -> None:
    header = editor.header
    translate = PROJECTORS.get(header.architecture)
    if translate is not None:
        translate(editor)
        editor.keep(*ENCODER_PREFIXES)
        for key in [key for key in header.metadata if key.startswith("tokenizer.")]:
            del header.metadata[key]
        return
    names_type = any(key.endswith("projector_type") for key in header.metadata)
    has_vision = header.metadata.get("clip.has_vision_encoder") == boolean(True)
    if header.architecture == "clip" and has_vision and not names_type:
        # LLaVA's first projectors do not name their type: there was only one then.
        editor.set("clip.projector_type", text("mlp"))


def _may_need_translation(keys: dict[str, EncodedValue]) -> bool:
    """Return whether a language model that starts with these keys may need a translation.

    This spares most files a second reading: a whole vocabulary takes a tenth of a second.
    """
    architecture = _architecture(keys)
    known = {key: keys[key].text for key in ("tokenizer.ggml.model", "tokenizer.ggml.pre") if key in keys}
    if architecture == "llama":
        bpe = known.get("tokenizer.ggml.model", "gpt2") == "gpt2"
        return bpe and known.get("tokenizer.ggml.pre", "default") in ("", "default")
    if architecture == "bert":
        return known.get("tokenizer.ggml.model", "t5") == "t5"
    return not architecture or architecture in LANGUAGE_MODELS


def _architecture(keys: dict[str, EncodedValue]) -> str:
    return keys["general.architecture"].text if "general.architecture" in keys else ""
