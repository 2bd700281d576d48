import asyncio
from pathlib import Path
from typing import Any

import pytest

from paddock.ipc import JsonObject, Placeholder, ThinkingTags
from paddock.options import NO_OPTIONS
from paddock.service.prepared import (
    PreparedRequest,
    check_completion,
    check_conversation,
    prepare_completion,
    prepare_conversation,
    thinking_of,
)
from paddock.service.prompts import PromptRenderer
from paddock.service.requests import CompletionRequest, ConversationRequest
from paddock.templates import Message
from tests.models.llama import tiny_llama
from tests.models.projectors import llava
from tests.service.making import make
from tests.service.services import ScriptedRunners, services


def prepared(
    folder: Path, request: CompletionRequest | ConversationRequest, *, adds_bos: bool = False, **fields: Any
) -> PreparedRequest:
    """Prepare a request for the model `own`, which has these fields."""

    async def inside() -> PreparedRequest:
        async with services(folder / "models", ScriptedRunners(adds_bos=adds_bos)) as running:
            files = {"x.gguf": tiny_llama(folder / "x.gguf", layers=1), "p.gguf": llava(folder / "p.gguf")}
            digests = {name: running.library.blobs.put(file.read_bytes())[0] for name, file in files.items()}
            make(running.models, "own", files=digests, **fields)
            model = await running.loader.open("own")
            think, options = thinking_of(request, model), running.loader.options(model, NO_OPTIONS)
            with await running.loader.acquire(model, options, None) as lease:
                prompts = PromptRenderer(running.workers)
                if isinstance(request, CompletionRequest):
                    await check_completion(request, model, prompts)
                    return await prepare_completion(request, model, think, options, lease, prompts)
                checked = check_conversation(request, model)
                return await prepare_conversation(checked, model, think, options, lease, prompts)

    return asyncio.run(inside())


def test_a_completion_is_rendered_with_the_models_template_and_system_message(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"template": "{{ .System }}|{{ .Prompt }}", "system": "Be brief."}
    assert prepared(tmp_path, CompletionRequest(model="own", prompt="Hi"), **fields).prompt == "Be brief.|Hi"
    own = CompletionRequest(model="own", prompt="Hi", system="Be long.", template="{{ .Prompt }}|{{ .System }}")
    assert prepared(tmp_path, own, **fields).prompt == "Hi|Be long."
    raw = prepared(tmp_path, CompletionRequest(model="own", prompt="Hi", raw=True), **fields)
    assert (raw.prompt, raw.returns_context) == ("Hi", False)


def test_the_models_own_messages_come_first_unless_there_is_a_context(tmp_path: Path) -> None:
    fields: dict[str, Any] = {
        "template": "{{ range .Messages }}{{ .Content }};{{ end }}",
        "messages": [{"role": "user", "content": "before"}],
    }
    assert prepared(tmp_path, CompletionRequest(model="own", prompt="Hi"), **fields).prompt == "before\n\nHi;"
    later = prepared(tmp_path, CompletionRequest(model="own", prompt="Hi", context=(1, 2)), **fields)
    assert (later.prompt, later.command.context) == ("Hi;", (1, 2))


@pytest.mark.parametrize(("adds_bos", "prompt"), [(True, "Hi"), (False, "<s>Hi")])
def test_a_token_that_tokenizing_adds_is_not_in_the_prompt(tmp_path: Path, adds_bos: bool, prompt: str) -> None:
    request = ConversationRequest(model="own", messages=[Message("user", "Hi")])
    template = "<s>{{ .Prompt }}"
    assert prepared(tmp_path, request, adds_bos=adds_bos, template=template).prompt == prompt


def test_images_leave_the_text_and_keep_their_places(tmp_path: Path) -> None:
    messages = [Message("user", "look [img] here", images=[b"\x89PNG"])]
    request = ConversationRequest(model="own", messages=messages)
    found = prepared(tmp_path, request, template="{{ .Prompt }}")
    assert found.prompt == "look [img-0] here"
    assert (found.command.prompt, found.command.images) == ("look  here", (b"\x89PNG",))
    assert found.command.placeholders == (Placeholder(5, 0),)


def test_a_prompt_may_run_repeatedly_each_time_with_a_parser_of_its_own(tmp_path: Path) -> None:
    request = ConversationRequest(model="own", messages=[Message("user", "Hi")])
    found = prepared(tmp_path, request, parser="qwen3-thinking")
    assert found.new_parser is not None
    assert found.new_parser() is not found.new_parser()
    assert found.command.special_tokens
    plain = prepared(tmp_path, request, template="{{ .Prompt }}")
    assert (plain.new_parser, plain.command.special_tokens) == (None, False)


def test_thinking_is_free_of_the_constraint(tmp_path: Path) -> None:
    request = ConversationRequest(model="own", messages=[Message("user", "Hi")], constraint=JsonObject())
    found = prepared(tmp_path, request, parser="qwen3-thinking")
    assert found.command.thinking == ThinkingTags("<think>", "</think>")
    free = ConversationRequest(model="own", messages=[Message("user", "Hi")])
    assert prepared(tmp_path, free, parser="qwen3-thinking").command.thinking is None


def test_top_logprobs_count_only_with_logprobs(tmp_path: Path) -> None:
    for logprobs, number in [(True, 3), (False, 0)]:
        request = CompletionRequest(model="own", prompt="Hi", logprobs=logprobs, top_logprobs=3)
        assert prepared(tmp_path, request).command.top_logprobs == number
