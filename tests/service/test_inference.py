"""Generating text: the bundled model with a real runner, and what a scripted runner is told and answers."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddock.errors import ErrorKind, PaddockError
from paddock.ipc import JsonObject, ToolCalls
from paddock.options import Options
from paddock.service.errors import RequestError
from paddock.service.requests import CompletionRequest, ConversationRequest, Delta, Summary
from paddock.templates import Message
from tests.conftest import QUESTION, SKY, Continuation
from tests.models.llama import tiny_llama
from tests.service.making import make
from tests.service.services import RunningServices, ScriptedRunners, run

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


async def parts_of(running: RunningServices, request: CompletionRequest | ConversationRequest) -> list[Any]:
    reply = await running.inference.generate(request)
    try:
        return [part async for parts in reply for part in parts]
    finally:
        await reply.close()


def text_of(parts: list[Any]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Delta))


def chat(*contents: str, model: str = "tiny", **fields: Any) -> ConversationRequest:
    return ConversationRequest(model=model, messages=[Message("user", content) for content in contents], **fields)


def test_a_real_runner_answers_as_the_library_does_by_itself(
    tmp_path: Path, continued: Callable[[str], Continuation]
) -> None:
    async def body(running: RunningServices) -> None:
        parts = await parts_of(running, chat(SKY, think=False, options=Options(temperature=0.0, max_tokens=20)))
        assert expected.text.startswith(text_of(parts))
        assert len(text_of(parts)) > 20
        summary = parts[-1]
        assert isinstance(summary, Summary)
        assert summary.prompt_tokens == expected.prompt_tokens
        assert 0 < summary.load_duration < summary.total_duration

    expected = continued(QUESTION)
    run(tmp_path, body, real=True)


def test_the_reply_comes_in_pieces_and_ends_with_a_summary(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        parts = await parts_of(running, chat("Hi"))
        assert text_of(parts) == "Hello there"
        assert [type(part) for part in parts[:-1]] == [Delta] * (len(parts) - 1)
        assert (parts[-1].reason, parts[-1].reply_tokens, parts[-1].context) == ("stop", 2, None)

    run(tmp_path, body)


def test_a_completion_returns_the_tokens_of_prompt_and_reply(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        parts = await parts_of(running, CompletionRequest(model="tiny", prompt="a b", context=(7, 8)))
        assert list(parts[-1].context)[:2] == [7, 8]
        raw = await parts_of(running, CompletionRequest(model="tiny", prompt="a b", raw=True))
        assert raw[-1].context is None

    run(tmp_path, body)


def test_options_of_the_request_reach_the_runner(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        options = Options(seed=5, top_k=3, max_tokens=9, stop=("x",), context_length=64, keep_tokens=2)
        await parts_of(running, chat("Hi", options=options, shift=False, constraint=JsonObject()))
        (command,) = runners.generated
        assert (command.sampling.seed, command.sampling.top_k) == (5, 3)
        assert (command.num_predict, command.num_ctx, command.num_keep) == (9, 64, 2)
        assert (command.stop, command.shift, command.constraint) == (("x",), False, JsonObject())

    runners = ScriptedRunners()
    run(tmp_path, body, runners)


def test_calls_of_tools_are_told_from_the_text(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        parts = await parts_of(running, chat("Weather?", tools=[WEATHER]))
        calls = [call for part in parts if isinstance(part, Delta) for call in part.calls]
        assert [(call.index, call.name, call.arguments) for call in calls] == [(0, "weather", {"city": "Rome"})]

    call = '<tool_call>{"name": "weather", "arguments": {"city": "Rome"}}</tool_call>'
    run(tmp_path, body, ScriptedRunners(pieces=(call[:20], call[20:])))


def test_a_required_call_constrains_the_reply(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        await parts_of(running, chat("Weather?", tools=[WEATHER], tool_choice="required"))
        assert isinstance(runners.generated[0].constraint, ToolCalls)
        await parts_of(running, chat("Weather?", tools=[WEATHER], tool_choice="none"))
        assert runners.generated[1].constraint is None
        assert "weather" in runners.generated[0].prompt
        assert "weather" not in runners.generated[1].prompt

    runners = ScriptedRunners()
    run(tmp_path, body, runners)


def test_rendering_generates_nothing(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        assert await running.inference.render(chat(SKY, think=False)) == QUESTION
        wrong = chat(SKY, think=False, constraint=RequestError("not used for a prompt"))
        assert await running.inference.render(wrong) == QUESTION
        assert not runners.generated

    runners = ScriptedRunners()
    run(tmp_path, body, runners)


def test_old_messages_are_dropped_until_the_prompt_fits(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        contents = [f"turn{number} " * 8 for number in range(9)]
        options = Options(context_length=40)
        prompt = await running.inference.render(chat(*contents, options=options))
        assert "turn8" in prompt
        assert "turn0" not in prompt
        assert len(prompt.split()) <= 40
        assert "turn0" in await running.inference.render(chat(*contents, options=options, truncate=False))

    run(tmp_path, body)


def test_a_model_is_loaded_and_unloaded_on_request(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        times = await running.inference.load(chat())
        assert 0 < times.load_duration <= times.total_duration
        assert [model.name for model in running.loader.active()] == ["tiny:latest"]
        await running.inference.unload(chat())
        assert running.loader.active() == []
        await running.inference.unload(chat())  # what is not loaded is unloaded already

    run(tmp_path, body)


def test_the_runner_is_let_go_however_a_request_ends(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        reply = await running.inference.generate(chat("Hi", keep_alive=0))
        await reply.close()
        await reply.close()  # closing twice is harmless
        runners.failure = "the prompt is too long"
        with pytest.raises(PaddockError, match="too long") as error:
            await running.inference.generate(chat("Hi", keep_alive=0))
        assert error.value.kind is ErrorKind.TOO_LONG
        await asyncio.sleep(0.05)
        assert running.loader.active() == []

    runners = ScriptedRunners()
    run(tmp_path, body, runners)


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (chat("x", model="nobody"), ErrorKind.NOT_FOUND, "model 'nobody' not found"),
        (chat("x", model=""), ErrorKind.NOT_FOUND, "model '' not found"),
        (chat("x", model="a/b/c/d/e"), ErrorKind.INVALID, "invalid model name"),
        (chat("x", top_logprobs=21), ErrorKind.INVALID, "top_logprobs must be between 0 and 20"),
        (chat("x", tools=[WEATHER], model="embeds"), ErrorKind.UNSUPPORTED, '"embeds" does not support chat'),
        (chat("x", think="high", model="plain"), ErrorKind.UNSUPPORTED, '"plain" does not support thinking'),
        (chat("x", tools=[WEATHER], model="plain"), ErrorKind.UNSUPPORTED, "does not support tools"),
        (
            ConversationRequest(model="tiny", messages=[Message("robot", "x")]),
            ErrorKind.INVALID,
            "message role must be one of system, user, assistant, tool, not 'robot'",
        ),
        (
            ConversationRequest(model="tiny", messages=[Message("user", "x", images=[b"x"])]),
            ErrorKind.UNSUPPORTED,
            "Multimodal data provided",
        ),
        (
            CompletionRequest(model="tiny", prompt="x", raw=True, system="y"),
            ErrorKind.INVALID,
            "raw mode does not support",
        ),
        (CompletionRequest(model="plain", prompt="x", suffix="y"), ErrorKind.UNSUPPORTED, "does not support insert"),
        (CompletionRequest(model="tiny", prompt="x", template="{{ if }}"), ErrorKind.INVALID, "template: "),
        (CompletionRequest(model="embeds", prompt="x"), ErrorKind.UNSUPPORTED, '"embeds" does not support generate'),
    ],
)
def test_what_cannot_be_served_is_refused_before_a_model_is_loaded(
    tmp_path: Path, request_: CompletionRequest | ConversationRequest, kind: ErrorKind, message: str
) -> None:
    async def body(running: RunningServices) -> None:
        plain = running.library.blobs.put(tiny_llama(tmp_path / "plain.gguf", layers=1).read_bytes())[0]
        pooling = {"llama.pooling_type": 1}
        embeds = running.library.blobs.put(tiny_llama(tmp_path / "e.gguf", layers=1, metadata=pooling).read_bytes())[0]
        make(running.models, "plain", files={"plain.gguf": plain})
        make(running.models, "embeds", files={"e.gguf": embeds})
        with pytest.raises(PaddockError) as error:
            await running.inference.generate(request_)
        assert (error.value.kind, message in str(error.value)) == (kind, True)
        assert running.loader.active() == []

    run(tmp_path, body)
