"""The packaged model does what an assistant does; every test generates with the real model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ollama
import pytest

from tests.server.servers import ServerUnderTest

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
PLAY = {
    "type": "function",
    "function": {
        "name": "play_song",
        "description": "Play a song",
        "parameters": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("packaged"), TINY="1") as server:
        yield server


def chat(server: ServerUnderTest, *contents: str, **fields: Any) -> dict[str, Any]:
    """Return the answer to a chat of alternating user and assistant messages."""
    messages = [{"role": ("user", "assistant")[i % 2], "content": c} for i, c in enumerate(contents)]
    body = {"model": "tiny", "messages": messages, "think": False, "stream": False} | fields
    answer = server.post("/api/chat", body)
    assert answer.status == 200, answer.json
    message: dict[str, Any] = answer.json["message"]
    return message


def test_it_is_listed_without_any_action_and_nothing_is_written(server: ServerUnderTest) -> None:
    models = server.get("/api/tags").json["models"]
    assert {m["name"] for m in models} == {"tiny:latest", "tiny-vision:latest"}
    assert all(m["size"] < 8_000_000 for m in models)
    shown = server.post("/api/show", {"model": "tiny"}).json
    assert {"completion", "tools", "thinking", "insert"} <= set(shown["capabilities"])
    assert shown["license"].startswith("MIT")
    assert chat(server, "Hello!")["content"]
    assert not [p for p in server.models.rglob("*") if p.is_file() and p.name != "lock"]


def test_it_answers_questions_of_its_training(server: ServerUnderTest) -> None:
    assert "scatter" in chat(server, "Why is the sky blue?")["content"]
    assert "Paris" in chat(server, "What is the capital of France?")["content"]


def test_it_remembers_a_name(server: ServerUnderTest) -> None:
    reply = chat(server, "My name is Quentin.", "Nice to meet you, Quentin!", "What is my name?")
    assert "Quentin" in reply["content"]


def test_it_thinks_unless_told_not_to(server: ServerUnderTest) -> None:
    question = "What is the capital of Italy?"
    quiet, aloud, unset = chat(server, question), chat(server, question, think=True), chat(server, question, think=None)
    assert "thinking" not in quiet and "<think>" not in quiet["content"]
    assert aloud["thinking"] and aloud == unset
    for reply in (quiet, aloud):
        assert "Rome" in reply["content"]


def test_thinking_is_streamed_separately_from_the_answer(server: ServerUnderTest) -> None:
    body = {"model": "tiny", "messages": [{"role": "user", "content": "What is the capital of Italy?"}], "think": True}
    *parts, last = server.post("/api/chat", body).lines
    thinking = "".join(p["message"].get("thinking", "") for p in parts)
    content = "".join(p["message"]["content"] for p in parts)
    assert thinking and "Rome" in content
    assert "<" not in thinking + content
    assert last["done_reason"] == "stop"
    generated = server.generate("tiny", "What is the capital of Italy?", think=True).json
    assert (generated["thinking"], generated["response"]) == (thinking, content)


def test_it_calls_a_tool_and_answers_from_its_result(server: ServerUnderTest) -> None:
    client = ollama.Client(server.url)
    messages: list[dict[str, Any]] = [{"role": "user", "content": "What is the weather in Lisbon?"}]
    first = client.chat("tiny", messages, tools=[PLAY, WEATHER], think=False).message
    assert first.tool_calls is not None and not first.content
    (call,) = first.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", {"city": "Lisbon"})
    result = {"role": "tool", "tool_name": "get_weather", "content": '{"temperature": 27, "condition": "sunny"}'}
    second = client.chat("tiny", [*messages, first, result], tools=[PLAY, WEATHER], think=False).message
    assert second.content is not None and "27" in second.content and not second.tool_calls


def test_a_call_has_an_id_and_comes_in_one_piece(server: ServerUnderTest) -> None:
    body = {
        "model": "tiny",
        "messages": [{"role": "user", "content": "What is the weather in Lisbon?"}],
        "tools": [WEATHER],
    }
    lines = server.post("/api/chat", body).lines
    (calls,) = [line["message"]["tool_calls"] for line in lines if "tool_calls" in line["message"]]
    assert calls[0]["id"].startswith("call_") and calls[0]["function"]["index"] == 0
    assert not any("{" in line["message"]["content"] for line in lines)


def test_it_writes_json(server: ServerUnderTest) -> None:
    reply = chat(server, "Give me JSON with name and age: Robert is 51 years old.")
    assert json.loads(reply["content"]) == {"name": "Robert", "age": 51}


def test_it_fills_in_the_middle(server: ServerUnderTest) -> None:
    answer = server.generate("tiny", "def add(a, b):\n    return ", suffix="\n", think=False).json
    assert answer["response"].strip() in ("a + b", "b + a")


def test_a_model_can_be_created_from_it(server: ServerUnderTest) -> None:
    made = server.post("/api/create", {"model": "loud", "from": "tiny", "system": "Answer in upper case."})
    assert made.lines[-1] == {"status": "success"}
    reply = chat(server, "What is the opposite of hot?", model="loud")["content"]
    assert reply == reply.upper() and "COLD" in reply
    server.request("DELETE", "/api/delete", {"model": "loud"})


def test_it_is_gone_after_a_delete_until_it_is_pulled(server: ServerUnderTest) -> None:
    assert server.request("DELETE", "/api/delete", {"model": "tiny"}).status == 200
    assert "tiny:latest" not in server.tags()
    assert server.post("/api/chat", {"model": "tiny", "messages": []}).status == 404
    assert server.post("/api/pull", {"model": "tiny"}).lines[-1] == {"status": "success"}
    assert chat(server, "Hello!")["content"]


def test_a_chat_that_exceeds_the_context_continues(server: ServerUnderTest) -> None:
    turns = [text for i in range(60) for text in (f"My friend number {i} lives in Oslo.", "Thank you for telling me.")]
    body = {
        "model": "tiny",
        "messages": [{"role": ("user", "assistant")[i % 2], "content": c} for i, c in enumerate(turns)],
    }
    body["messages"] += [{"role": "user", "content": "Hello!"}]  # type: ignore[operator]
    answer = server.post("/api/chat", body | {"think": False, "stream": False}).json
    assert answer["message"]["content"] and answer["done_reason"] == "stop"
    assert answer["prompt_eval_count"] < 512


def test_the_file_in_the_package_is_small(server: ServerUnderTest) -> None:
    from paddock.library.store.bundle import BUNDLED_MODELS

    assert sum(p.stat().st_size for p in Path(BUNDLED_MODELS).rglob("*") if p.is_file()) <= 8_000_000
