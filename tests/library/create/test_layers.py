from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddock.gguf import BadGguf
from paddock.library.create.layers import NewLayer, described, gguf_layer, human_count, with_text_layers
from paddock.library.create.model_spec import InvalidModelSpec, ModelSpec
from paddock.library.store.library import Library
from paddock.library.store.manifests import LAYER_TYPE, ConfigBlob, Layer
from paddock.library.store.model import MAX_TEXT, MAX_VALUES
from paddock.progress import Progress
from tests.library.create.conftest import make
from tests.models.llama import tiny_file, tiny_llama


def layer(kind: str, digest: str = "sha256:" + "0" * 64) -> NewLayer:
    return NewLayer(Layer(f"{LAYER_TYPE}{kind}", digest, 1))


def kinds(layers: list[NewLayer]) -> list[str]:
    return [new.layer.kind for new in layers]


def texts(layers: list[NewLayer]) -> list[str]:
    return [new.data.decode() for new in layers if new.data is not None]


def test_text_layers_come_in_ollamas_order_and_replace_those_of_the_base() -> None:
    base = [layer(kind) for kind in ("model", "prompt", "system", "params", "messages", "license")]
    spec = ModelSpec(
        template="T", system="S", licenses=["L", "L", ""], parameters={"top_k": 1}, messages=[{"role": "user"}]
    )
    layers = with_text_layers(spec, base, {"seed": 2, "top_k": 9}, lambda progress: None)
    assert kinds(layers) == ["model", "license", "template", "system", "license", "params", "messages"]
    assert texts(layers) == ["T", "S", "L", '{"seed":2,"top_k":1}\n', '[{"role":"user","content":""}]\n']


def test_inherited_parameters_are_written_anew_except_in_the_form_of_2024() -> None:
    base = [layer("params"), layer("model")]
    today = with_text_layers(ModelSpec(), base, {"seed": 2}, lambda progress: None)
    older = with_text_layers(ModelSpec(older=True), base, {"seed": 2}, lambda progress: None)
    assert (kinds(today), texts(today)) == (["model", "params"], ['{"seed":2}\n'])
    assert (kinds(older), texts(older)) == (["model", "params"], [])


def test_only_the_form_of_2024_reports_text_layers() -> None:
    reports: list[Progress] = []
    for older in (False, True):
        spec = ModelSpec(system="S", parameters={"top_k": 1}, older=older)
        with_text_layers(spec, [], {}, reports.append)
    assert [progress.status for progress in reports] == ["creating system layer", "creating parameters layer"]


def test_a_gguf_file_becomes_the_layer_of_its_kind_and_describes_the_config(library: Library, tmp_path: Path) -> None:
    weights = library.blobs.put(tiny_llama(tmp_path / "x.gguf", layers=1).read_bytes())[0]
    projector = library.blobs.put(tiny_file(tmp_path / "p.gguf", "clip", {}).read_bytes())[0]
    first, gguf = gguf_layer(library.blobs, "x.gguf", weights)
    second, clip = gguf_layer(library.blobs, "p.gguf", projector)
    assert (first.kind, first.digest, second.kind) == ("model", weights, "projector")
    config = described(described(ConfigBlob(), first.kind, gguf), second.kind, clip)
    assert (config.model_family, config.model_families) == ("llama", ["llama", "clip"])
    assert config.model_type == human_count(gguf.parameter_count) and config.file_type == "F32"
    assert described(config, second.kind, clip) == config


@pytest.mark.parametrize(("alpha", "refused"), [(8.0, False), (8, True), ("8", True)])
def test_the_scale_of_an_adapter_is_a_float(
    library: Library, tmp_path: Path, alpha: float | str, refused: bool
) -> None:
    keys: dict[str, str | int | float | bool] = {"general.type": "adapter", "adapter.lora.alpha": alpha}
    adapter = library.blobs.put(tiny_file(tmp_path / "a.gguf", "llama", keys).read_bytes())[0]
    with pytest.raises(BadGguf, match="alpha must be") if refused else nullcontext():
        assert gguf_layer(library.blobs, "a.gguf", adapter)[0].kind == "adapter"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (292_800, "293K"), (22_713_216, "22.71M"), (7_000_000, "7M"), (494_032_768, "494.03M"),
     (8_030_261_248, "8.0B"), (1_000_000_000, "1B"), (671_026_419_200, "671.0B")],
)  # fmt: skip
def test_parameters_are_counted_as_ollama_counts_them(number: int, text: str) -> None:
    assert human_count(number) == text


LARGE = "x" * (MAX_TEXT + 1)


@pytest.mark.parametrize(
    "spec",
    [ModelSpec(system=LARGE), ModelSpec(template=LARGE), ModelSpec(licenses=[LARGE])],
    ids=["system", "template", "licence"],
)
def test_a_text_larger_than_would_be_read_is_not_stored(library: Library, weights: str, spec: ModelSpec) -> None:
    with pytest.raises(InvalidModelSpec, match=r"larger than 16 MB$"):
        make(library, "x", replace(spec, files={"x.gguf": weights}))
    assert library.list() == []


def test_messages_of_more_values_than_would_be_read_are_not_stored(library: Library, weights: str) -> None:
    messages: list[Mapping[str, Any]] = [{"role": "user", "content": "hi"}] * (MAX_VALUES // 2)
    with pytest.raises(InvalidModelSpec, match="messages layer has more than"):
        make(library, "x", ModelSpec(files={"x.gguf": weights}, messages=messages))
    assert library.list() == []
