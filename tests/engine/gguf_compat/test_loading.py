"""What llama.cpp does by itself with a file, and cannot do with a translated one."""

import errno
import io
from pathlib import Path
from typing import Any

import pytest

from paddock.engine.binding import CannotRead, stream
from paddock.engine.binding.library import lib
from paddock.engine.config import EngineConfig
from paddock.engine.files import ModelPaths
from paddock.engine.inbox import Inbox
from paddock.engine.loading import load_encoder, load_model
from paddock.ipc import LoadModel
from tests.blobs import file_ref
from tests.engine.gguf_compat.text_cases import CASES
from tests.models import kinds, projectors
from tests.models.ollama_files import gemma


def test_an_encoder_that_does_not_fit_into_memory_now_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, projector = kinds.sliding_window(tmp_path / "text.gguf"), projectors.gemma(tmp_path / "projector.gguf")
    path = gemma(tmp_path / "one.gguf", text, projector)
    load = LoadModel(model=file_ref(path), projector=file_ref(path))
    files = ModelPaths(path, projector=path)
    model = load_model(path, load)

    def full() -> io.BytesIO:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stream, "_temporary_file", full)
        with pytest.raises(CannotRead, match="No space left"):
            load_encoder(files, load, model, 512, Inbox().notify, EngineConfig())
    encoder, why = load_encoder(files, load, model, 512, Inbox().notify, EngineConfig())
    assert (encoder is not None, why) == (True, "")
    assert encoder is not None
    encoder.close()
    model.close()


def test_tables_that_are_read_after_loading_are_read_from_the_translated_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = lib.llama_model_default_params

    def lazy() -> Any:
        params = default()
        params.lazy_mode = 2
        return params

    monkeypatch.setattr(lib, "llama_model_default_params", lazy)
    for path in CASES["gemma4"].write(tmp_path):
        load_model(path, LoadModel(model=file_ref(path))).close()
