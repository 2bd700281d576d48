"""Imported checkpoints compute what transformers computes with the same weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.importing import import_language_model
from tests.conversion.checkpoints import DATA, TOKENS, Array, computed, difference, write_checkpoint

CASES = sorted(path.stem for path in DATA.glob("*.npz"))
MOST = {"f32": 1e-3, "f16": 1e-2, "bf16": 6e-2}
"""Of the spread of the values: as much may differ."""


def recorded(case: str) -> tuple[Array, dict[str, Any], dict[str, tuple[int, ...]]]:
    found = np.load(DATA / f"{case}.npz")
    described = json.loads(str(found["described"]))
    return found["expected"], described["config"], described["shapes"]


def imported(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.gguf"
    with path.open("wb") as file:
        import_language_model(Checkpoint.of_folder(folder), file, kind)
    return path


@pytest.mark.parametrize("kind", ["f32", "f16"])
@pytest.mark.parametrize("case", CASES)
def test_an_imported_model_computes_what_transformers_does(tmp_path: Path, case: str, kind: str) -> None:
    theirs, config, shapes = recorded(case)
    folder = write_checkpoint(tmp_path / case, config, shapes)
    ours = computed(imported(folder, kind), TOKENS, embeds=theirs.shape[1] == config["hidden_size"])
    assert difference(ours, theirs) < MOST[kind]
    assert (ours.argmax(1) == theirs.argmax(1)).all()
