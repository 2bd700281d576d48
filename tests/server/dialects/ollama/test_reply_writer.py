"""Encoding of replies of `/api/generate` and `/api/chat`."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.ipc import TokenLogprob
from paddock.protocol.json import encode
from paddock.server.body_budget import LARGE
from paddock.server.dialects.ollama.reply_writer import (
    LARGE_CONTEXT,
    ChatWriter,
    GenerateWriter,
    ReplyWriter,
    is_large,
    join_deltas,
)
from paddock.service.requests import Delta, LoadTimes, RepliedCall, ReplyPart, Summary

WRITERS = pytest.mark.parametrize("writer", [GenerateWriter, ChatWriter])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def without_time(line: bytes) -> bytes:
    before, between, after = line.partition(b'"created_at":"')
    return before + between + after[30:]


@WRITERS
@given(model=TEXTS, text=TEXTS, thinking=TEXTS)
def test_a_line_filled_into_a_pattern_is_the_line_of_the_struct(
    writer: type[ReplyWriter], model: str, text: str, thinking: str
) -> None:
    one = writer(model)
    part = Delta(text, thinking)
    (line,) = one.lines([part])
    assert without_time(line) == without_time(encode(one.chunk(part)) + b"\n")
    assert json.loads(line)["model"] == model


@WRITERS
def test_each_part_is_a_line_and_the_last_says_so(writer: type[ReplyWriter]) -> None:
    parts: list[ReplyPart] = [
        Delta("a"),
        Delta("", "b"),
        Delta("c", logprobs=(TokenLogprob("c", -0.5, b"c"),)),
        Summary("stop"),
    ]
    lines = [json.loads(line) for line in writer("m").lines(parts)]
    assert [line["done"] for line in lines] == [False, False, False, True]
    assert lines[2]["logprobs"] == [{"token": "c", "logprob": -0.5, "bytes": [99]}]
    assert lines[3]["done_reason"] == "stop"
    assert "total_duration" not in lines[3]


def test_tool_calls_are_in_the_message() -> None:
    line = json.loads(ChatWriter("m").lines([Delta(calls=(RepliedCall("call_1", 0, "f", {"x": 1}),))])[0])
    function = {"index": 0, "name": "f", "arguments": {"x": 1}}
    assert line["message"] == {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "call_1", "function": function}],
    }


@WRITERS
def test_a_whole_reply_has_every_piece_in_its_place(writer: type[ReplyWriter]) -> None:
    joined = join_deltas([Delta("a", "x"), Delta("b", "y", logprobs=(TokenLogprob("b", -1.0, b"b"),))])
    found: Any = json.loads(writer("m").whole(Summary("length", reply_tokens=2), joined))
    assert (found.get("message", {}).get("content") or found.get("response")) == "ab"
    assert (found.get("message", {}).get("thinking") or found.get("thinking")) == "xy"
    assert (found["done"], found["done_reason"], found["eval_count"]) == (True, "length", 2)
    assert len(found["logprobs"]) == 1


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=50))
def test_a_context_is_encoded_as_a_list_of_numbers(tokens: list[int]) -> None:
    found = msgspec.json.decode(GenerateWriter("m").whole(Summary("stop", context=tokens), Delta()))
    assert found["context"] == tokens


def test_a_context_of_several_pieces_is_one_list() -> None:
    tokens = list(range(2 * LARGE_CONTEXT + 1))
    assert json.loads(GenerateWriter("m").whole(Summary("stop", context=tokens), Delta()))["context"] == tokens


def test_only_a_large_context_makes_parts_large() -> None:
    assert not is_large([Delta("x" * (LARGE + 1))])
    assert not is_large([Summary("stop")])
    assert is_large([Summary("stop", context=[0] * (LARGE_CONTEXT + 1))])


@WRITERS
def test_loading_and_unloading_are_answered_with_an_empty_reply(writer: type[ReplyWriter]) -> None:
    loaded = json.loads(writer("m").loaded(LoadTimes(total_duration=2, load_duration=1)))
    assert (loaded["done"], loaded["done_reason"]) == (True, "load")
    assert (loaded["total_duration"], loaded["load_duration"]) == (2, 1)
    unloaded = json.loads(writer("m").unloaded())
    assert (unloaded["done"], unloaded["done_reason"]) == (True, "unload")
    assert "total_duration" not in unloaded


@WRITERS
def test_a_rendered_prompt_is_not_a_finished_reply(writer: type[ReplyWriter]) -> None:
    found = json.loads(writer("m").rendered("the prompt"))
    assert (found["done"], found["_debug_info"]) == (False, {"rendered_template": "the prompt"})
