"""Creating models that are quantized, joined from several files, or changed by adapters, over HTTP."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddock.gguf import read_header
from tests.conversion.checkpoints import write_safetensors
from tests.conversion.splits import split
from tests.models.llama import tiny_llama, tiny_lora
from tests.server.servers import ServerUnderTest, unchanged, until

TARGET = "blk.1.ffn_down.weight"
GREEDY = {"temperature": 0, "num_predict": 12}


@pytest.fixture
def made(server: ServerUnderTest) -> Iterator[ServerUnderTest]:
    """The server, from which the models `one` to `three` are deleted afterwards."""
    yield server
    for name in ("one", "two", "three"):
        server.request("DELETE", "/api/delete", {"model": name})


def layer_of(server: ServerUnderTest, name: str, kind: str) -> str:
    path = server.models / "manifests" / "registry.ollama.ai" / "library" / name / "latest"
    layers = json.loads(path.read_bytes())["layers"]
    (digest,) = [layer["digest"] for layer in layers if layer["mediaType"].endswith(f".{kind}")]
    return str(digest)


def test_quantizing_is_streamed_with_bytes_and_the_model_runs(made: ServerUnderTest) -> None:
    lines = made.post("/api/create", {"model": "one", "from": "tiny", "quantize": "q8_0"}).lines
    measured = [line for line in lines if "total" in line]
    assert {line["status"] for line in measured} == {"quantizing F32 model to Q8_0"}
    assert {line["digest"] for line in measured} == {"0" * 19}
    assert measured[-1]["completed"] == measured[-1]["total"] > 0
    assert [line["status"] for line in lines][-2:] == ["writing manifest", "success"]
    shown = made.post("/api/show", {"model": "one"}).json
    assert shown["details"]["quantization_level"] == "Q8_0"
    assert shown["template"] == "{{ .Prompt }}"
    assert made.generate("one", options=GREEDY).json["eval_count"] == 12
    assert made.tags()["one:latest"]["size"] < made.tags()["tiny:latest"]["size"] / 3


def test_the_older_field_quantization_works(made: ServerUnderTest) -> None:
    assert made.create("one", **{"from": "tiny", "quantization": "Q4_0"}).json == {"status": "success"}
    assert made.tags()["one:latest"]["details"]["quantization_level"] == "Q4_0"
    body = {"name": "two", "modelfile": "FROM tiny", "quantize": "F16", "stream": False}
    assert made.post("/api/create", body).json == {"status": "success"}
    assert made.tags()["two:latest"]["details"]["quantization_level"] == "F16"


@pytest.mark.parametrize("stream", [False, True])
def test_a_quantized_model_is_not_quantized_again(made: ServerUnderTest, stream: bool) -> None:
    made.create("one", **{"from": "tiny", "quantize": "Q8_0"})
    with unchanged(made):
        answer = made.post("/api/create", {"model": "two", "from": "one", "quantize": "Q4_K_M", "stream": stream})
    assert (answer.status, answer.error) == (400, "quantization is only supported for F16, BF16 and F32 models")


def test_a_quantization_is_cancelled_when_its_client_goes_away(made: ServerUnderTest, tmp_path: Path) -> None:
    source = tiny_llama(tmp_path / "large.gguf", width=512, feed_forward=1024, layers=3)
    digest = made.upload(source)
    for stream in (True, False):
        body = json.dumps({"model": "one", "files": {"x.gguf": digest}, "quantize": "IQ3_S", "stream": stream}).encode()
        with unchanged(made):
            with made.connect() as connection:
                connection.sendall(
                    b"POST /api/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
                )
                connection.sendall(body)
                until(lambda: any("paddock.engine.quantize" in " ".join(p.cmdline()) for p in made.runners()), 20)
            until(lambda: not any("paddock.engine.quantize" in " ".join(p.cmdline()) for p in made.runners()), 20)
            until(lambda: not list(made.models.rglob("*.tmp")), 20)
    assert "Traceback" not in made.log


def test_a_server_that_stops_cancels_a_quantization(tmp_path: Path) -> None:
    source = tiny_llama(tmp_path / "large.gguf", width=512, feed_forward=1024, layers=3)
    with ServerUnderTest(tmp_path / "server") as server:
        body = {"model": "one", "files": {"x.gguf": server.upload(source)}, "quantize": "IQ3_S"}
        answers: list[Any] = []
        client = threading.Thread(target=lambda: answers.append(server.post("/api/create", body)))
        client.start()
        until(lambda: any("paddock.engine.quantize" in " ".join(p.cmdline()) for p in server.runners()), 20)
        (child,) = server.runners()
        assert server.stop() == 0
        client.join(20)
        assert answers[0].lines[-1] == {"error": "the server is stopping"}
        assert not child.is_running()
        assert not list(server.models.rglob("*.tmp"))
        assert "Traceback" not in server.log


def test_a_model_of_several_files_is_created_from_all_of_them(
    made: ServerUnderTest, tiny: Path, tmp_path: Path
) -> None:
    files = {path.name: made.upload(path) for path in split(tiny, tmp_path / "parts", 9)}
    assert made.create("one", files=files, template="{{ .Prompt }}").json == {"status": "success"}
    assert layer_of(made, "one", "model") == layer_of(made, "tiny", "model")
    gone = files.popitem()[0]
    with unchanged(made):
        answer = made.create("two", files=files)
    assert answer.status == 400
    assert answer.error.endswith(f"is missing: {gone}")


def halves(seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((4, 128)).astype(np.float32), rng.standard_normal((64, 4)).astype(np.float32)


def merged(base: Path, path: Path, change: Any) -> Path:
    """Copy a model with one of its matrices changed."""
    shutil.copy(base, path)
    head = read_header(base)
    tensor = next(t for t in head.tensors if t.name == TARGET)
    with path.open("r+b") as file:
        file.seek(head.data_offset + tensor.offset)
        values = np.frombuffer(file.read(tensor.size), np.float32).reshape(change.shape) + change
        file.seek(head.data_offset + tensor.offset)
        file.write(values.astype(np.float32).tobytes())
    return path


def test_adapters_change_replies_as_merged_weights_do_and_share_the_base(
    made: ServerUnderTest, tiny: Path, tmp_path: Path
) -> None:
    replies = {}
    for seed, name in ((1, "one"), (2, "two")):
        a, b = halves(seed)
        adapter = tiny_lora(tmp_path / f"{name}.gguf", {TARGET: (a, b)}, alpha=2.0)
        assert made.create(name, **{"from": "tiny"}, adapters={"a.gguf": made.upload(adapter)}).status == 200
        made.import_gguf("three", merged(tiny, tmp_path / f"merged-{name}.gguf", 0.5 * b @ a), template="{{ .Prompt }}")
        replies[name] = made.generate(name, options=GREEDY).json["response"]
        assert replies[name] == made.generate("three", options=GREEDY).json["response"]
        assert layer_of(made, name, "model") == layer_of(made, "tiny", "model")
    plain = made.generate("tiny", options=GREEDY).json["response"]
    assert len({plain, *replies.values()}) == 3
    assert layer_of(made, "one", "adapter") != layer_of(made, "two", "adapter")
    made.unload_all()


def test_an_adapter_of_peft_is_converted(made: ServerUnderTest, tmp_path: Path) -> None:
    a, b = halves(1)
    name = "base_model.model.model.layers.1.mlp.down_proj.lora_"
    tensors = write_safetensors(tmp_path / "a.safetensors", {f"{name}A.weight": a, f"{name}B.weight": b})
    config = json.dumps({"peft_type": "LORA", "r": 4, "lora_alpha": 2}).encode()
    files = {"adapter_model.safetensors": made.upload(tensors), "adapter_config.json": made.upload(config)}
    lines = made.post("/api/create", {"model": "one", "from": "tiny", "adapters": files}).lines
    assert lines[-1] == {"status": "success"}
    assert "converting adapter" in [line["status"] for line in lines]
    gguf = tiny_lora(tmp_path / "a.gguf", {TARGET: (a, b)}, alpha=2.0)
    made.create("two", **{"from": "tiny"}, adapters={"a.gguf": made.upload(gguf)})
    replies = [made.generate(name, options=GREEDY).json["response"] for name in ("one", "two")]
    assert replies[0] == replies[1]
    made.unload_all()


def test_an_adapter_that_does_not_fit_is_refused_on_create(made: ServerUnderTest, tmp_path: Path) -> None:
    a, b = halves(1)
    config = made.upload(b'{"peft_type": "LORA"}')
    wrong: list[tuple[dict[str, str], str]] = []

    def add(message: str, **lora: Any) -> None:
        changes = lora.pop("changes", {TARGET: (a, b)})
        path = tiny_lora(tmp_path / f"{len(wrong)}.gguf", changes, **lora)
        wrong.append(({"a.gguf": made.upload(path)}, message))

    add('a.gguf is an adapter for "gemma" models, and this is "llama"', architecture="gemma")
    add("a.gguf is an adapter of another kind than LoRA", metadata={"adapter.type": "control_vector"})
    add("a.gguf is no adapter", metadata={"general.type": "model", "adapter.type": ""})
    add('a.gguf changes "blk.9.x", which the model does not have', changes={"blk.9.x": (a, b)})
    add("a.gguf is for a model of another size", changes={TARGET: (a[:, :64], b)})
    add("a.gguf is for a model of another size", changes={TARGET: (a[:3], b)})
    add("a.gguf is empty", changes={})
    wrong.append(({"adapter_config.json": config}, "there is no adapter among the files"))
    wrong.append(({"a.safetensors": config}, "is missing: an adapter cannot be converted without it"))
    wrong.append(({"adapter_config.json": config, "a.safetensors": config}, "is no safetensors file"))
    wrong.append(({"a.gguf": config}, "supplied file was not in GGUF format"))
    with unchanged(made):
        for files, message in wrong:
            answer = made.create("one", **{"from": "tiny"}, adapters=files)
            assert (answer.status, message in answer.error) == (400, True), answer.error
