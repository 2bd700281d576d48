"""Imported embedders and rerankers compute through the server what transformers computes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.importing import import_language_model
from paddock.gguf import GgufHeader, read_header
from tests.conversion.checkpoints import Array, write_safetensors
from tests.conversion.embedders import FOLDER, QUESTION, TEXTS, embedders, write_embedder, write_json
from tests.server.servers import ServerUnderTest

CASES = embedders()
ROUNDING = 3e-3
"""Scores may differ by so much: the kernels round to 16 bits what attention mixes."""
VECTORS = [name for name, case in CASES.items() if case.pooling != "rank"]
SCORES = [name for name, case in CASES.items() if case.pooling == "rank"]


def recorded(name: str) -> tuple[Array, dict[str, Any], dict[str, tuple[int, ...]]]:
    found = np.load(FOLDER / f"{name}.npz")
    described = json.loads(str(found["described"]))
    return found["expected"], described["config"], described["shapes"]


def written(folder: Path, name: str) -> Path:
    _, config, shapes = recorded(name)
    return write_embedder(folder / name, CASES[name], config, shapes)


def imported(folder: Path) -> GgufHeader:
    path = folder.parent / f"{folder.name}.gguf"
    with path.open("wb") as file:
        import_language_model(Checkpoint.of_folder(folder), file, "f32")
    return read_header(path)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("server")) as server:
        yield server


def create(server: ServerUnderTest, folder: Path, kind: str) -> str:
    files = {p.relative_to(folder).as_posix(): server.upload(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    name = f"{folder.name}-{kind.lower()}"
    answer = server.post("/api/create", {"model": name, "files": files, "quantize": kind})
    assert answer.lines[-1] == {"status": "success"}, answer.lines[-1]
    return name


def test_every_kind_is_recorded() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.npz")) == sorted(CASES)


@pytest.mark.parametrize("name", VECTORS)
def test_embeddings_are_those_of_transformers(server: ServerUnderTest, tmp_path: Path, name: str) -> None:
    expected, _, _ = recorded(name)
    model = create(server, written(tmp_path, name), "F32")
    assert server.post("/api/show", {"model": model}).json["capabilities"] == ["embedding"]
    answer = server.post("/api/embed", {"model": model, "input": TEXTS})
    assert answer.status == 200, answer.body[:300]
    ours = np.array(answer.json["embeddings"])
    assert (ours * expected).sum(1).min() >= 0.9999
    assert np.abs(ours - expected).max() < 2e-3 * np.ptp(expected)
    assert server.generate(model).status == 400
    server.request("DELETE", "/api/delete", {"model": model})


@pytest.mark.parametrize("name", SCORES)
def test_scores_are_those_of_transformers(server: ServerUnderTest, tmp_path: Path, name: str) -> None:
    expected, _, _ = recorded(name)
    model = create(server, written(tmp_path, name), "F32")
    assert server.post("/api/show", {"model": model}).json["capabilities"] == ["rerank"]
    answer = server.post("/api/rerank", {"model": model, "query": QUESTION, "documents": TEXTS})
    assert answer.status == 200, answer.body[:300]
    ours = {result["index"]: result["relevance_score"] for result in answer.json["results"]}
    assert np.ptp(expected) > 0.1
    assert np.abs(np.array([ours[number] for number in range(len(TEXTS))]) - expected[:, 0]).max() < ROUNDING
    server.request("DELETE", "/api/delete", {"model": model})


def test_a_folder_with_dense_layers_is_uploaded_whole(server: ServerUnderTest, tmp_path: Path) -> None:
    expected, _, _ = recorded("embedding-gemma")
    folder = written(tmp_path, "embedding-gemma")
    made = subprocess.run(
        [sys.executable, "-m", "paddock", "create", "from-folder", "--quantize", "F32"],
        cwd=folder,
        env={**os.environ, "PADDOCK_HOST": server.url},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    ours = np.array(server.post("/api/embed", {"model": "from-folder", "input": TEXTS}).json["embeddings"])
    assert (ours * expected).sum(1).min() >= 0.9999
    server.request("DELETE", "/api/delete", {"model": "from-folder"})


def test_a_language_model_saved_without_its_head_is_the_same(tmp_path: Path) -> None:
    folder = written(tmp_path, "qwen3-embedding")
    whole = Checkpoint.of_folder(folder).tensors
    bare = {name.removeprefix("model."): t.read(0, t.rows).reshape(t.shape) for name, t in whole.items()}
    write_safetensors(folder / "model.safetensors", bare | {"lm_head.weight": bare["embed_tokens.weight"]})
    other = imported(folder)
    assert [tensor.name for tensor in imported(written(tmp_path / "2", "qwen3-embedding")).tensors] == [
        tensor.name for tensor in other.tensors
    ]


def test_embeddings_in_16_bits_are_nearly_the_same(server: ServerUnderTest, tmp_path: Path) -> None:
    expected, _, _ = recorded("embedding-gemma")
    model = create(server, written(tmp_path, "embedding-gemma"), "F16")
    ours = np.array(server.post("/api/embed", {"model": model, "input": TEXTS}).json["embeddings"])
    assert (ours * expected).sum(1).min() >= 0.999
    server.request("DELETE", "/api/delete", {"model": model})


@pytest.mark.parametrize(
    ("name", "kind", "architecture"),
    [("xlm-roberta", 1, "bert"), ("xlm-roberta-cls", 2, "bert"), ("qwen3-embedding", 3, "qwen3"),
     ("xlm-roberta-ranks", 4, "bert"), ("embedding-gemma", 1, "gemma-embedding")],
)  # fmt: skip
def test_the_file_says_how_to_pool(tmp_path: Path, name: str, kind: int, architecture: str) -> None:
    gguf = imported(written(tmp_path, name))
    assert (gguf.architecture, gguf.metadata[f"{architecture}.pooling_type"]) == (architecture, kind)


def test_without_a_pooling_file_the_pooling_follows_from_the_attention(tmp_path: Path) -> None:
    for name, kind in (("xlm-roberta", 1), ("qwen3-bare", 3)):
        folder = written(tmp_path, name)
        (folder / "modules.json").unlink()
        (folder / "1_Pooling" / "config.json").unlink()
        gguf = imported(folder)
        assert gguf.metadata[f"{gguf.architecture}.pooling_type"] == kind


def test_a_model_without_modules_still_writes_text(tmp_path: Path) -> None:
    folder = written(tmp_path, "qwen3-embedding")
    (folder / "modules.json").unlink()
    gguf = imported(folder)
    assert "qwen3.pooling_type" not in gguf.metadata
    numbers = {token["content"]: token["id"] for token in CASES["qwen3-embedding"].tokenizer["added_tokens"]}
    assert gguf.metadata["tokenizer.ggml.eos_token_id"] == numbers["<|im_end|>"]
    assert gguf.metadata["tokenizer.ggml.add_eos_token"] is False


def test_the_first_positions_of_roberta_are_not_imported(tmp_path: Path) -> None:
    folder = written(tmp_path, "xlm-roberta")
    gguf = imported(folder)
    assert gguf.metadata["bert.context_length"] == 1024
    positions = next(tensor for tensor in gguf.tensors if tensor.name == "position_embd.weight")
    assert positions.shape[-1] == 1024
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 512})
    assert imported(folder).metadata["bert.context_length"] == 512
    for none in (0.5, 0, -1, 10**400):
        write_json(folder / "sentence_bert_config.json", {"max_seq_length": none})
        assert imported(folder).metadata["bert.context_length"] == 1024


Spoil = Callable[[Path], Any]


def config(**values: Any) -> Spoil:
    return lambda folder: write_json(folder / "config.json", json.loads((folder / "config.json").read_text()) | values)


def modules(*kinds: str) -> Spoil:
    return lambda folder: write_json(folder / "modules.json", [{"type": f"a.b.{k}", "path": f"9_{k}"} for k in kinds])


def file(name: str, value: Any) -> Spoil:
    return lambda folder: write_json(folder / name, value)


def tensor(name: str, shape: tuple[int, ...], inner: str = "linear.weight") -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).mkdir(exist_ok=True)
        write_safetensors(folder / name / "model.safetensors", {inner: np.zeros(shape, np.float32)})

    return spoil


def template(*tokens: str) -> Spoil:
    def spoil(folder: Path) -> None:
        tokenizer = json.loads((folder / "tokenizer.json").read_text())
        parts = [{"Sequence": {"id": "A"}} if t == "A" else {"SpecialToken": {"id": t}} for t in tokens]
        write_json(
            folder / "tokenizer.json", tokenizer | {"post_processor": {"type": "TemplateProcessing", "single": parts}}
        )

    return spoil


WRONG: dict[str, tuple[str, Spoil, str]] = {
    "classes": ("xlm-roberta-ranks", config(id2label={"0": "a", "1": "b"}), "classifier into 2 classes"),
    "no positions": ("xlm-roberta", config(max_position_embeddings=2), "must be more than 2"),
    "fewer positions": (
        "xlm-roberta",
        config(max_position_embeddings=2000),
        "1026 positions, its config.json says 2000",
    ),
    "padding": ("xlm-roberta", config(pad_token_id=-1), "pad_token_id must be a whole number"),
    "relative": ("xlm-roberta", config(position_embedding_type="relative_key"), "must be absolute"),
    "dense": ("xlm-roberta", modules("Transformer", "Pooling", "Dense"), "Dense module .* XLMRobertaModel"),
    "order": ("embedding-gemma", modules("Transformer", "Dense", "Pooling"), "Transformer, Dense, Pooling"),
    "splade": ("xlm-roberta-cls", modules("MLMTransformer", "SpladePooling"), "MLMTransformer, SpladePooling"),
    "modules": ("xlm-roberta", file("modules.json", [{"type": 3}]), "no list of modules"),
    "modules no list": ("xlm-roberta", file("modules.json", 5), "no list of modules"),
    "pooling": ("xlm-roberta", file("1_Pooling/config.json", {"pooling_mode_max_tokens": True}), "pools in a way"),
    "both": ("qwen3-embedding", config(is_causal=False), "Qwen3ForCausalLM in which tokens see those after them"),
    "one way": (
        "embedding-gemma",
        config(use_bidirectional_attention=False),
        "use_bidirectional_attention must be true",
    ),
    "one dense": ("embedding-gemma", modules("Transformer", "Pooling", "Dense"), "1 Dense modules are not imported"),
    "activation": (
        "embedding-gemma",
        file("2_Dense/config.json", {"activation_function": "torch.nn.modules.activation.Tanh"}),
        "2_Dense: the activation .*Tanh is not imported",
    ),
    "no matrix": ("embedding-gemma", lambda f: (f / "3_Dense/model.safetensors").unlink(), "3_Dense: .* not nothing"),
    "bias": ("embedding-gemma", tensor("3_Dense", (32,), "linear.bias"), "3_Dense: .* not linear.bias"),
    "takes": ("embedding-gemma", tensor("3_Dense", (32, 40)), "3_Dense: its matrix must take 48 numbers"),
    "gives": ("embedding-gemma", tensor("3_Dense", (40, 48)), "3_Dense: its matrix must give 32 numbers"),
    "two ends": ("qwen3-embedding", template("A", "<|im_end|>", "<|endoftext|>"), "more than one token on a side"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_imported_is_named(tmp_path: Path, case: str) -> None:
    name, spoil, message = WRONG[case]
    folder = written(tmp_path, name)
    spoil(folder)
    with pytest.raises(ConversionError, match=message):
        imported(folder)
