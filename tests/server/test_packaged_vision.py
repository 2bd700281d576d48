"""The packaged model with vision, with real images."""

from collections.abc import Iterator
from typing import Any

import pytest
from training.vision.drawings import Figure
from training.vision.evaluate import PASS_RATE, QUESTION, held_out
from training.vision.names import NAME

from tests.server.servers import ServerUnderTest


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("vision"), TINY="1") as server:
        yield server


@pytest.fixture(scope="module")
def drawings() -> list[tuple[Figure, str]]:
    return held_out(100)


def ask(server: ServerUnderTest, *messages: dict[str, Any]) -> str:
    answer = server.post("/api/chat", {"model": NAME, "messages": list(messages), "stream": False})
    assert answer.status == 200, answer.json
    content: str = answer.json["message"]["content"]
    return content


def test_it_is_listed_with_vision(server: ServerUnderTest) -> None:
    assert f"{NAME}:latest" in [model["name"] for model in server.get("/api/tags").json["models"]]
    shown = server.post("/api/show", {"model": NAME}).json
    assert {"completion", "vision"} <= set(shown["capabilities"])
    assert shown["license"].startswith("MIT")


def test_it_names_drawings_that_it_never_saw(server: ServerUnderTest, drawings: list[tuple[Figure, str]]) -> None:
    replies = [ask(server, {"role": "user", "content": QUESTION, "images": [drawing]}) for _, drawing in drawings]
    right = sum(reply == f"A {figure.name}." for reply, (figure, _) in zip(replies, drawings, strict=True))
    assert right >= PASS_RATE * len(drawings)


def test_it_remembers_the_image_of_an_earlier_message(
    server: ServerUnderTest, drawings: list[tuple[Figure, str]]
) -> None:
    right = 0
    for figure, drawing in drawings[:20]:
        first = {"role": "user", "content": QUESTION, "images": [drawing]}
        said = {"role": "assistant", "content": ask(server, first)}
        right += (
            ask(server, first, said, {"role": "user", "content": "Which colour is it?"}) == f"It is {figure.colour}."
        )
    assert right >= 18


def test_several_images_are_encoded_in_order(server: ServerUnderTest, drawings: list[tuple[Figure, str]]) -> None:
    right = 0
    pairs = list(zip(drawings[:20], drawings[20:40], strict=True))
    for (one, first), (other, second) in pairs:
        reply = ask(server, {"role": "user", "content": "What do you see?", "images": [first, second]})
        right += reply == f"A {one.name} and a {other.name}."
    assert right >= 0.85 * len(pairs)
