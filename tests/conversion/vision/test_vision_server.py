"""Vision-language checkpoints through a server: two files, and an answer about an image."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.importing import import_language_model
from paddock.conversion.vision.projector import plan_projector
from tests.conversion.checkpoints import recorded as recorded_text
from tests.conversion.checkpoints import write_checkpoint
from tests.conversion.vision_checkpoints import recorded, sample_image, write_seeing_checkpoint
from tests.server.servers import ServerUnderTest

TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("server")) as server:
        yield server


def written(folder: Path, case: str) -> Path:
    *_, config, shapes = recorded(case)
    write_seeing_checkpoint(folder, config, shapes)
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": TEMPLATE}))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small Gemma 3 with its tower."""
    return written(tmp_path / "gemma3", "gemma3")


def files(server: ServerUnderTest, folder: Path) -> dict[str, str]:
    return {path.name: server.upload(path) for path in folder.iterdir()}


def drawn(number: int) -> str:
    file = io.BytesIO()
    PIL.Image.fromarray(np.roll(sample_image(112), 30 * number, axis=1)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("case", "quantize", "size", "tokens"),
    [("gemma3", "", 112, 4 + 2), ("gemma3", "q8_0", 112, 4 + 2), ("llava", "", 56, 16)],
)
def test_a_model_imported_with_its_tower_has_vision(
    server: ServerUnderTest, tmp_path: Path, case: str, quantize: str, size: int, tokens: int
) -> None:
    given = files(server, written(tmp_path / case, case))
    answer = server.post("/api/create", {"model": "vision", "files": given, "quantize": quantize})
    assert answer.lines[-1] == {"status": "success"}, answer.lines[-1]
    shown = server.post("/api/show", {"model": "vision"}).json
    assert shown["capabilities"] == ["completion", "vision"]
    assert shown["details"]["families"] == [shown["details"]["family"], "clip"]
    assert shown["projector_info"]["clip.vision.image_size"] == size
    replies = []
    for number in (0, 1):
        message = {"role": "user", "content": "the tea", "images": [drawn(number)]}
        options = {"num_predict": 8, "temperature": 0}
        body = {
            "model": "vision",
            "messages": [message],
            "stream": False,
            "logprobs": True,
            "top_logprobs": 4,
            "options": options,
        }
        replies.append(server.post("/api/chat", body).json)
    # Vectors, and with Gemma what stands around them, beside the text's own tokens.
    alone = server.chat("vision", ("user", "the tea"), options={"num_predict": 1}).json
    assert [reply["prompt_eval_count"] - alone["prompt_eval_count"] for reply in replies] == [tokens, tokens]
    first, second = ([token["top_logprobs"][3]["logprob"] for token in reply["logprobs"]] for reply in replies)
    assert len(first) == len(second) == 8
    assert max(abs(one - other) for one, other in zip(first, second, strict=True)) > 0.01
    server.request("DELETE", "/api/delete", {"model": "vision"})
    assert not [name for name in server.files() if ".tmp" in str(name)]


def test_without_its_tower_the_model_is_imported_with_a_message(server: ServerUnderTest, tmp_path: Path) -> None:
    *_, config, shapes = recorded("gemma3")
    text = {name: shape for name, shape in shapes.items() if name.startswith("language_model")}
    answer = server.post(
        "/api/create",
        {"model": "blind", "files": files(server, write_seeing_checkpoint(tmp_path / "blind", config, text))},
    )
    said = [line.get("status") for line in answer.lines]
    assert said[-1] == "success", answer.lines[-1]
    assert "the checkpoint has no vision tower: the model will not see pictures" in said
    assert server.post("/api/show", {"model": "blind"}).json["capabilities"] == ["completion"]
    refused = server.post(
        "/api/chat", {"model": "blind", "messages": [{"role": "user", "content": "a", "images": [drawn(0)]}]}
    )
    assert refused.status == 400
    server.request("DELETE", "/api/delete", {"model": "blind"})


def test_a_tower_that_the_architecture_ignores_is_left_out_with_a_message(
    server: ServerUnderTest, tmp_path: Path
) -> None:
    _, config, shapes = recorded_text("gemma3")
    folder = write_checkpoint(tmp_path / "text", config, {**shapes, "vision_tower.post_layernorm.weight": (32,)})
    answer = server.post("/api/create", {"model": "text", "files": files(server, folder)})
    said = [line.get("status") for line in answer.lines]
    assert said[-1] == "success", answer.lines[-1]
    assert "leaving out the vision tower, which Gemma3ForCausalLM does not use" in said
    server.request("DELETE", "/api/delete", {"model": "text"})


def test_a_tower_that_cannot_be_imported_is_named_and_nothing_stays(server: ServerUnderTest, folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"]["model_type"] = "pixtral"
    (folder / "config.json").write_text(json.dumps(config))
    given = files(server, folder)
    before = set(server.files())
    answer = server.create("unknown", files=given)
    assert answer.status == 400
    assert 'a vision tower of the type "pixtral" cannot be imported' in answer.error
    assert set(server.files()) - before == set()


@pytest.mark.parametrize("name", ["mmproj.gguf", "seeing.gguf"])
def test_a_projector_sent_with_a_checkpoint_is_used(
    server: ServerUnderTest, folder: Path, tmp_path: Path, name: str
) -> None:
    own = tmp_path / name
    with own.open("wb") as file:
        projector = plan_projector(Checkpoint.of_folder(folder), "f32")
        assert projector is not None
        projector.write(file)
    given = {**files(server, folder), name: server.upload(own)}
    answer = server.post("/api/create", {"model": "own", "files": given})
    said = [line.get("status") for line in answer.lines]
    assert said[-1] == "success", answer.lines[-1]
    assert f"taking the projector {name} in place of what the checkpoint sees with" in said
    assert "the checkpoint has no vision tower: the model will not see pictures" not in said
    commands = server.post("/api/show", {"model": "own"}).json["modelfile"]
    sources = [line for line in commands.splitlines() if line.startswith("FROM")]
    assert len(sources) == 2
    assert sources[1].endswith(given[name].replace(":", "-"))
    server.request("DELETE", "/api/delete", {"model": "own"})


def test_a_model_sent_with_a_checkpoint_is_refused(server: ServerUnderTest, folder: Path, tmp_path: Path) -> None:
    with (tmp_path / "model.gguf").open("wb") as file:
        import_language_model(Checkpoint.of_folder(folder), file, "f32")
    answer = server.create("two", files=files(server, folder) | {"model.gguf": server.upload(tmp_path / "model.gguf")})
    assert (answer.status, answer.error) == (400, "a model is made of exactly one file with its weights")
    missing = server.create("two", files=files(server, folder) | {"mmproj.gguf": f"sha256:{'0' * 64}"})
    assert missing.status == 400
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    assert server.create("two", files=files(server, folder) | {broken.name: server.upload(broken)}).status == 400
