"""Models with their vision encoder inside the GGUF file, as in Ollama's library, through a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.gguf_compat.text_cases import CASES
from tests.models import kinds, projectors
from tests.models.llama import tiny_llama
from tests.models.ollama_files import gemma
from tests.server.servers import Answer, ServerUnderTest, until
from tests.server.test_images import CHAT, encoded, image, said

ONE, TWO, BLIND, UNSEEN = "one-file", "two-files", "blind", "unseen"


@pytest.fixture(scope="module")
def both(server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """The server with a Gemma 3 in one file, the same in two files, and one with an unknown encoder."""
    folder = tmp_path_factory.mktemp("one-file")
    text = kinds.sliding_window(folder / "text.gguf")
    projector = projectors.gemma(folder / "projector.gguf")
    one = gemma(folder / "one.gguf", text, projector)
    blind = gemma(folder / "blind.gguf", text, projector, without=["mm.mm_input_projection.weight"])
    encoder = ["v.patch_embd.weight", "mm.0.weight"]
    unseen = tiny_llama(folder / "unseen.gguf", metadata={"gemma3n.vision.block_count": 1}, more=encoder)
    more = {"template": CHAT, "parameters": {"temperature": 0, "num_predict": 8, "num_ctx": 1024}}
    for name, files in ((ONE, [one]), (TWO, [text, projector]), (BLIND, [blind]), (UNSEEN, [unseen])):
        answer = server.create(name, files={file.name: server.upload(file) for file in files}, **more)
        assert answer.json == {"status": "success"}
    yield server
    for name in (ONE, TWO, BLIND, UNSEEN):
        server.request("DELETE", "/api/delete", {"model": name})


def ask(server: ServerUnderTest, model: str, *images: str, text: str = "what is this") -> Answer:
    message = {"role": "user", "content": text, "images": list(images)}
    return server.post("/api/chat", {"model": model, "messages": [message], "stream": False})


def test_it_has_vision_and_shows_the_metadata_of_its_file(both: ServerUnderTest) -> None:
    shown = both.post("/api/show", {"model": ONE}).json
    assert shown["capabilities"] == ["completion", "vision"]
    assert shown["model_info"]["gemma3.vision.image_size"] == projectors.SIZE
    assert "projector_info" not in shown


def test_it_answers_as_the_same_model_in_two_files_does(both: ServerUnderTest) -> None:
    images = [encoded(image(seed)) for seed in (1, 2)]
    told = [said(ask(both, ONE, file)) for file in images]
    assert told == [said(ask(both, TWO, file)) for file in images]
    assert told[0] != told[1]
    assert said(ask(both, ONE)) == said(ask(both, TWO))
    generated = [both.generate(name, "what is this").json["response"] for name in (ONE, TWO)]
    assert generated[0] == generated[1]


def test_a_second_question_encodes_nothing(both: ServerUnderTest) -> None:
    file = encoded(image(7))
    first, second = (ask(both, ONE, file, text=text) for text in ("what colour", "what shape"))
    assert first.status == second.status == 200
    assert second.json["prompt_cached_count"] >= projectors.PATCHES // 4


def test_a_one_file_model_is_loaded_once_and_unloaded_completely(both: ServerUnderTest) -> None:
    def loaded() -> list[str]:
        return [model["name"] for model in both.get("/api/ps").json["models"] if model["name"].startswith(ONE)]

    said(ask(both, ONE, encoded(image(1))))
    said(ask(both, ONE))
    assert len(loaded()) == 1
    both.post("/api/generate", {"model": ONE, "keep_alive": 0})
    until(lambda: not loaded())


def test_a_model_whose_encoder_is_unsupported_still_generates_text(both: ServerUnderTest) -> None:
    assert said(ask(both, BLIND)) == said(ask(both, ONE))
    answer = ask(both, BLIND, encoded(image(1)))
    assert answer.status == 400
    assert "sees or hears with cannot be run" in answer.error
    assert "mm.input_projection.weight" in answer.error


def test_models_whose_architecture_llama_cpp_does_not_know_by_that_name_are_run(
    both: ServerUnderTest, tmp_path: Path
) -> None:
    for name, case, family, does in (
        ("gptoss", "gptoss", "gptoss", "completion"),
        ("embedder", "embedding gemma", "gemma3", "embedding"),
    ):
        (tmp_path / name).mkdir()
        _, file = CASES[case].write(tmp_path / name)
        assert both.create(name, files={file.name: both.upload(file)}).json == {"status": "success"}
        shown = both.post("/api/show", {"model": name}).json
        assert (shown["capabilities"], shown["details"]["family"]) == ([does], family)
    assert both.generate("gptoss", "the dog", options={"num_predict": 4}).json["eval_count"] == 4
    (vector,) = both.post("/api/embed", {"model": "embedder", "input": "the dog"}).json["embeddings"]
    assert len(vector) > 1
    for name in ("gptoss", "embedder"):
        both.request("DELETE", "/api/delete", {"model": name})


def test_an_unknown_encoder_is_reported(both: ServerUnderTest) -> None:
    for answer in (both.generate(UNSEEN, "Hi"), ask(both, UNSEEN), ask(both, UNSEEN, encoded(image(1)))):
        assert answer.status == 400
    assert "inside its GGUF file" in both.generate(UNSEEN, "Hi").error
