"""The process that quantizes: a JSON object per line, and an exit status."""

import json
import subprocess
import sys
from pathlib import Path

from tests.models import kinds

Q8_0 = 7
"""Its number in `enum llama_ftype`."""


def quantize(source: Path, target: Path) -> tuple[int, list[dict[str, object]]]:
    """Return the exit status and the messages of the process."""
    command = [sys.executable, "-m", "paddock.engine.quantize", str(source), str(target), str(Q8_0)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        messages = [json.loads(line) for line in process.stdout]
        return process.wait(20), messages


def test_each_tensor_is_reported_and_the_file_is_written(tmp_path: Path) -> None:
    source = kinds.full_attention(tmp_path / "model.gguf")
    status, messages = quantize(source, tmp_path / "small.gguf")
    assert status == 0
    assert "token_embd.weight" in [message["status"] for message in messages]
    assert (tmp_path / "small.gguf").read_bytes()[:4] == b"GGUF"


def test_what_cannot_be_read_is_an_error_in_one_message(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"no model")
    status, messages = quantize(tmp_path / "model.gguf", tmp_path / "small.gguf")
    assert status == 1
    (message,) = messages
    assert message["error"]
