"""Importing through the server, and what is refused."""

import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.importing import import_language_model
from paddock.gguf import GgufArray, read_header
from tests.conversion.checkpoints import recorded, write_checkpoint, write_safetensors
from tests.engine.embedding.test_reranking import Bert
from tests.server.servers import ServerUnderTest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small Llama."""
    _, config, shapes = recorded("llama")
    return write_checkpoint(tmp_path / "llama", config, shapes)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("server")) as server:
        yield server


def files(server: ServerUnderTest, folder: Path) -> dict[str, str]:
    return {path.name: server.upload(path) for path in folder.iterdir()}


def test_the_server_makes_a_model_of_uploaded_files(server: ServerUnderTest, folder: Path) -> None:
    template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template, "eos_token": "</s>"}))
    answer = server.post("/api/create", {"model": "imported", "files": files(server, folder)})
    statuses = [line.get("status") for line in answer.lines]
    assert statuses[0] == "converting model"
    assert statuses[-1] == "success", answer.lines[-1]
    shown = server.post("/api/show", {"model": "imported"}).json
    assert (shown["details"]["family"], shown["details"]["quantization_level"]) == ("llama", "F16")
    assert shown["model_info"]["tokenizer.chat_template"] == template
    reply = server.chat("imported", ("user", "the tea"), options={"num_predict": 4, "temperature": 0}).json
    assert reply["done"]
    assert reply["eval_count"] > 0
    server.request("DELETE", "/api/delete", {"model": "imported"})


def test_the_type_of_the_weights_can_be_asked_for(server: ServerUnderTest, folder: Path) -> None:
    for kind in ("F32", "bf16", "q8_0"):
        assert server.create("typed", files=files(server, folder), quantize=kind).json == {"status": "success"}
        shown = server.post("/api/show", {"model": "typed"}).json
        assert shown["details"]["quantization_level"] == kind.upper()
    server.request("DELETE", "/api/delete", {"model": "typed"})


def test_an_unknown_architecture_is_named_and_nothing_stays(server: ServerUnderTest, folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["FancyForCausalLM"]}))
    given = files(server, folder)
    before = set(server.files())
    answer = server.create("unknown", files=given)
    assert answer.status == 400
    assert 'the architecture "FancyForCausalLM" cannot be imported; supported: LlamaForCausalLM' in answer.error
    assert set(server.files()) - before == set()


def changed(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))

    return change


def more(name: str, shape: tuple[int, ...]) -> Callable[[Path], None]:
    return lambda folder: void(write_safetensors(folder / "more.safetensors", {name: np.zeros(shape, np.float32)}))


def void(_: object) -> None:
    pass


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "no config": (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
    "no architecture": (changed(architectures=[]), "does not say its architecture"),
    "architecture no text": (changed(architectures=[5]), "does not say its architecture"),
    "heads": (changed(num_attention_heads="4"), "num_attention_heads must be a whole number"),
    "negative": (changed(num_hidden_layers=-1), "num_hidden_layers must be a whole number"),
    "endless": (changed(num_hidden_layers=10**12), "num_hidden_layers must be a whole number"),
    "no heads": (changed(num_attention_heads=None), "does not say num_attention_heads"),
    "other heads": (changed(num_attention_heads=5), "does not have 5 heads"),
    "rope": (changed(rope_parameters={"rope_type": "magic"}), "rope_scaling of the type magic"),
    "theta": (changed(rope_parameters={"rope_theta": "far"}), "rope_theta must be a number"),
    "endless number": (changed(rms_norm_eps=10**400), "rms_norm_eps must be a number"),
    "number beyond floats": (changed(rms_norm_eps=1e300), "rms_norm_eps must be a number"),
    "number below 0": (changed(rms_norm_eps=-1), "rms_norm_eps must be a number above 0"),
    "number that becomes 0": (changed(rms_norm_eps=1e-60), "rms_norm_eps must be a number above 0"),
    "theta below 0": (changed(rope_parameters={"rope_theta": -1}), "rope_theta must be a number above 0"),
    "trained": (
        changed(rope_parameters={"rope_type": "yarn", "original_max_position_embeddings": 1e30}),
        "original_context_length must be a whole number",
    ),
    "too many layers": (changed(num_hidden_layers=10**9), "1000000000 layers, the checkpoint has fewer"),
    "fewer layers": (changed(num_hidden_layers=1), "layers.1.* does not belong to LlamaForCausalLM"),
    "stranger": (more("model.layers.0.magic.weight", (2, 2)), "magic.weight.* does not belong to LlamaForCausalLM"),
    "expert": (more("model.layers.0.mlp.experts.3.up_proj.weight", (2, 2)), "are missing"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_checkpoint_that_contradicts_its_config_is_refused(folder: Path, case: str) -> None:
    spoil, message = WRONG[case]
    spoil(folder)
    with pytest.raises(ConversionError, match=message), Path(os.devnull).open("wb") as sink:
        import_language_model(Checkpoint.of_folder(folder), sink)


def test_tokens_for_which_there_are_no_embeddings_are_dropped(folder: Path, tmp_path: Path) -> None:
    (folder / "added_tokens.json").write_text(json.dumps({"<far>": 1 << 20, "<farther>": 1 << 23, "<next>": 64}))
    tracemalloc.start()
    try:
        with (tmp_path / "out.gguf").open("wb") as sink:
            import_language_model(Checkpoint.of_folder(folder), sink)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    tokens = read_header(tmp_path / "out.gguf").metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, GgufArray)
    assert tokens.values is not None
    assert (tokens.length, tokens.values[:3]) == (64, ("<unk>", "<s>", "</s>"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_memory_does_not_grow_with_the_checkpoint(tmp_path: Path) -> None:
    _, config, shapes = recorded("llama")
    folder = write_checkpoint(tmp_path / "large", config, {**shapes, "lm_head.weight": [64, 32]})
    rows = 600_000
    large = {name: np.zeros((rows, 32), np.uint16) for name in ("model.embed_tokens.weight", "lm_head.weight")}
    tensors = {n: t.read(0, t.rows).reshape(t.shape) for n, t in Checkpoint.of_folder(folder).tensors.items()}
    write_safetensors(folder / "model.safetensors", tensors | large, dict.fromkeys(large, "BF16"))
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": rows}))
    # Not `ru_maxrss`, which begins with what the process that started this one holds.
    script = (
        "import re, sys; from pathlib import Path; from paddock.cli.main import run_command;"
        "status = run_command(sys.argv[1:]);"
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text());"
        "print(int(peak[1]) >> 10); sys.exit(status)"
    )
    command = [sys.executable, "-c", script, "convert", str(folder), str(tmp_path / "out.gguf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    largest = rows * 32 * 2 >> 20
    assert int(done.stdout) < 1.5 * largest + 200


def test_a_folder_of_this_machine_is_imported_over_http_where_that_is_allowed(
    server: ServerUnderTest, folder: Path, tmp_path: Path
) -> None:
    body = {"name": "local", "modelfile": f"FROM {folder}\nSYSTEM Be brief."}
    assert server.post("/api/create", body).status == 400
    (tmp_path / "Modelfile").write_text("FROM ./llama\nSYSTEM Be brief.\n")
    (tmp_path / "empty").mkdir()
    with ServerUnderTest(tmp_path / "server", LOCAL_FILES="1") as other:
        for given in (body, {"name": "local", "path": str(tmp_path / "Modelfile")}):
            lines = other.post("/api/create", given).lines
            assert (lines[0]["status"], lines[-1]) == ("converting model", {"status": "success"})
            shown = other.post("/api/show", {"model": "local"}).json
            assert (shown["details"]["family"], shown["system"]) == ("llama", "Be brief.")
            other.request("DELETE", "/api/delete", {"model": "local"})
        refused = other.post("/api/create", {"name": "local", "modelfile": f"FROM {tmp_path / 'empty'}"})
        assert (refused.status, refused.error) == (400, "no Modelfile or safetensors files found")
        absent = other.post("/api/create", {"name": "local", "modelfile": f"FROM {tmp_path / 'absent'}"})
        assert absent.status == 400


@pytest.fixture
def cross_encoder(tmp_path: Path) -> Path:
    """A small BERT that ranks."""
    _, config, shapes = recorded("bert")
    width = config["hidden_size"]
    shapes = {f"bert.{name.removeprefix('bert.')}": shape for name, shape in shapes.items() if "pooler" not in name}
    heads = {"bert.pooler.dense": (width, width), "classifier": (1, width)}
    for name, shape in heads.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    config = {**config, "architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}}
    return write_checkpoint(tmp_path / "cross", config, shapes)


def test_a_cross_encoder_is_imported_with_its_head_and_ranks(server: ServerUnderTest, cross_encoder: Path) -> None:
    path = cross_encoder.parent / "cross.gguf"
    with path.open("wb") as file:
        import_language_model(Checkpoint.of_folder(cross_encoder), file, "f32")
    gguf = read_header(path)
    assert gguf.metadata["bert.pooling_type"] == 4
    original = Checkpoint.of_folder(cross_encoder).tensors
    network = Bert(path)
    for theirs, ours in (("bert.pooler.dense", "cls"), ("classifier", "cls.output")):
        for ending in ("weight", "bias"):
            tensor = original[f"{theirs}.{ending}"]
            values = tensor.read(0, tensor.rows).reshape(tensor.shape)
            assert (network.weights[f"{ours}.{ending}"].reshape(tensor.shape) == values).all()
    answer = server.post("/api/create", {"model": "cross", "files": files(server, cross_encoder), "quantize": "F32"})
    assert answer.lines[-1]["status"] == "success", answer.lines[-1]
    letters = {letter: number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 5)}
    question, texts = "a", ["b c", "x y z", "q"]
    found = server.post("/api/rerank", {"model": "cross", "query": question, "documents": texts}).json["results"]
    for one in found:
        second = [*(letters[letter] for letter in texts[one["index"]].split()), 3]
        expected = network.score([2, letters[question], 3, *second], [0, 0, 0, *[1] * len(second)])
        assert abs(one["relevance_score"] - expected) < 2e-3
    server.request("DELETE", "/api/delete", {"model": "cross"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"id2label": {"0": "a", "1": "b"}}, "a classifier into 2 classes"), ({"id2label": None}, "into 2 classes")],
)
def test_a_classifier_that_does_not_rank_is_refused(cross_encoder: Path, changes: dict[str, Any], said: str) -> None:
    config = json.loads((cross_encoder / "config.json").read_text())
    (cross_encoder / "config.json").write_text(json.dumps({**config, **changes}))
    with pytest.raises(ConversionError, match=said), (cross_encoder / "x").open("wb") as file:
        import_language_model(Checkpoint.of_folder(cross_encoder), file)
