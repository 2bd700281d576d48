"""Images in generate and chat, through a server, with a small model of random but fixed weights."""

import base64
import contextlib
import io
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import ollama
import PIL.Image
import pytest

from tests.models import kinds, projectors
from tests.models.llama import tiny_llama
from tests.models.projectors import PATCHES
from tests.server.servers import Answer, ServerUnderTest, until
from tests.server.test_hangups import reset

REFUSAL = "Multimodal data provided, but model does not support multimodal requests."
SEER = "seer"
CHAT = "{{ range .Messages }}{{ .Role }}: {{ .Content }} {{ end }}assistant:"


@pytest.fixture(scope="module")
def seer(server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """The server with the model `seer`, which takes images."""
    folder = tmp_path_factory.mktemp("seer")
    files = [kinds.full_attention(folder / "model.gguf"), projectors.llava(folder / "projector.gguf")]
    answer = server.create(
        SEER,
        files={file.name: server.upload(file) for file in files},
        template=CHAT,
        parameters={"temperature": 0, "num_predict": 8, "num_ctx": 1024},
    )
    assert answer.json == {"status": "success"}
    yield server
    server.request("DELETE", "/api/delete", {"model": SEER})


def image(seed: int, size: tuple[int, int] = (64, 48)) -> PIL.Image.Image:
    """An image of large coloured squares."""
    noise = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return PIL.Image.fromarray(noise).resize(size, PIL.Image.Resampling.NEAREST)


def encoded(picture: PIL.Image.Image, form: str = "PNG", **options: Any) -> str:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return base64.b64encode(file.getvalue()).decode()


def ask(server: ServerUnderTest, *turns: tuple[str, str, list[str]], **fields: Any) -> Answer:
    messages = [{"role": role, "content": content, "images": images} for role, content, images in turns]
    return server.post("/api/chat", {"model": SEER, "messages": messages, "stream": False, **fields})


def said(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    text: str = answer.json["message"]["content"]
    return text


def test_a_model_with_a_projector_has_the_capability_vision(seer: ServerUnderTest) -> None:
    shown = seer.post("/api/show", {"model": SEER}).json
    assert "vision" in shown["capabilities"]
    assert shown["projector_info"]["clip.projector_type"] == "mlp"
    assert shown["details"]["families"] == ["llama", "clip"]


def test_an_image_changes_the_answer_and_the_same_image_does_not(seer: ServerUnderTest) -> None:
    one, other = encoded(image(1)), encoded(image(2))
    texts = [said(ask(seer, ("user", "what is this", [picture]))) for picture in (one, other, one)]
    assert texts[0] == texts[2] != texts[1]
    assert said(ask(seer, ("user", "what is this", []))) not in texts


def test_the_placeholders_are_where_the_template_puts_the_message(seer: ServerUnderTest) -> None:
    one, two = encoded(image(1)), encoded(image(2))
    answer = ask(
        seer,
        ("user", "first", [one]),
        ("assistant", "so", []),
        ("user", "then [img] and [img]", [two, one]),
        _debug_render_only=True,
    )
    assert answer.json["_debug_info"]["rendered_template"] == (
        "user: [img-0]first assistant: so user: then [img-1] and [img-2] assistant:"
    )


def test_the_order_of_images_in_a_message_matters(seer: ServerUnderTest) -> None:
    one, two = encoded(image(1)), encoded(image(2))
    there, back = (ask(seer, ("user", "compare", pictures)) for pictures in ([one, two], [two, one]))
    assert said(there) != said(back)
    alone = ask(seer, ("user", "compare", [one]))
    assert there.json["prompt_eval_count"] == back.json["prompt_eval_count"]
    assert there.json["prompt_eval_count"] - alone.json["prompt_eval_count"] >= PATCHES


def test_a_second_question_about_an_image_computes_only_the_question(seer: ServerUnderTest) -> None:
    picture = encoded(image(3))
    first = ask(seer, ("user", "what colour", [picture]))
    second = ask(seer, ("user", "what shape is it", [picture]))
    third = ask(
        seer,
        ("user", "what colour", [picture]),
        ("assistant", said(first), []),
        ("user", "and why", []),
    )
    assert second.json["prompt_cached_count"] > PATCHES
    assert third.json["prompt_cached_count"] > PATCHES
    uncached = ask(seer, ("user", "what shape is it", [picture]), options={"cache_prompt": False})
    assert said(uncached) == said(second)
    assert "prompt_cached_count" not in uncached.json


def test_generate_accepts_images_with_a_template_and_raw(seer: ServerUnderTest) -> None:
    pictures = [encoded(image(4))]
    answer = seer.generate(SEER, "what is it", images=pictures)
    assert answer.status == 200
    assert answer.json["response"] == said(ask(seer, ("user", "what is it", pictures)))
    raw = seer.generate(SEER, "user: [img-0]what is it assistant:", images=pictures, raw=True)
    assert raw.json["response"] == answer.json["response"]
    unmarked = seer.generate(SEER, "user: [img]what is it assistant:", images=pictures, raw=True)
    assert unmarked.json["response"] == answer.json["response"]
    first = seer.generate(SEER, "user: what is it assistant:", images=pictures, raw=True)
    assert first.json["prompt_eval_count"] > PATCHES


def test_a_placeholder_without_an_image_is_text(seer: ServerUnderTest) -> None:
    assert ask(seer, ("user", "what does [img-0] mean", [])).status == 200
    assert ask(seer, ("user", "what does [img-7] mean, or [img-99999999]", [encoded(image(1))])).status == 200


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "WEBP", "JPEG"])
def test_every_format_is_understood(seer: ServerUnderTest, form: str) -> None:
    # One colour, so that every format can hold it as it is.
    picture = PIL.Image.new("RGB", (32, 32), (0, 0, 0))
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {"quality": 100}
    assert said(ask(seer, ("user", "look", [encoded(picture, form, **options)]))) == said(
        ask(seer, ("user", "look", [encoded(picture)]))
    )


def test_the_first_frame_of_a_gif_is_used(seer: ServerUnderTest) -> None:
    frames = [PIL.Image.new("RGB", (32, 32), colour) for colour in ("black", "white", "red")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert said(ask(seer, ("user", "look", [moving]))) == said(ask(seer, ("user", "look", [encoded(frames[0])])))


def test_an_image_is_rotated_as_its_exif_data_says(seer: ServerUnderTest) -> None:
    upright = image(5, (40, 40))
    exif = PIL.Image.Exif()
    exif[0x0112] = 8  # to be turned to the left
    lying = encoded(upright.transpose(PIL.Image.Transpose.ROTATE_270), exif=exif)
    assert said(ask(seer, ("user", "look", [lying]))) == said(ask(seer, ("user", "look", [encoded(upright)])))
    assert said(ask(seer, ("user", "look", [encoded(upright.rotate(270))]))) != said(
        ask(seer, ("user", "look", [lying]))
    )


def test_transparent_pixels_are_white(seer: ServerUnderTest) -> None:
    glass = encoded(PIL.Image.new("RGBA", (32, 32), (255, 0, 0, 0)))
    white = encoded(PIL.Image.new("RGB", (32, 32), "white"))
    assert said(ask(seer, ("user", "look", [glass]))) == said(ask(seer, ("user", "look", [white])))


WRONG = {
    "no image": (b"hello", "known format"),
    "empty": (b"", "is empty"),
    "cut off": (base64.b64decode(encoded(image(1)))[:80], "damaged"),
    "a cut JPEG": (base64.b64decode(encoded(image(1), "JPEG"))[:400], "damaged"),
    "another format": (base64.b64decode(encoded(image(1), "TIFF")), "known format"),
    "too flat": (base64.b64decode(encoded(PIL.Image.new("1", (1000, 2)))), "200 times"),
    "too many pixels": (base64.b64decode(encoded(PIL.Image.new("1", (9000, 9000)))), "64000000"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_is_not_an_image_is_refused(seer: ServerUnderTest, what: str) -> None:
    data, reason = WRONG[what]
    wrong, right = base64.b64encode(data).decode(), encoded(image(1))
    for answer in (
        ask(seer, ("user", "look", [wrong])),
        ask(seer, ("user", "look", [wrong]), truncate=False),
        ask(seer, ("user", "look", [wrong]), stream=True),
        seer.generate(SEER, "look", images=[wrong]),
    ):
        assert answer.status == 400
        assert reason in answer.error
    second = ask(seer, ("user", "look", [right, wrong]))
    assert second.status == 400
    assert second.error.startswith("image 2 ")
    assert said(ask(seer, ("user", "look", [right])))


def test_an_image_that_is_not_base64_is_refused(seer: ServerUnderTest) -> None:
    for answer in (ask(seer, ("user", "look", ["%%%"])), seer.generate(SEER, images=["%%%"])):
        assert (answer.status, answer.error) == (400, "illegal base64 data at input byte 0")


def test_a_model_without_vision_refuses_images(seer: ServerUnderTest) -> None:
    picture = encoded(image(1))
    answer = seer.generate("tiny", images=[picture])
    assert (answer.status, answer.error) == (400, REFUSAL)
    answer = seer.post(
        "/api/chat", {"model": "tiny", "messages": [{"role": "user", "content": "x", "images": [picture]}]}
    )
    assert (answer.status, answer.error) == (400, REFUSAL)


def test_images_that_do_not_fit_the_context_are_refused(seer: ServerUnderTest) -> None:
    pictures = [encoded(image(seed)) for seed in range(8)]
    answer = ask(seer, ("user", "look", pictures), options={"num_ctx": 64})
    assert answer.status == 400
    assert "exceeds the available context size" in answer.error


def test_old_messages_are_dropped_with_their_images(seer: ServerUnderTest) -> None:
    turns = [("user", f"turn {n}", [encoded(image(n))]) for n in range(20)]
    answer = ask(seer, *turns, options={"num_ctx": 128, "num_predict": 4})
    assert answer.status == 200, answer.body
    assert 3 * PATCHES < answer.json["prompt_eval_count"] <= 128
    few = ask(seer, *turns[-4:], options={"num_ctx": 128, "num_predict": 4})
    assert said(few) == said(answer)


def test_concurrent_clients_with_different_images_and_without_any(seer: ServerUnderTest) -> None:
    pictures: list[list[str]] = [[encoded(image(20 + n))] if n % 3 else [] for n in range(9)]
    alone = [said(ask(seer, ("user", f"what is {n}", pictures[n]))) for n in range(9)]
    seer.unload(SEER)
    got: dict[int, str] = {}

    def one(number: int) -> None:
        got[number] = said(ask(seer, ("user", f"what is {number}", pictures[number])))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [got[n] for n in range(9)] == alone


def test_the_server_is_in_order_after_a_client_left_within_a_request(seer: ServerUnderTest) -> None:
    large = encoded(image(40, (3000, 2000)))
    body = json.dumps({"model": SEER, "messages": [{"role": "user", "content": "look", "images": [large]}]}).encode()
    head = f"POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    before = said(ask(seer, ("user", "hello", [])))
    for wait in (0.0, 0.05, 0.2):
        connection: socket.socket = seer.connect()
        connection.sendall(head + body)
        connection.settimeout(wait or None)
        if wait:
            with contextlib.suppress(TimeoutError):
                connection.recv(1)
        reset(connection)
    assert said(ask(seer, ("user", "hello", []))) == before
    assert said(ask(seer, ("user", "look", [large])))
    until(lambda: len(seer.runners()) >= 1)


def test_a_projector_counts_as_memory_and_distinguishes_models(
    seer: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("other")
    files = [kinds.full_attention(folder / "model.gguf"), projectors.llava(folder / "projector.gguf", seed=1)]
    seer.create(
        "other-seer",
        files={file.name: seer.upload(file) for file in files},
        template=CHAT,
        parameters={"temperature": 0, "num_predict": 8, "num_ctx": 1024},
    )
    messages = [{"role": "user", "content": "look", "images": [encoded(image(7))]}]
    other = seer.post("/api/chat", {"model": "other-seer", "messages": messages, "stream": False})
    assert said(other) != said(ask(seer, ("user", "look", [encoded(image(7))])))
    loaded = seer.ps()
    assert {f"{SEER}:latest", "other-seer:latest"} <= loaded.keys()
    assert loaded["other-seer:latest"]["size"] >= sum(file.stat().st_size for file in files)
    seer.unload("other-seer")
    seer.request("DELETE", "/api/delete", {"model": "other-seer"})


def test_the_official_client_sends_images(seer: ServerUnderTest) -> None:
    client = ollama.Client(seer.url)
    data = base64.b64decode(encoded(image(6)))
    answer = client.chat(SEER, [{"role": "user", "content": "look", "images": [data]}])
    assert answer.message.content == said(ask(seer, ("user", "look", [encoded(image(6))])))


def test_a_projector_of_another_model_is_reported_on_load(
    seer: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wrong")
    files = [kinds.full_attention(folder / "model.gguf"), projectors.llava(folder / "projector.gguf", width=96)]
    seer.create("crossed", files={file.name: seer.upload(file) for file in files})
    answer = seer.generate("crossed", "hello")
    assert answer.status == 500
    assert "mismatch" in answer.error
    seer.request("DELETE", "/api/delete", {"model": "crossed"})


def test_a_one_file_model_whose_encoder_is_unsupported_is_refused_with_the_reason(
    server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("whole") / "whole.gguf"
    tiny_llama(path, metadata={"llama.vision.block_count": 1}, more=["v.patch_embd.weight", "mm.0.weight"])
    assert server.create("whole", files={path.name: server.upload(path)}).lines[-1] == {"status": "success"}
    for answer in (server.generate("whole", "Hi"), server.chat("whole", ("user", "Hi"))):
        assert answer.status == 400
        assert "encoder inside its GGUF file" in answer.error
    server.request("DELETE", "/api/delete", {"model": "whole"})
