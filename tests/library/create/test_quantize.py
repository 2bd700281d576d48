import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from paddock.gguf import GgufHeader, GgufTensor, read_header
from paddock.library.create import quantize
from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.create.quantize import (
    QUANTIZATION_TYPES,
    CannotQuantize,
    quantization_type,
    quantize_file,
    source_type,
)
from paddock.library.create.worker_process import WorkerFailed
from paddock.library.errors import Cancelled
from paddock.library.names import ModelName
from paddock.library.store.blobs import digest_of
from paddock.library.store.library import Library
from paddock.progress import Progress
from tests.conversion.checkpoints import difference
from tests.conversion.logits import logits
from tests.models.llama import tiny_llama

pytestmark = pytest.mark.model


MATRICES = {
    "F16": {"F16"},
    "BF16": {"BF16"},
    "Q8_0": {"Q8_0"},
    "Q6_K": {"Q6_K"},
    "Q5_0": {"Q5_0", "Q6_K"},
    "Q4_0": {"Q4_0", "Q6_K"},
    "Q4_K_S": {"Q4_K", "Q5_K", "Q6_K"},
    "Q4_K_M": {"Q4_K", "Q6_K"},
    "Q2_K": {"Q2_K", "Q3_K", "Q4_K", "Q6_K"},
    "IQ4_NL": {"IQ4_NL", "Q5_K", "Q6_K"},
    "IQ4_XS": {"IQ4_XS", "Q5_K", "Q6_K"},
}
"""The types that the matrices of a model may have, as llama.cpp mixes them."""
FAR = {"F16": 1e-2, "BF16": 5e-2, "Q8_0": 5e-2, "Q6_K": 0.1, "Q5_0": 0.2}
"""Of the spread of the logits: how far they may be from those of the source."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("source") / "f32.gguf", width=256, feed_forward=512)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


def ignore(progress: Progress) -> None:
    pass


@pytest.mark.parametrize("kind", MATRICES)
def test_a_quantized_model_has_the_types_of_its_name_and_computes_nearly_the_same(
    source: Path, tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "out.gguf"
    quantize_file(source, target, kind, ignore)
    before, after = read_header(source, arrays=True), read_header(target, arrays=True)
    assert after.file_type == kind
    assert {t.type for t in after.tensors if len(t.shape) > 1} <= MATRICES[kind]
    assert {t.type for t in after.tensors if len(t.shape) == 1} == {"F32"}
    assert {(t.name, t.shape) for t in after.tensors} == {(t.name, t.shape) for t in before.tensors}
    added = {"general.file_type", "general.quantization_version"}
    assert {k: v for k, v in after.metadata.items() if k not in added} == {
        k: v for k, v in before.metadata.items() if k not in added
    }
    ours = logits(target)
    assert np.isfinite(ours).all()
    if kind in FAR:
        assert 0 < difference(ours, logits(source)) < FAR[kind]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_narrower_model_than_a_block_falls_back_to_types_that_fit(tmp_path: Path, dtype: Any) -> None:
    source = tiny_llama(tmp_path / "narrow.gguf", width=64, dtype=dtype, file_type=int(dtype is np.float16))
    target = tmp_path / "out.gguf"
    quantize_file(source, target, "Q4_K_M", ignore)
    assert {t.type for t in read_header(target).tensors} <= {"F32", "Q5_0", "Q8_0", "Q4_0"}
    assert np.isfinite(logits(target)).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", QUANTIZATION_TYPES)
def test_every_type_that_is_offered_can_be_made_and_loaded(source: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "out.gguf"
    quantize_file(source, target, kind, ignore)
    assert read_header(target).file_type == kind
    assert np.isfinite(logits(target)).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", quantize.NEEDS_IMPORTANCE)
def test_every_type_that_is_not_offered_for_lack_of_a_matrix_lacks_it(source: Path, tmp_path: Path, kind: str) -> None:
    with pytest.raises(WorkerFailed, match="importance matrix"):
        quantize_file(source, tmp_path / "out.gguf", kind, ignore)


def test_progress_comes_in_bytes_and_ends_with_all_of_them(source: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    quantize_file(source, tmp_path / "out.gguf", "Q8_0", lambda now: seen.append((now.completed, now.total)))
    total = sum(tensor.size for tensor in read_header(source).tensors)
    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)
    assert len({done for done, _ in seen}) > 10


@pytest.mark.parametrize(
    ("given", "name"),
    [("q4_k_m", "Q4_K_M"), ("Q4_K", "Q4_K_M"), ("q5_k", "Q5_K_M"), ("Q8_0", "Q8_0"), ("bf16", "BF16")],
)
def test_types_are_known_by_short_names_in_any_case(given: str, name: str) -> None:
    assert quantization_type(given) == name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Q9", "unsupported quantization type Q9 - supported types are F32, F16, Q4_0"),
        ("-", "unsupported quantization type -"),
        ("NVFP4", "unsupported quantization type NVFP4"),
        ("x" * 1000, f"unsupported quantization type {'x' * 40}… - supported"),
        ("iq2_xs", "quantization type IQ2_XS needs an importance matrix"),
    ],
)
def test_other_types_are_refused(given: str, message: str) -> None:
    with pytest.raises(CannotQuantize, match=message):
        quantization_type(given)


def test_the_source_is_judged_by_its_tensors() -> None:
    def of(*kinds: tuple[str, tuple[int, ...]]) -> GgufHeader:
        return GgufHeader(
            3, {}, [GgufTensor(str(i), kind, shape, 0, 1) for i, (kind, shape) in enumerate(kinds)], 32, 0, 0
        )

    assert source_type(of(("F32", (64,)), ("F16", (64, 64)))) == "F16"
    assert source_type(of(("F32", (8, 8)), ("BF16", (64, 64)))) == "BF16"
    for wrong in (of(("F16", (64, 64)), ("Q8_0", (64, 64))), of(("F32", (64,))), of()):
        with pytest.raises(CannotQuantize, match="only supported for F16, BF16 and F32 models"):
            source_type(wrong)


def test_files_that_llama_cpp_cannot_read_are_refused_before_it_tries() -> None:
    def of(architecture: str, name: str) -> GgufHeader:
        keys: dict[str, Any] = {"general.architecture": architecture}
        return GgufHeader(3, keys, [GgufTensor(name, "F16", (64, 64), 0, 1)], 32, 0, 0)

    for wrong in (of("gemma3", "v.blk.0.attn_q.weight"), of("gptoss", "token_embd.weight")):
        with pytest.raises(CannotQuantize, match="of Ollama's own form"):
            source_type(wrong)
    assert source_type(of("clip", "v.blk.0.attn_q.weight")) == "F16"


def test_every_type_has_a_name_of_its_own() -> None:
    assert len(set(QUANTIZATION_TYPES)) == len(QUANTIZATION_TYPES)


def test_create_quantizes_and_says_how_far_it_is(library: Library, source: Path) -> None:
    digest, _ = library.blobs.put(source.read_bytes())
    reports: list[Progress] = []
    create(library, ModelName.parse("q"), ModelSpec(files={"x.gguf": digest}, quantize="q4_k_m"), reports.append)
    model = library.open(ModelName.parse("q"))
    (layer,) = model.manifest.layers
    assert digest_of(model.model_path.read_bytes()) == layer.digest != digest
    assert model.config.file_type == model.gguf.file_type == "Q4_K_M"
    measured = [progress for progress in reports if progress.total]
    assert {progress.status for progress in measured} == {"quantizing F32 model to Q4_K_M"}
    assert (measured[0].completed, measured[-1].completed) == (0, measured[-1].total)
    assert measured[-1].total == source.stat().st_size
    plain = [progress.status for progress in reports if not progress.total]
    last = [f"creating new layer {layer.digest}", "writing manifest", "success"]
    assert plain == ["parsing GGUF", "verifying conversion", *last]
    assert library.blobs.exists(digest), "what the client sent stays for the next type"


def test_create_quantizes_what_another_model_is_made_of_and_leaves_that_alone(library: Library, source: Path) -> None:
    digest, _ = library.blobs.put(source.read_bytes())
    create(library, ModelName.parse("plain"), ModelSpec(files={"x.gguf": digest}, system="Be brief."), ignore)
    create(library, ModelName.parse("small"), ModelSpec(base="plain", quantize="Q8_0"), ignore)
    create(library, ModelName.parse("same"), ModelSpec(base="small", quantize=""), ignore)
    assert library.open(ModelName.parse("small")).system == "Be brief."
    assert library.open(ModelName.parse("plain")).gguf.file_type == "F32"
    with pytest.raises(CannotQuantize, match="only supported for F16, BF16 and F32 models"):
        create(library, ModelName.parse("smaller"), ModelSpec(base="small", quantize="Q4_0"), ignore)


def test_a_model_that_has_the_type_already_keeps_its_file(library: Library, source: Path) -> None:
    digest, _ = library.blobs.put(source.read_bytes())
    create(library, ModelName.parse("x"), ModelSpec(files={"x.gguf": digest}, quantize="F32"), ignore)
    assert library.open(ModelName.parse("x")).manifest.layers[0].digest == digest


def test_giving_up_ends_the_process_and_leaves_nothing(library: Library, tmp_path: Path) -> None:
    source = tiny_llama(tmp_path / "large.gguf", width=512, feed_forward=2048, layers=4)
    digest, _ = library.blobs.put(source.read_bytes())
    before = sorted(library.blobs.folder.iterdir())
    children = psutil.Process().children(recursive=True)
    started = time.monotonic()

    def give_up(progress: Progress) -> None:
        if progress.completed:
            raise Cancelled

    with pytest.raises(Cancelled):
        create(library, ModelName.parse("x"), ModelSpec(files={"x.gguf": digest}, quantize="Q2_K"), give_up)
    assert time.monotonic() - started < 60
    assert sorted(library.blobs.folder.iterdir()) == before
    assert psutil.Process().children(recursive=True) == children
    assert library.list() == []


def test_a_file_that_the_library_cannot_read_is_refused_with_its_reason(library: Library, tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "x.gguf", metadata={"general.architecture": "nonsense"})
    digest, _ = library.blobs.put(path.read_bytes())
    with pytest.raises(WorkerFailed, match="unknown model architecture: 'nonsense'"):
        create(library, ModelName.parse("x"), ModelSpec(files={"x.gguf": digest}, quantize="Q8_0"), ignore)
    assert library.list() == []
