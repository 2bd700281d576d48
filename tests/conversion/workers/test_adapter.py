import json
from pathlib import Path

import numpy as np
import pytest

from paddock.conversion.base_model import BaseModel
from paddock.conversion.workers import adapter as worker
from paddock.conversion.workers.adapter import AdapterJob
from paddock.gguf import read_header
from tests.conversion.checkpoints import write_safetensors
from tests.conversion.workers.test_job import lines, signals

__all__ = ["signals"]

MODULE = "base_model.model.model.layers.0.mlp.up_proj"


def job(tmp_path: Path, peft_type: str = "LORA") -> AdapterJob:
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": peft_type, "lora_alpha": 8}))
    halves = {f"{MODULE}.lora_A.weight": np.ones((2, 32)), f"{MODULE}.lora_B.weight": np.ones((48, 2))}
    write_safetensors(tmp_path / "adapter_model.safetensors", {n: v.astype(np.float32) for n, v in halves.items()})
    files = {f"folder/{path.name}": str(path) for path in tmp_path.iterdir()}
    return AdapterJob(files, BaseModel("llama", 1, 4, 2), str(tmp_path / "out"))


def test_an_adapter_is_written_wherever_its_folder_was(tmp_path: Path) -> None:
    assert worker.main(job(tmp_path)) == 0
    header = read_header(tmp_path / "out")
    assert (header.text("adapter.type"), header.metadata["adapter.lora.alpha"]) == ("lora", 8.0)
    assert [tensor.name for tensor in header.tensors] == ["blk.0.ffn_up.weight.lora_a", "blk.0.ffn_up.weight.lora_b"]


def test_another_kind_of_adapter_fails_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert worker.main(job(tmp_path, "IA3")) == 1
    assert "peft_type LORA" in str(lines(capsys)[-1]["error"])
