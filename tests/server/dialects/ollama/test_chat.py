import asyncio
from pathlib import Path

import ollama
import pytest

from tests.conftest import SKY, Continuation
from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest

CHAT_TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def test_a_whole_reply_has_the_keys_of_ollama_in_order(server: ServerUnderTest) -> None:
    answer = server.chat("tiny", ("user", "hello"))
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    expected = (
        "model created_at message done done_reason total_duration load_duration "
        "prompt_eval_count prompt_eval_duration eval_count eval_duration"
    )
    assert [key for key in answer.json if key != "prompt_cached_count"] == expected.split()
    assert list(answer.json["message"]) == ["role", "content"]
    assert answer.json["message"]["role"] == "assistant"


def test_a_stream_has_messages_and_its_last_line_has_the_counts(server: ServerUnderTest) -> None:
    answer = server.chat("tiny", ("user", "hello"), stream=True)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    *chunks, last = answer.lines
    for chunk in chunks:
        assert list(chunk) == ["model", "created_at", "message", "done"]
        assert list(chunk["message"]) == ["role", "content"]
        assert (chunk["message"]["role"], chunk["done"]) == ("assistant", False)
    assert (last["message"], last["done"], last["eval_count"]) == ({"role": "assistant", "content": ""}, True, 24)
    whole = server.chat("tiny", ("user", "hello")).json["message"]["content"]
    assert "".join(c["message"]["content"] for c in chunks) == whole


def test_a_chat_without_messages_loads_and_with_keep_alive_zero_unloads(server: ServerUnderTest) -> None:
    chats: list[list[str] | None] = [[], None]
    for messages in chats:
        answer = server.post("/api/chat", {"model": "tiny", "messages": messages})
        assert answer.json["done_reason"] == "load"
        assert answer.json["message"] == {"role": "assistant", "content": ""}
        assert "tiny:latest" in server.ps()
        answer = server.post("/api/chat", {"model": "tiny", "messages": messages, "keep_alive": 0})
        assert answer.json["done_reason"] == "unload"
        assert "tiny:latest" not in server.ps()


def test_the_files_own_chat_template_makes_the_prompt_where_the_model_has_none(
    server: ServerUnderTest, tmp_path: Path
) -> None:
    server.import_gguf("talker", tiny_llama(tmp_path / "talker.gguf", seed=3, chat_template=CHAT_TEMPLATE))
    answer = server.chat("talker", ("system", "Be."), ("user", "hi"), ("assistant", "yo"), ("user", "so"),
                         _debug_render_only=True)  # fmt: skip
    assert answer.json["_debug_info"]["rendered_template"] == "<system>Be.<user>hi<assistant>yo<user>so<assistant>"
    assert answer.json["message"] == {"role": "", "content": ""}
    assert server.chat("talker", ("user", "hi"), options={"num_predict": 2}).json["done"]
    assert server.request("DELETE", "/api/delete", {"model": "talker"}).status == 200


def test_the_models_own_system_and_messages_come_first_unless_the_request_has_a_system(server: ServerUnderTest) -> None:
    template = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}"
    history = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    assert server.create("mario", **{"from": "tiny"}, template=template, system="S", messages=history).status == 200

    def prompt(*messages: tuple[str, str]) -> str:
        found = server.chat("mario", *messages, _debug_render_only=True).json["_debug_info"]["rendered_template"]
        return str(found)

    assert prompt(("user", "x")) == "<system>S<user>q<assistant>a<user>x"
    assert "<system>S" not in prompt(("system", "T"), ("user", "x"))
    assert prompt(("system", "T"), ("user", "x")).endswith("<user>x")
    assert server.request("DELETE", "/api/delete", {"model": "mario"}).status == 200


def test_an_absent_role_is_user_and_an_unknown_one_is_refused(server: ServerUnderTest) -> None:
    assert server.post("/api/chat", {"model": "tiny", "messages": [{"content": "x"}], "stream": False}).status == 200
    answer = server.chat("tiny", ("robot", "x"))
    assert answer.status == 400
    assert "'robot'" in answer.error


def test_null_content_and_null_images_count_as_absent(server: ServerUnderTest) -> None:
    messages = [{"role": "user", "content": None, "images": None, "tool_calls": None}]
    assert server.post("/api/chat", {"model": "tiny", "messages": messages, "stream": False}).status == 200


def test_an_unsupported_capability_is_answered_with_400(server: ServerUnderTest) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    full = "registry.ollama.ai/library/tiny:latest"
    with_image = [{"role": "user", "content": "x", "images": ["aGVsbG8="]}]
    for fields, error in (
        ({"tools": [tool]}, f"{full} does not support tools"),
        ({"think": True}, '"tiny" does not support thinking'),
        ({"messages": with_image}, "Multimodal data provided, but model does not support multimodal requests."),
    ):
        answer = server.post("/api/chat", {"model": "tiny", "messages": [{"role": "user", "content": "x"}], **fields})
        assert (answer.status, answer.error) == (400, error)
    answer = server.chat("nope", ("user", "x"))
    assert (answer.status, answer.error) == (404, "model 'nope' not found")


def test_logprobs_come_with_the_message(server: ServerUnderTest) -> None:
    fields = {"logprobs": True, "top_logprobs": 1, "options": {"num_predict": 2, "cache_prompt": False}}
    whole = server.chat("tiny", ("user", "x"), **fields).json
    assert len(whole["logprobs"]) == 2
    streamed = server.chat("tiny", ("user", "x"), stream=True, **fields).lines
    assert [entry for line in streamed for entry in line.get("logprobs", [])] == whole["logprobs"]


@pytest.mark.parametrize("stream", [False, True])
def test_the_official_client_chats(packaged_server: ServerUnderTest, answer: Continuation, stream: bool) -> None:
    messages = [{"role": "user", "content": SKY}]
    client = ollama.Client(packaged_server.url)
    if stream:
        parts = list(client.chat("packaged", messages, stream=True))
        assert "".join(part.message.content or "" for part in parts) == answer.text
        assert parts[-1].done_reason == "stop"
    else:
        assert client.chat("packaged", messages).message.content == answer.text


def test_the_official_asynchronous_client_chats_with_many_at_once(
    packaged_server: ServerUnderTest, answer: Continuation
) -> None:
    messages = [{"role": "user", "content": SKY}]

    async def body() -> None:
        client = ollama.AsyncClient(packaged_server.url)
        replies = await asyncio.gather(*(client.chat("packaged", messages) for _ in range(8)))
        assert {reply.message.content for reply in replies} == {answer.text}
        stream = await client.chat("packaged", messages, stream=True)
        assert "".join([part.message.content or "" async for part in stream]) == answer.text

    asyncio.run(body())
