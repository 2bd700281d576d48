"""A body of `/api/generate` or `/api/chat` becomes a request of no protocol."""

import json

import pytest

from paddock.ipc import JsonObject
from paddock.protocol.json import BadRequest
from paddock.server.dialects.ollama.inference import _completion, _conversation


def body(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def test_absent_fields_of_a_completion_have_their_defaults() -> None:
    completion, _ = _completion(body(model="m"))
    assert (completion.model, completion.prompt, completion.think, completion.constraint) == ("m", "", None, None)
    assert completion.keep_alive is None and completion.truncate and completion.shift and not completion.raw


def test_fields_that_are_null_count_as_absent() -> None:
    fields = ("prompt", "suffix", "system", "template", "context", "images", "raw", "format", "options", "think")
    assert _completion(body(model="m", **dict.fromkeys(fields)))[0] == _completion(body(model="m"))[0]


def test_the_fields_of_a_completion_arrive_in_its_request() -> None:
    given = {"prompt": "p", "suffix": "s", "system": "y", "template": "t", "context": [1, 2], "raw": True}
    completion, _ = _completion(
        body(model="m", **given, images=["aGk="], keep_alive="2s", truncate=False, options={"top_k": 3}, format="json")
    )
    assert (completion.prompt, completion.suffix, completion.system, completion.template) == ("p", "s", "y", "t")
    assert (completion.context, tuple(completion.images), completion.raw) == ((1, 2), (b"hi",), True)
    assert (completion.keep_alive, completion.truncate, completion.shift) == (2_000_000_000, False, True)
    assert getattr(completion.options, "top_k", None) == 3
    assert isinstance(completion.constraint, JsonObject)


def test_messages_of_a_chat_keep_their_calls_and_images() -> None:
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    messages = [
        {"content": "hi", "images": ["aGk="]},
        {"role": "assistant", "thinking": "so", "tool_calls": [call]},
        {"role": "tool", "content": "1", "tool_name": "f"},
    ]
    conversation, _ = _conversation(body(model="m", messages=messages, think="high"))
    user, assistant, tool = conversation.messages
    assert (user.role, user.content, list(user.images)) == ("user", "hi", [b"hi"])
    assert (assistant.thinking, assistant.tool_calls[0]["function"]["name"]) == ("so", "f")
    assert (tool.role, tool.tool_name) == ("tool", "f")
    assert (conversation.think, conversation.tool_choice) == ("high", "auto")


def test_a_body_that_is_no_request_is_refused() -> None:
    for wrong in (b"{", b"[]", body(model=5)):
        with pytest.raises(BadRequest):
            _completion(wrong)
