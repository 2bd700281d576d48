"""Audio in generate and chat, through a server, with small models of random but fixed weights."""

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import ollama
import pytest

from tests.audio import noise, recorded, spoken
from tests.engine.multimodal.test_encoder import drawn
from tests.models import kinds, projectors
from tests.models.projectors import CELLS_OF_A_PIECE
from tests.server.servers import Answer, ServerUnderTest
from tests.server.test_images import CHAT, REFUSAL, said

AUDIO, VISION, BOTH = "audio", "vision", "vision-and-audio"
MODELS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Path]]] = {
    AUDIO: (kinds.full_attention, projectors.ultravox),
    VISION: (kinds.full_attention, projectors.llava),
    BOTH: (kinds.sliding_window, projectors.gemma_with_ears),
}


@pytest.fixture(scope="module")
def media_server(server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """The server with models that take images, audio, and both."""
    for name, (language, projector) in MODELS.items():
        folder = tmp_path_factory.mktemp(name)
        files = [language(folder / "model.gguf"), projector(folder / "projector.gguf")]
        answer = server.create(
            name,
            files={file.name: server.upload(file) for file in files},
            template=CHAT,
            parameters={"temperature": 0, "num_predict": 8, "num_ctx": 1024},
        )
        assert answer.json == {"status": "success"}
    yield server
    for name in MODELS:
        server.request("DELETE", "/api/delete", {"model": name})


def text_of(file: bytes) -> str:
    return base64.b64encode(file).decode()


def ask(server: ServerUnderTest, content: str, *files: bytes, model: str = AUDIO, **fields: object) -> Answer:
    message = {"role": "user", "content": content, "images": [text_of(file) for file in files]}
    return server.post("/api/chat", {"model": model, "messages": [message], "stream": False, **fields})


@pytest.mark.parametrize(("model", "expected"), [(AUDIO, {"audio"}), (VISION, {"vision"}), (BOTH, {"audio", "vision"})])
def test_the_capabilities_of_a_model_include_those_of_its_projector(
    media_server: ServerUnderTest, model: str, expected: set[str]
) -> None:
    shown = media_server.post("/api/show", {"model": model}).json
    assert set(shown["capabilities"]) == {"completion", *expected}


def test_audio_changes_the_answer_and_the_same_audio_does_not(media_server: ServerUnderTest) -> None:
    texts = [said(ask(media_server, "what is this", spoken(seed))) for seed in (1, 2, 1)]
    assert texts[0] == texts[2] != texts[1]
    assert said(ask(media_server, "what is this")) not in texts


def test_a_second_question_about_audio_computes_only_the_question(media_server: ServerUnderTest) -> None:
    file = spoken(3, 61)
    first = ask(media_server, "who speaks", file)
    assert first.json["prompt_eval_count"] > 3 * CELLS_OF_A_PIECE
    second = ask(media_server, "what about", file)
    assert second.json["prompt_cached_count"] > 3 * CELLS_OF_A_PIECE
    uncached = ask(media_server, "what about", file, options={"cache_prompt": False})
    assert said(uncached) == said(second)


def test_generate_accepts_audio_with_a_template_and_raw(media_server: ServerUnderTest) -> None:
    files = [text_of(spoken(4))]
    answer = media_server.generate(AUDIO, "what is it", images=files)
    assert answer.json["response"] == said(ask(media_server, "what is it", spoken(4)))
    raw = media_server.generate(AUDIO, "user: [img-0]what is it assistant:", images=files, raw=True)
    assert raw.json["response"] == answer.json["response"]


def test_every_audio_format_gives_the_same_samples(media_server: ServerUnderTest) -> None:
    samples = noise(5)
    expected = said(ask(media_server, "listen", recorded(samples)))
    assert said(ask(media_server, "listen", recorded(samples, form="FLAC"))) == expected
    assert said(ask(media_server, "listen", recorded(np.repeat(samples, 2, axis=1)))) == expected
    for rate, form in ((8_000, "WAV"), (48_000, "MP3"), (44_100, "OGG")):
        assert ask(media_server, "listen", recorded(noise(5, rate=rate, channels=2), rate, form)).status == 200
    assert ask(media_server, "listen", recorded(np.zeros((8_000, 1), np.float32))).status == 200


WRONG = {
    "text": (b"hello", "WAV, MP3, FLAC or Ogg"),
    "an image": (drawn(1), "this model takes no images"),
    "no sound": (recorded(np.zeros((0, 1), np.float32)), "holds no sound"),
    "cut off": (recorded(noise(1), form="FLAC")[:60], "damaged"),
    "another format": (recorded(noise(1), form="AIFF"), "known format"),
    "too long": (recorded(np.zeros((1_801_000, 1), np.float32), 1000, subtype="PCM_U8"), "30 minutes"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_is_not_audio_is_refused(media_server: ServerUnderTest, what: str) -> None:
    file, reason = WRONG[what]
    for answer in (
        ask(media_server, "listen", file),
        ask(media_server, "listen", file, truncate=False),
        ask(media_server, "listen", file, stream=True),
        media_server.generate(AUDIO, "listen", images=[text_of(file)]),
    ):
        assert answer.status == 400
        assert reason in answer.error
    second = ask(media_server, "listen", spoken(1), file)
    assert second.status == 400
    assert " 2 " in second.error
    assert said(ask(media_server, "listen", spoken(1)))


def test_a_model_without_audio_refuses_audio(media_server: ServerUnderTest) -> None:
    files = [text_of(spoken(1))]
    for model, reason in (
        ("tiny", REFUSAL),
        (VISION, f"registry.ollama.ai/library/{VISION}:latest does not support audio"),
    ):
        generated = media_server.generate(model, "listen", images=files)
        assert (generated.status, generated.error) == (400, reason)
        chatted = ask(media_server, "listen", spoken(1), model=model)
        assert (chatted.status, chatted.error) == (400, reason)


def test_audio_that_does_not_fit_the_context_is_refused(media_server: ServerUnderTest) -> None:
    answer = ask(media_server, "listen", spoken(6, 100), options={"num_ctx": 64})
    assert answer.status == 400
    assert "exceeds the available context size" in answer.error


def test_a_model_with_vision_and_audio_tells_images_from_audio(media_server: ServerUnderTest) -> None:
    found = set()
    for files in ((drawn(1), spoken(1)), (drawn(1), spoken(2)), (drawn(2), spoken(1)), (spoken(1), drawn(1))):
        answer = ask(media_server, "compare", *files, model=BOTH, logprobs=True)
        assert answer.status == 200
        found.add(answer.json["logprobs"][0]["logprob"])
    assert len(found) == 4
    wrong = ask(media_server, "compare", drawn(1), b"RIFFnoneWAVE", model=BOTH)
    assert (wrong.status, wrong.error.startswith("recording 2 is damaged")) == (400, True)


def test_concurrent_clients_with_different_audio_and_without_any(media_server: ServerUnderTest) -> None:
    files = [[spoken(20 + n, 2)] if n % 3 else [] for n in range(6)]
    alone = [said(ask(media_server, f"what is {n}", *files[n])) for n in range(6)]
    media_server.unload(AUDIO)
    got: dict[int, str] = {}

    def one(number: int) -> None:
        got[number] = said(ask(media_server, f"what is {number}", *files[number]))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [got[n] for n in range(6)] == alone


def test_the_official_client_sends_audio(media_server: ServerUnderTest) -> None:
    answer = ollama.Client(media_server.url).chat(
        AUDIO, [{"role": "user", "content": "listen", "images": [ollama.Image(value=text_of(spoken(8)))]}]
    )
    assert answer.message.content == said(ask(media_server, "listen", spoken(8)))


def test_the_command_line_sends_audio_files_named_in_a_prompt(media_server: ServerUnderTest, tmp_path: Path) -> None:
    (tmp_path / "said.wav").write_bytes(spoken(9))
    result = subprocess.run(
        [sys.executable, "-m", "paddock", "run", AUDIO, "what is this? ./said.wav"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "PADDOCK_HOST": media_server.url},
        capture_output=True,
        timeout=60,
    )
    expected = media_server.generate(AUDIO, "what is this?", images=[text_of(spoken(9))])
    assert result.stderr == b"Added audio 'said.wav'\n"
    assert result.stdout.decode().strip() == expected.json["response"].strip()
