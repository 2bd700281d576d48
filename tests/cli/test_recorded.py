"""Recorded runs of the `ollama` command, repeated with `paddock` in the same order against a real server."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from paddock import __version__
from tests.cli.conftest import Paddock, Result

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
RECORDING = SHARED / "fixtures" / "cli" / "ollama.jsonl"
WEIGHTS = SHARED / "models" / "stories260K.gguf"
MODEL_LAYER = "f40a10bece340d0e0dda4a908a9aa9bd86cc6a9073fdf7f3303b16ea7bed7bf2"
OUR_MODEL_LAYER = "270cba1bd5109f42d03350f60406024560464db173c0e387d91f0426d3bd256d"

ROWS = [json.loads(line) for line in RECORDING.read_text("utf-8").split("\n") if line] if RECORDING.exists() else []
CASES = ROWS[1:]

REGISTRY = ("run nope", "push", "pull")
"""Cases whose errors come from a network; only the status and the presence of an error are compared."""


def case_id(case: dict[str, Any]) -> str:
    return " ".join(case["args"])


pytestmark = pytest.mark.skipif(not CASES or not WEIGHTS.exists(), reason="the recordings are not here")


@pytest.fixture(scope="module")
def results(paddock: Paddock, tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    folder = tmp_path_factory.mktemp("work")
    for name, text in ROWS[0]["files"].items():
        (folder / name).write_text(text.replace("<stories260K.gguf>", str(WEIGHTS)))
    results = []
    for case in CASES:
        environment = {f"PADDOCK_{k.removeprefix('OLLAMA_')}": v for k, v in case.get("env", {}).items()}
        results.append(paddock.run(*case["args"], stdin=case.get("stdin", ""), cwd=folder, **environment))
    return results


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case_id(case) for case in CASES])
def test_the_command_behaves_as_recorded(number: int, results: list[Result], paddock: Paddock) -> None:
    case, result = CASES[number], results[number]
    assert result.exit == case["exit"], result
    if case_id(case).startswith(REGISTRY):
        assert (result.stdout, "Error: " in result.stderr) == ("", True)
        return
    assert comparable(result.stderr) == comparable(ours(case["stderr"], paddock))
    if "--format" in case["args"]:
        # How white space is kept from running on is ours; the grammar itself has its own tests.
        assert result.stdout.lstrip().startswith("{")
    else:
        assert comparable(result.stdout) == comparable(ours(case["stdout"], paddock))


def ours(text: str, paddock: Paddock) -> str:
    """Return the recorded text with our names in it."""
    text = text.replace("⠙ ", "").replace("ollama version is 0.0.0", f"paddock version is {__version__}")
    text = text.replace("ollama", "paddock").replace("<models>", str(paddock.models))
    # A file is kept as it is: its layer is the blob that was sent, not a new one.
    text = text.replace(f"creating new layer sha256:{MODEL_LAYER}", f"using existing layer sha256:{MODEL_LAYER}")
    return text.replace(MODEL_LAYER, OUR_MODEL_LAYER)


def comparable(text: str) -> str:
    """Return `text` without times, durations and values that depend on the contents of files."""
    text = re.sub(r"(?m)^([a-z ]+(?:duration|rate):) +\S.*$", r"\1 …", text)
    text = re.sub(r"\b[0-9a-f]{12}\b(?=  )", "<manifest>  ", text)
    text = re.sub(r"(?m)^(\S+:latest +\S+ +)[\d.]+ MB( +100% CPU)", r"\1<memory>\2", text)
    if text.startswith("NAME"):
        moments = r"(Less than a second|\d+ seconds?|About a minute|\d+ minutes) (ago|from now) *(?=\n)"
        text = re.sub(r" +\n", "\n", re.sub(moments, r"<\2>", text))
    if "  Tensors\n" in text:
        # Ollama rewrites the file: it drops the name, adds two keys, and orders the tensors.
        text = re.sub(r"(?m)^    general\.(name|file_type|quantization_version) .*\n", "", text)
        head, title, tensors = text.partition("  Tensors\n")
        tensors, gap, tail = tensors.partition("\n\n")
        text = head + title + "\n".join(sorted(tensors.split("\n"))) + gap + tail
    return text
