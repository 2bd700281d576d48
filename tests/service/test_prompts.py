import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from paddock.library.names import ModelName
from paddock.service.models import ModelService
from paddock.service.prompts import CLIENTS, MAX_CLIENT_TEMPLATES, PromptRenderer
from paddock.service.requests import CompletionRequest
from paddock.service.resolved import ResolvedModel
from paddock.templates import Message, TemplateFailed, TemplateSyntax
from paddock.workers.errors import TemplateWorkerFailed
from paddock.workers.messages import (
    Job,
    JobFailed,
    Outcome,
    RenderChat,
    RenderCompletion,
    TemplateFacts,
    TemplateSource,
)
from tests.service.making import make
from tests.workers.in_this_process import InThisProcess


@pytest.fixture
def model(models: ModelService, weights: str) -> ResolvedModel:
    make(models, "x", files={"x.gguf": weights}, template="{{ .System }}|{{ .Prompt }}", system="S")
    opened = models.library.open(ModelName.parse("x"))
    return ResolvedModel(opened, *models.describe(opened))


def run(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), 10))


def test_files_stay_in_the_server(model: ResolvedModel) -> None:
    async def body() -> None:
        workers = InThisProcess()
        messages = [Message("user", "look", images=[bytes(100_000)] * 2), Message("user", "Hi")]
        prompt = await PromptRenderer(workers).chat(model, model.template, messages, (), None)
        assert prompt == "|[img-0][img-1]look\n\nHi"
        (job,) = workers.jobs
        assert isinstance(job, RenderChat)
        assert job.messages == [Message("user", "look", images=(True, True)), Message("user", "Hi")]
        request = CompletionRequest(model="x", prompt="Hi", images=[bytes(9)])
        assert await PromptRenderer(workers).completion(model, model.template, request, None) == "S|[img-0]Hi"
        assert isinstance(workers.jobs[1], RenderCompletion)

    run(body)


def test_templates_of_requests_are_looked_at_once_and_take_turns(model: ResolvedModel) -> None:
    keys: list[object] = []

    class Workers(InThisProcess):
        async def run(self, job: Job, key: object) -> Outcome:
            keys.append(key)
            return await super().run(job, str(key))

    async def body() -> None:
        workers = Workers()
        prompts = PromptRenderer(workers)
        for number in [*range(MAX_CLIENT_TEMPLATES), *range(MAX_CLIENT_TEMPLATES), -1, 0]:
            await prompts.facts(f"{{{{ .Prompt }}}}{number}")
        assert len(workers.jobs) == MAX_CLIENT_TEMPLATES + 2
        assert (await prompts.facts("{{ .Prompt }}{{ .Suffix }}")).has_suffix
        template = TemplateSource("{{ .Prompt }}!")
        request = CompletionRequest(model="x", prompt="Hi", template="{{ .Prompt }}!")
        assert await prompts.completion(model, template, request, None) == "Hi!"
        assert set(keys) == {CLIENTS}

    run(body)


def test_a_template_of_a_request_that_does_not_parse_is_an_error_each_time() -> None:
    async def body() -> None:
        prompts = PromptRenderer(InThisProcess())
        for _ in range(2):
            with pytest.raises(TemplateSyntax, match="template: :1: unclosed action"):
                await prompts.facts("{{ .Prompt")

    run(body)


def test_a_template_that_is_known_to_be_unusable_is_not_tried(model: ResolvedModel) -> None:
    async def body() -> None:
        workers = InThisProcess()
        broken = replace(model, facts=TemplateFacts(problem="it takes too much"))
        with pytest.raises(TemplateFailed, match="it takes too much"):
            await PromptRenderer(workers).chat(broken, model.template, [Message("user", "Hi")], (), None)
        assert workers.jobs == []

    run(body)


@pytest.mark.parametrize(("is_ours", "error"), [(False, TemplateFailed), (True, TemplateWorkerFailed)])
def test_a_failure_is_raised_as_what_it_is(model: ResolvedModel, is_ours: bool, error: type[Exception]) -> None:
    class Workers(InThisProcess):
        async def run(self, job: Job, key: object) -> Outcome:
            return JobFailed("no", is_ours)

    async def body() -> None:
        prompts = PromptRenderer(Workers())
        with pytest.raises(error, match="no"):
            await prompts.chat(model, model.template, [Message("user", "Hi")], (), None)
        with pytest.raises(error, match="no"):
            await prompts.facts("{{ .Prompt }}")

    run(body)
