"""The comparison with the recorded cases, made with transformers itself, where it is installed."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("safetensors")

from tools.record_checkpoints import CASES as RECORDED
from tools.record_checkpoints import expected

from tests.conversion.architectures.test_catalog import CASES, MOST
from tests.conversion.checkpoints import TOKENS, computed, difference, imported, write_checkpoint


def test_every_case_is_recorded() -> None:
    assert sorted(RECORDED) == CASES


@pytest.mark.slow
@pytest.mark.parametrize("case", RECORDED)
def test_an_imported_model_computes_what_transformers_does_now(tmp_path: Path, case: str) -> None:
    theirs, config, shapes = expected(case)
    folder = write_checkpoint(tmp_path / case, config, shapes)
    ours = computed(imported(folder, "f32"), TOKENS, embeds=theirs.shape[1] == config["hidden_size"])
    assert difference(ours, theirs) < MOST["f32"]
    assert (ours.argmax(1) == theirs.argmax(1)).all()
