"""What the library would do by itself with a file, and cannot with one that is only shown."""

from pathlib import Path
from typing import Any

import pytest

from paddock.engine.binding.library import lib
from paddock.engine.loading import load_model
from paddock.ipc import LoadModel
from tests.engine.dialects.text_cases import CASES


def test_tables_that_are_left_in_the_file_as_long_as_there_is_one_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = lib.llama_model_default_params

    def lazy() -> Any:
        params = default()
        params.lazy_mode = 2
        return params

    monkeypatch.setattr(lib, "llama_model_default_params", lazy)
    for path in CASES["gemma4"].write(tmp_path):
        load_model(LoadModel(model=str(path))).close()
