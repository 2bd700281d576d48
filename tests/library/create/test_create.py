import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paddock.errors import PaddockError
from paddock.library.create.create import works_on_files
from paddock.library.create.model_spec import ModelSpec
from paddock.library.create.modelfile_spec import spec_from_modelfile
from paddock.library.names import ModelName
from paddock.library.store.blobs import digest_of
from paddock.library.store.library import Library
from tests.library.create.conftest import make
from tests.models.llama import tiny_file, tiny_llama, tiny_lora
from tests.models.raw_header import head


def snapshot(library: Library) -> dict[str, bytes]:
    return {
        str(path.relative_to(library.folder)): path.read_bytes()
        for path in library.folder.rglob("*")
        if path.is_file() and path != library.folder / "paddock" / "lock"
    }


def test_a_file_is_kept_byte_for_byte(library: Library, weights: str) -> None:
    statuses = make(library, "x", ModelSpec(files={"x.gguf": weights.upper().replace("SHA256", "sha256")}))
    model = library.open(ModelName.parse("x"))
    assert [layer.digest for layer in model.manifest.layers] == [weights]
    assert (model.config.model_family, model.config.file_type, model.config.model_type) == ("llama", "F32", "91K")
    assert statuses == [
        "parsing GGUF",
        "verifying conversion",
        f"using existing layer {weights}",
        "writing manifest",
        "success",
    ]


def test_a_projector_and_an_adapter_become_layers_of_their_own(library: Library, weights: str, tmp_path: Path) -> None:
    projector = tiny_file(tmp_path / "p.gguf", "clip", {"clip.has_vision_encoder": True})
    adapter = tiny_lora(tmp_path / "a.gguf", {"blk.0.attn_q.weight": (np.ones((2, 64)), np.ones((64, 2)))})
    digests = [library.blobs.put(path.read_bytes())[0] for path in (projector, adapter)]
    spec = ModelSpec(files={"x.gguf": weights, "p.gguf": digests[0]}, adapters={"a.gguf": digests[1]})
    make(library, "x", spec)
    model = library.open(ModelName.parse("x"))
    assert [layer.kind for layer in model.manifest.layers] == ["model", "projector", "adapter"]
    assert model.config.model_families == ["llama", "clip"]
    assert model.projector_paths == [library.blobs.path(digests[0])]
    assert model.adapter_paths == [library.blobs.path(digests[1])]


WRONG: dict[str, tuple[str, Callable[[ModelSpec], ModelSpec]]] = {
    "nothing": ("neither 'from' or 'files' was specified", lambda r: ModelSpec()),
    "absolute": ("file path must be relative", lambda r: replace(r, files={"/a.gguf": r.files["x.gguf"]})),
    "outside": ("file path must be relative", lambda r: replace(r, files={"../a.gguf": r.files["x.gguf"]})),
    "windows": ("file path must be relative", lambda r: replace(r, files={"C:\\a.gguf": r.files["x.gguf"]})),
    "digest": ("invalid digest format", lambda r: replace(r, files={"a.gguf": "sha256:../x"})),
    "missing": ("blob sha256:" + "0" * 64 + " not found: upload it first",
                lambda r: replace(r, files={"a.gguf": "sha256:" + "0" * 64})),
    "base": ("model 'nope:latest' not found", lambda r: ModelSpec(base="nope")),
    "base name": ("invalid model name", lambda r: ModelSpec(base="./nofile.gguf")),
    "parameter": ("unknown parameter 'nonsense'", lambda r: replace(r, parameters={"nonsense": 1})),
    "parameter type": ('option "temperature" must be of type float32',
                       lambda r: replace(r, parameters={"temperature": "hot"})),
    "role": ('message role must be one of "system", "user", or "assistant", not "robot"',
             lambda r: replace(r, messages=[{"role": "robot", "content": "x"}])),
    "requires": ('requires must be a version such as 0.14.0, not "abc"', lambda r: replace(r, requires="abc")),
    "template": ("template error: template: :2: unclosed action",
                 lambda r: replace(r, template="{{ .X }}\n{{ .Prompt")),
    "quantize": (
        "unsupported quantization type Q9 - supported types are F32, F16, Q4_0, Q4_1, Q8_0, Q5_0, Q5_1, Q2_K, Q3_K_S, "
        "Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M, Q6_K, IQ4_NL, IQ3_S, IQ3_M, IQ4_XS, BF16, TQ1_0, TQ2_0, "
        "MXFP4, Q1_0, Q2_0",
        lambda r: replace(r, quantize="Q9"),
    ),
    "safetensors": ("config.json is missing: a checkpoint cannot be imported without it",
                    lambda r: replace(r, files={"model.safetensors": r.files["x.gguf"]})),
    "adapter": ("a.gguf is no adapter", lambda r: replace(r, adapters={"a.gguf": r.files["x.gguf"]})),
    "two": ("a model is made of exactly one file with its weights",
            lambda r: replace(r, files={**r.files, "y.gguf": r.files["x.gguf"]})),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_named_and_nothing_is_written(library: Library, weights: str, case: str) -> None:
    message, spoil = WRONG[case]
    before = snapshot(library)
    with pytest.raises(PaddockError) as error:
        make(library, "x", spoil(ModelSpec(files={"x.gguf": weights}, system="written nowhere")))
    assert str(error.value) == message
    assert snapshot(library) == before


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "supplied file was not in GGUF format"),
        (head(key_count=2**40), "invalid GGUF file: it claims 1099511627776 metadata keys"),
        (head(tensors=[("t", (32,), 0, 0)], data=bytes(64)), "tensor \"t\" reaches beyond the end of the file"),
        (head(), "it does not say its architecture"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_and_nothing_is_written(library: Library, data: bytes, message: str) -> None:
    digest, _ = library.blobs.put(data)
    before = snapshot(library)
    for spec in (ModelSpec(files={"a.gguf": digest}, system="x"), ModelSpec(files={}, base="", adapters={})):
        with pytest.raises(PaddockError) as error:
            make(library, "x", spec)
        assert message in str(error.value) or spec.files == {}
    assert snapshot(library) == before


def test_a_truncated_model_is_refused(library: Library, tmp_path: Path) -> None:
    data = tiny_llama(tmp_path / "x.gguf", layers=1).read_bytes()
    digest, _ = library.blobs.put(data[:-1])
    with pytest.raises(PaddockError, match="reaches beyond the end of the file: is it cut off"):
        make(library, "x", ModelSpec(files={"x.gguf": digest}))
    assert library.list() == []


def test_the_form_of_2024_has_the_lines_of_2024(library: Library, weights: str) -> None:
    make(library, "base", ModelSpec(files={"x.gguf": weights}, template="{{ .Prompt }}"))
    statuses = make(
        library, "mario", spec_from_modelfile(library, "FROM base\nSYSTEM You are Mario.\nPARAMETER stop A\n")
    )
    assert [status.split(" sha256")[0] for status in statuses] == [
        "reading model metadata",
        "creating system layer",
        "creating parameters layer",
        "using already created layer",
        "using already created layer",
        "writing layer",
        "writing layer",
        "using already created layer",
        "writing manifest",
        "success",
    ]
    assert library.open(ModelName.parse("mario")).parameters == {"stop": ["A"]}


CRASH = """
import os, sys
from pathlib import Path
from paddock.library.store.blobs import digest_of
from paddock.library.create.model_spec import ModelSpec
from paddock.library.create.create import create
from paddock.library.names import InvalidName, ModelName
from paddock.library.store.library import Library

folder, base, step = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
count = 0

def dying(real):
    def call(*args, **kwargs):
        global count
        count += 1
        if count == step:
            os._exit(9)
        return real(*args, **kwargs)
    return call

library = Library(folder)
os.fsync, os.open, os.mkdir, Path.replace = map(dying, (os.fsync, os.open, os.mkdir, Path.replace))
spec = ModelSpec(base=base, system="A new system message.", parameters={"top_k": 3})
create(library, ModelName.parse("ns/made"), spec, lambda status: None)
os._exit(0)
"""


def test_a_crash_at_any_point_leaves_the_library_as_before_or_done(library: Library, weights: str) -> None:
    make(library, "base", ModelSpec(files={"x.gguf": weights}, template="{{ .Prompt }}"))
    before = library.open(ModelName.parse("base")).digest
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    made = ModelName.parse("ns/made")
    outcomes = []
    for step in range(1, 100):
        command = [sys.executable, "-c", CRASH, str(library.folder), "base", str(step)]
        code = subprocess.run(command, env=environment, check=False).returncode
        after = Library(library.folder)
        models = {model.name: model for model in after.list()}
        assert models[ModelName.parse("base")].digest == before
        assert set(after.manifests.names(strict=True)) == set(models)
        for path in after.blobs.folder.glob("sha256-*"):
            assert digest_of(path.read_bytes()) == path.name.replace("-", ":")
        if made in models:
            assert models[made].system == "A new system message."
            assert models[made].parameters == {"top_k": 3}
            after.delete(made)
            outcomes.append("done")
        else:
            outcomes.append("as before")
        needed = {digest.replace(":", "-") for digest in models[ModelName.parse("base")].manifest.digests()}
        for path in after.blobs.folder.iterdir():
            if path.name not in needed:
                path.unlink()  # each step begins with the same library
        if code == 0:
            break
        assert code == 9
    assert outcomes[0] == "as before"
    assert outcomes[-1] == "done"
    assert outcomes.count("as before") >= 8


def test_parameters_that_are_only_inherited_are_no_news_in_the_form_of_2024(library: Library, weights: str) -> None:
    make(library, "base", ModelSpec(files={"x.gguf": weights}, parameters={"top_k": 3, "stop": ["x"]}))
    statuses = make(library, "heir", spec_from_modelfile(library, "FROM base\nSYSTEM Be brief."))
    assert [s for s in statuses if s.startswith("creating")] == ["creating system layer"]
    assert library.open(ModelName.parse("heir")).parameters == {"top_k": 3, "stop": ["x"]}
    statuses = make(library, "other", spec_from_modelfile(library, "FROM base\nPARAMETER top_k 5"))
    assert [s for s in statuses if s.startswith("creating")] == ["creating parameters layer"]
    assert library.open(ModelName.parse("other")).parameters == {"top_k": 5, "stop": ["x"]}


@pytest.mark.parametrize(
    ("spec", "long"),
    [
        (ModelSpec(base="m"), False),
        (ModelSpec(files={"m.gguf": "", "mmproj.gguf": ""}, adapters={"a.gguf": ""}), False),
        (ModelSpec(base="m", quantize="Q8_0"), True),
        (ModelSpec(files={"Model.SafeTensors": "", "config.json": ""}), True),
        (ModelSpec(base="m", adapters={"adapter_model.safetensors": ""}), True),
        (ModelSpec(files={"m-00001-of-00002.gguf": "", "m-00002-of-00002.gguf": ""}), True),
        (ModelSpec(files={"a.gguf": "", "b.gguf": "", "c.gguf": ""}), True),
    ],
)
def test_only_what_writes_whole_files_is_long_work(spec: ModelSpec, long: bool) -> None:
    assert works_on_files(spec) is long
