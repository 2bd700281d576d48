import os
import time
from pathlib import Path
from typing import Any

import pytest

from paddock.errors import PaddockError
from paddock.gguf import GgufHeader, read_header
from paddock.library.names import ModelName
from paddock.library.store import gguf_cache
from paddock.library.store.files import DAY
from paddock.library.store.gguf_cache import HeaderCache
from paddock.library.store.library import Library
from paddock.library.store.manifests import BrokenModel
from paddock.service.models import ModelService
from paddock.settings import Settings
from tests.models.llama import tiny_file, tiny_llama
from tests.service.making import make, order
from tests.workers.in_this_process import InThisProcess


@pytest.mark.parametrize(
    ("template", "metadata", "expected"),
    [
        ("{{ .Prompt }}", {}, ["completion"]),
        ("{{ .Prompt }}{{ .Suffix }}", {}, ["completion", "insert"]),
        ("{{- range .Tools }}{{ . }}{{ end }}", {}, ["completion", "tools"]),
        ("{{ if .Thinking }}x{{ end }}{{ $.Tools }}", {}, ["completion", "tools", "thinking"]),
        ('{{ /* .Tools */ }}{{ ".Tools" }} .Tools {{ .ToolsX }}{{ .IsThinkSet }}', {}, ["completion"]),
        (None, {"llama.pooling_type": 1}, ["embedding"]),
        (None, {"llama.vision.block_count": 1}, ["completion", "vision"]),
    ],
)
def test_capabilities_follow_from_the_files(
    models: ModelService, tmp_path: Path, template: str | None, metadata: dict[str, int], expected: list[str]
) -> None:
    digest, _ = models.library.blobs.put(tiny_file(tmp_path / "x.gguf", "llama", metadata).read_bytes())
    make(models, "x", files={"x.gguf": digest}, template=template)
    assert models.show("x").capabilities == tuple(expected)
    assert models.list()[0].capabilities == tuple(expected)


def test_a_projector_that_is_gone_is_told_without_saying_where_it_was(
    models: ModelService, weights: str, tmp_path: Path
) -> None:
    projector = tiny_file(tmp_path / "p.gguf", "clip", {"clip.projector_type": "mlp"})
    digest, _ = models.library.blobs.put(projector.read_bytes())
    make(models, "x", files={"x.gguf": weights, "p.gguf": digest})
    models.library.blobs.path(digest).unlink()
    with pytest.raises(BrokenModel, match="its projector cannot be read") as broken:
        models.describe(models.library.open(ModelName.parse("x")))
    assert str(tmp_path) not in str(broken.value)


def test_a_model_whose_file_is_damaged_is_still_listed(models: ModelService, weights: str) -> None:
    make(models, "x", files={"x.gguf": weights})
    models.library.blobs.path(weights).write_bytes(b"damaged")
    entry = models.list()[0]
    assert (entry.name, entry.capabilities, entry.properties.family) == ("x:latest", (), "llama")
    with pytest.raises(PaddockError, match=r"^model 'x:latest' is broken: supplied file was not in GGUF format$"):
        models.show("x")


def test_the_request_level_mistakes_are_named_before_any_status(models: ModelService, weights: str) -> None:
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"path": "/etc/Modelfile"}, "the path of a Modelfile on the server is not accepted"),
        ({"modelfile": "SYSTEM x"}, "no FROM line"),
        ({"modelfile": f"FROM @{weights}", "quantize": "Q9"}, "unsupported quantization type Q9"),
    ]
    for fields, message in mistakes:
        with pytest.raises(PaddockError, match=message):
            models.creation(order("x", **fields))


def test_old_blobs_go_unless_the_settings_forbid_it(models: ModelService, tmp_path: Path) -> None:
    digest, _ = models.library.blobs.put(b"old")
    long_ago = time.time() - DAY - 60
    os.utime(models.library.blobs.path(digest), (long_ago, long_ago))
    assert ModelService(models.library, Settings(models=tmp_path, noprune=True), InThisProcess()).prune() == 0
    assert models.prune() == 1


@pytest.mark.thorough
def test_a_listing_reads_the_head_of_each_file_once(
    models: ModelService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tiny_llama(tmp_path / "y.gguf", layers=1).read_bytes()
    digests = [models.library.blobs.put(weights + bytes([number]))[0] for number in range(80)]
    for number in range(240):
        make(models, f"m{number}", files={"y.gguf": digests[number % 80]}, system=f"{number}")
    read: list[Path] = []

    def counting(path: Path) -> GgufHeader:
        read.append(path)
        return actual(path)

    actual = read_header
    monkeypatch.setattr(gguf_cache, "_cache", HeaderCache())
    monkeypatch.setattr(gguf_cache, "read_header", counting)
    fresh = ModelService(Library(models.library.folder), Settings(models=models.library.folder), InThisProcess())
    listed = fresh.list()
    assert [entry.name for entry in listed] == [f"m{number}:latest" for number in reversed(range(240))]
    assert len(read) == len(set(read)) == 80
    assert fresh.list() == listed
    assert len(read) == 80
