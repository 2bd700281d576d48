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
MODEL = "vision"
CHAT = "{{ range .Messages }}{{ .Role }}: {{ .Content }} {{ end }}assistant:"


@pytest.fixture(scope="module")
def vision_server(server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """The server with the model `vision`, which takes images."""
    folder = tmp_path_factory.mktemp("vision")
    files = [kinds.full_attention(folder / "model.gguf"), projectors.llava(folder / "projector.gguf")]
    answer = server.create(
        MODEL,
        files={file.name: server.upload(file) for file in files},
        template=CHAT,
        parameters={"temperature": 0, "num_predict": 8, "num_ctx": 1024},
    )
    assert answer.json == {"status": "success"}
    yield server
    server.request("DELETE", "/api/delete", {"model": MODEL})


def image(seed: int, size: tuple[int, int] = (64, 48)) -> PIL.Image.Image:
    """An image of large coloured squares."""
    noise = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return PIL.Image.fromarray(noise).resize(size, PIL.Image.Resampling.NEAREST)


def encoded(original: PIL.Image.Image, form: str = "PNG", **options: Any) -> str:
    file = io.BytesIO()
    original.save(file, form, **options)
    return base64.b64encode(file.getvalue()).decode()


def ask(server: ServerUnderTest, *turns: tuple[str, str, list[str]], **fields: Any) -> Answer:
    messages = [{"role": role, "content": content, "images": images} for role, content, images in turns]
    return server.post("/api/chat", {"model": MODEL, "messages": messages, "stream": False, **fields})


def said(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    text: str = answer.json["message"]["content"]
    return text


def test_a_model_with_a_projector_has_the_capability_vision(vision_server: ServerUnderTest) -> None:
    shown = vision_server.post("/api/show", {"model": MODEL}).json
    assert "vision" in shown["capabilities"]
    assert shown["projector_info"]["clip.projector_type"] == "mlp"
    assert shown["details"]["families"] == ["llama", "clip"]


def test_an_image_changes_the_answer_and_the_same_image_does_not(vision_server: ServerUnderTest) -> None:
    one, other = encoded(image(1)), encoded(image(2))
    texts = [said(ask(vision_server, ("user", "what is this", [file]))) for file in (one, other, one)]
    assert texts[0] == texts[2] != texts[1]
    assert said(ask(vision_server, ("user", "what is this", []))) not in texts


def test_the_placeholders_are_where_the_template_puts_the_message(vision_server: ServerUnderTest) -> None:
    one, two = encoded(image(1)), encoded(image(2))
    answer = ask(
        vision_server,
        ("user", "first", [one]),
        ("assistant", "so", []),
        ("user", "then [img] and [img]", [two, one]),
        _debug_render_only=True,
    )
    assert answer.json["_debug_info"]["rendered_template"] == (
        "user: [img-0]first assistant: so user: then [img-1] and [img-2] assistant:"
    )


def test_the_order_of_images_in_a_message_matters(vision_server: ServerUnderTest) -> None:
    one, two = encoded(image(1)), encoded(image(2))
    there, back = (ask(vision_server, ("user", "compare", images)) for images in ([one, two], [two, one]))
    assert said(there) != said(back)
    alone = ask(vision_server, ("user", "compare", [one]))
    assert there.json["prompt_eval_count"] == back.json["prompt_eval_count"]
    assert there.json["prompt_eval_count"] - alone.json["prompt_eval_count"] >= PATCHES


def test_a_second_question_about_an_image_computes_only_the_question(vision_server: ServerUnderTest) -> None:
    file = encoded(image(3))
    first = ask(vision_server, ("user", "what colour", [file]))
    second = ask(vision_server, ("user", "what shape is it", [file]))
    third = ask(
        vision_server,
        ("user", "what colour", [file]),
        ("assistant", said(first), []),
        ("user", "and why", []),
    )
    assert second.json["prompt_cached_count"] > PATCHES
    assert third.json["prompt_cached_count"] > PATCHES
    uncached = ask(vision_server, ("user", "what shape is it", [file]), options={"cache_prompt": False})
    assert said(uncached) == said(second)
    assert "prompt_cached_count" not in uncached.json


def test_generate_accepts_images_with_a_template_and_raw(vision_server: ServerUnderTest) -> None:
    images = [encoded(image(4))]
    answer = vision_server.generate(MODEL, "what is it", images=images)
    assert answer.status == 200
    assert answer.json["response"] == said(ask(vision_server, ("user", "what is it", images)))
    raw = vision_server.generate(MODEL, "user: [img-0]what is it assistant:", images=images, raw=True)
    assert raw.json["response"] == answer.json["response"]
    unmarked = vision_server.generate(MODEL, "user: [img]what is it assistant:", images=images, raw=True)
    assert unmarked.json["response"] == answer.json["response"]
    first = vision_server.generate(MODEL, "user: what is it assistant:", images=images, raw=True)
    assert first.json["prompt_eval_count"] > PATCHES


def test_a_placeholder_without_an_image_is_text(vision_server: ServerUnderTest) -> None:
    assert ask(vision_server, ("user", "what does [img-0] mean", [])).status == 200
    assert ask(vision_server, ("user", "what does [img-7] mean, or [img-99999999]", [encoded(image(1))])).status == 200


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "WEBP", "JPEG"])
def test_every_format_is_understood(vision_server: ServerUnderTest, form: str) -> None:
    # One colour, so that every format can hold it as it is.
    black = PIL.Image.new("RGB", (32, 32), (0, 0, 0))
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {"quality": 100}
    assert said(ask(vision_server, ("user", "look", [encoded(black, form, **options)]))) == said(
        ask(vision_server, ("user", "look", [encoded(black)]))
    )


def test_the_first_frame_of_a_gif_is_used(vision_server: ServerUnderTest) -> None:
    frames = [PIL.Image.new("RGB", (32, 32), colour) for colour in ("black", "white", "red")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert said(ask(vision_server, ("user", "look", [moving]))) == said(
        ask(vision_server, ("user", "look", [encoded(frames[0])]))
    )


def test_an_image_is_rotated_as_its_exif_data_says(vision_server: ServerUnderTest) -> None:
    upright = image(5, (40, 40))
    exif = PIL.Image.Exif()
    exif[0x0112] = 8  # to be turned to the left
    lying = encoded(upright.transpose(PIL.Image.Transpose.ROTATE_270), exif=exif)
    assert said(ask(vision_server, ("user", "look", [lying]))) == said(
        ask(vision_server, ("user", "look", [encoded(upright)]))
    )
    assert said(ask(vision_server, ("user", "look", [encoded(upright.rotate(270))]))) != said(
        ask(vision_server, ("user", "look", [lying]))
    )


def test_transparent_pixels_are_white(vision_server: ServerUnderTest) -> None:
    glass = encoded(PIL.Image.new("RGBA", (32, 32), (255, 0, 0, 0)))
    white = encoded(PIL.Image.new("RGB", (32, 32), "white"))
    assert said(ask(vision_server, ("user", "look", [glass]))) == said(ask(vision_server, ("user", "look", [white])))


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
def test_a_file_that_is_not_an_image_is_refused(vision_server: ServerUnderTest, what: str) -> None:
    data, reason = WRONG[what]
    wrong, right = base64.b64encode(data).decode(), encoded(image(1))
    for answer in (
        ask(vision_server, ("user", "look", [wrong])),
        ask(vision_server, ("user", "look", [wrong]), truncate=False),
        ask(vision_server, ("user", "look", [wrong]), stream=True),
        vision_server.generate(MODEL, "look", images=[wrong]),
    ):
        assert answer.status == 400
        assert reason in answer.error
    second = ask(vision_server, ("user", "look", [right, wrong]))
    assert second.status == 400
    assert second.error.startswith("image 2 ")
    assert said(ask(vision_server, ("user", "look", [right])))


def test_an_image_that_is_not_base64_is_refused(vision_server: ServerUnderTest) -> None:
    for answer in (ask(vision_server, ("user", "look", ["%%%"])), vision_server.generate(MODEL, images=["%%%"])):
        assert (answer.status, answer.error) == (400, "illegal base64 data at input byte 0")


def test_a_model_without_vision_refuses_images(vision_server: ServerUnderTest) -> None:
    file = encoded(image(1))
    answer = vision_server.generate("tiny", images=[file])
    assert (answer.status, answer.error) == (400, REFUSAL)
    answer = vision_server.post(
        "/api/chat", {"model": "tiny", "messages": [{"role": "user", "content": "x", "images": [file]}]}
    )
    assert (answer.status, answer.error) == (400, REFUSAL)


def test_images_that_do_not_fit_the_context_are_refused(vision_server: ServerUnderTest) -> None:
    images = [encoded(image(seed)) for seed in range(8)]
    answer = ask(vision_server, ("user", "look", images), options={"num_ctx": 64})
    assert answer.status == 400
    assert "exceeds the available context size" in answer.error


def test_old_messages_are_dropped_with_their_images(vision_server: ServerUnderTest) -> None:
    turns = [("user", f"turn {n}", [encoded(image(n))]) for n in range(20)]
    answer = ask(vision_server, *turns, options={"num_ctx": 128, "num_predict": 4})
    assert answer.status == 200, answer.body
    assert 3 * PATCHES < answer.json["prompt_eval_count"] <= 128
    few = ask(vision_server, *turns[-4:], options={"num_ctx": 128, "num_predict": 4})
    assert said(few) == said(answer)


def test_concurrent_clients_with_different_images_and_without_any(vision_server: ServerUnderTest) -> None:
    images: list[list[str]] = [[encoded(image(20 + n))] if n % 3 else [] for n in range(9)]
    alone = [said(ask(vision_server, ("user", f"what is {n}", images[n]))) for n in range(9)]
    vision_server.unload(MODEL)
    got: dict[int, str] = {}

    def one(number: int) -> None:
        got[number] = said(ask(vision_server, ("user", f"what is {number}", images[number])))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [got[n] for n in range(9)] == alone


def test_the_server_is_in_order_after_a_client_left_within_a_request(vision_server: ServerUnderTest) -> None:
    large = encoded(image(40, (3000, 2000)))
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "look", "images": [large]}]}).encode()
    head = f"POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    before = said(ask(vision_server, ("user", "hello", [])))
    for wait in (0.0, 0.05, 0.2):
        connection: socket.socket = vision_server.connect()
        connection.sendall(head + body)
        connection.settimeout(wait or None)
        if wait:
            with contextlib.suppress(TimeoutError):
                connection.recv(1)
        reset(connection)
    assert said(ask(vision_server, ("user", "hello", []))) == before
    assert said(ask(vision_server, ("user", "look", [large])))
    until(lambda: len(vision_server.runners()) >= 1)


def test_a_projector_counts_as_memory_and_distinguishes_models(
    vision_server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("other")
    files = [kinds.full_attention(folder / "model.gguf"), projectors.llava(folder / "projector.gguf", seed=1)]
    vision_server.create(
        "other-vision_server",
        files={file.name: vision_server.upload(file) for file in files},
        template=CHAT,
        parameters={"temperature": 0, "num_predict": 8, "num_ctx": 1024},
    )
    messages = [{"role": "user", "content": "look", "images": [encoded(image(7))]}]
    other = vision_server.post("/api/chat", {"model": "other-vision_server", "messages": messages, "stream": False})
    assert said(other) != said(ask(vision_server, ("user", "look", [encoded(image(7))])))
    loaded = vision_server.ps()
    assert {f"{MODEL}:latest", "other-vision_server:latest"} <= loaded.keys()
    assert loaded["other-vision_server:latest"]["size"] >= sum(file.stat().st_size for file in files)
    vision_server.unload("other-vision_server")
    vision_server.request("DELETE", "/api/delete", {"model": "other-vision_server"})


def test_the_official_client_sends_images(vision_server: ServerUnderTest) -> None:
    client = ollama.Client(vision_server.url)
    data = base64.b64decode(encoded(image(6)))
    answer = client.chat(MODEL, [{"role": "user", "content": "look", "images": [data]}])
    assert answer.message.content == said(ask(vision_server, ("user", "look", [encoded(image(6))])))


def test_a_projector_of_another_model_is_reported_on_load(
    vision_server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wrong")
    files = [kinds.full_attention(folder / "model.gguf"), projectors.llava(folder / "projector.gguf", width=96)]
    vision_server.create("crossed", files={file.name: vision_server.upload(file) for file in files})
    answer = vision_server.generate("crossed", "hello")
    assert answer.status == 500
    assert "mismatch" in answer.error
    vision_server.request("DELETE", "/api/delete", {"model": "crossed"})


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
