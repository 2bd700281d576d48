from pathlib import Path

import numpy as np
import pytest

from paddock.fleet import RunnerFiles
from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.library.store.model import Model
from paddock.service.runner_spec import model_dimensions, runner_files
from tests.models import kinds, ollama_files, projectors
from tests.models.llama import tiny_file, tiny_llama, tiny_lora


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


def stored(library: Library, file: Path) -> str:
    return library.blobs.put(file.read_bytes())[0]


def made(library: Library, name: str, spec: ModelSpec) -> Model:
    create(library, ModelName.parse(name), spec, lambda status: None)
    return library.open(ModelName.parse(name))


def test_a_model_is_named_by_the_digests_of_its_files(library: Library, tmp_path: Path) -> None:
    change = {"blk.0.attn_q.weight": (np.ones((2, 64)), np.ones((64, 2)))}
    text = stored(library, tiny_llama(tmp_path / "text.gguf"))
    lora = stored(library, tiny_lora(tmp_path / "lora.gguf", change))
    plain = made(library, "plain", ModelSpec(files={"text.gguf": text}))
    adapted = made(library, "adapted", ModelSpec(files={"text.gguf": text}, adapters={"lora.gguf": lora}))
    assert runner_files(plain) == RunnerFiles(text)
    assert runner_files(adapted) == RunnerFiles(text, (lora,))
    assert runner_files(made(library, "copy", ModelSpec(base="plain", system="Be brief."))) == RunnerFiles(text)


def test_a_projector_of_its_own_is_one_of_the_files_and_its_bytes_count(library: Library, tmp_path: Path) -> None:
    text, encoder = tiny_llama(tmp_path / "text.gguf"), projectors.llava(tmp_path / "projector.gguf")
    files = {"text.gguf": stored(library, text), "projector.gguf": stored(library, encoder)}
    model = made(library, "x", ModelSpec(files=files))
    assert runner_files(model) == RunnerFiles(files["text.gguf"], (), files["projector.gguf"])
    assert model_dimensions(model).weights == text.stat().st_size + encoder.stat().st_size


def test_an_encoder_in_the_models_own_file_counts_twice(library: Library, tmp_path: Path) -> None:
    text, encoder = kinds.sliding_window(tmp_path / "text.gguf"), projectors.gemma(tmp_path / "projector.gguf")
    file = ollama_files.gemma(tmp_path / "one.gguf", text, encoder)
    digest = stored(library, file)
    model = made(library, "x", ModelSpec(files={"one.gguf": digest}))
    assert runner_files(model) == RunnerFiles(digest, (), digest)
    assert file.stat().st_size < model_dimensions(model).weights < 2 * file.stat().st_size


def test_dimensions_are_read_from_the_models_metadata(library: Library, tmp_path: Path) -> None:
    file = tiny_llama(tmp_path / "x.gguf", width=64, layers=3, heads=4, context_length=256)
    found = model_dimensions(made(library, "x", ModelSpec(files={"x.gguf": stored(library, file)})))
    assert found.weights == file.stat().st_size
    assert (found.layers, found.embedding_length, found.heads, found.train_context) == (3, 64, 4, 256)
    assert found.vocabulary > 200


@pytest.mark.parametrize(
    ("metadata", "kv_length"),
    [
        ({}, 0),
        ({"embedding_length": 64, "attention.head_count": 4}, 4 * (16 + 16)),
        ({"embedding_length": 64, "attention.head_count": 4, "attention.head_count_kv": 2}, 2 * (16 + 16)),
        ({"attention.head_count": 4, "attention.key_length": 10, "attention.value_length": 6}, 4 * (10 + 6)),
    ],
)
def test_the_length_of_keys_and_values_has_defaults(
    library: Library, tmp_path: Path, metadata: dict[str, int], kv_length: int
) -> None:
    file = tiny_file(tmp_path / "x.gguf", "llama", {f"llama.{key}": value for key, value in metadata.items()})
    model = made(library, "x", ModelSpec(files={"x.gguf": stored(library, file)}))
    assert model_dimensions(model).kv_length == kv_length
