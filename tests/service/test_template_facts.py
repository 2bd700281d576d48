import asyncio
import concurrent.futures
import time
from collections.abc import Hashable
from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store.model import Model
from paddock.service import template_facts
from paddock.service.models import ModelService
from paddock.service.template_facts import KEY, NO_FACTS, NOT_YET, TemplateReader
from paddock.workers.errors import LimitExceeded, TemplateWorkerFailed, TooSlow
from paddock.workers.messages import Job, Outcome, TemplateFacts
from tests.models.llama import tiny_llama
from tests.service.making import make
from tests.workers.in_this_process import InThisProcess


class Failing(InThisProcess):
    """Fails every job."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def submit(self, job: Job, key: Hashable) -> "concurrent.futures.Future[Outcome]":
        self.jobs.append(job)
        future: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        future.set_exception(self.error)
        return future


class Hanging(InThisProcess):
    """Never ends a job."""

    def submit(self, job: Job, key: Hashable) -> "concurrent.futures.Future[Outcome]":
        self.jobs.append(job)
        return concurrent.futures.Future()


def model(models: ModelService, weights: str, template: str = "{{ .Prompt }}{{ .Suffix }}", name: str = "x") -> Model:
    make(models, name, files={"x.gguf": weights}, template=template)
    return models.library.open(ModelName.parse(name))


def forget(models: ModelService) -> None:
    """Remove all notes."""
    models.library.blobs.notes.prune(lambda _: False)


def test_facts_are_found_out_once_for_each_blob_and_kept(models: ModelService, weights: str) -> None:
    one = model(models, weights)
    forget(models)
    workers = InThisProcess()
    facts = TemplateReader(workers, models.library.blobs.notes).facts(one)
    assert facts == TemplateFacts(language="go", has_suffix=True)
    after_a_restart = InThisProcess()
    assert TemplateReader(after_a_restart, models.library.blobs.notes).facts(one) == facts
    assert (len(workers.jobs), after_a_restart.jobs) == (1, [])


def test_a_chat_template_is_kept_by_its_gguf_file(models: ModelService, tmp_path: Path) -> None:
    file = tiny_llama(tmp_path / "j.gguf", layers=1, chat_template="{{ tools }}")
    digest, _ = models.library.blobs.put(file.read_bytes())
    make(models, "j", files={"j.gguf": digest})
    assert models.show("j").capabilities == ("completion", "tools")
    assert models.library.blobs.notes.read(digest) is not None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"revision":"0","text":"","facts":{"type":"TemplateFacts"}}'])
def test_a_note_that_is_damaged_or_older_is_made_again(models: ModelService, weights: str, data: bytes) -> None:
    one = model(models, weights)
    notes = models.library.blobs.notes
    (path,) = notes.folder.iterdir()
    whole = path.read_bytes()
    for damaged in (data, whole[:-1], whole.replace(b'"text":"', b'"text":"0')):
        path.write_bytes(damaged)
        workers = InThisProcess()
        assert TemplateReader(workers, notes).facts(one).has_suffix
        assert (len(workers.jobs), path.read_bytes()) == (1, whole)


def test_a_model_without_a_template_needs_no_worker(models: ModelService, weights: str) -> None:
    make(models, "x", files={"x.gguf": weights})
    workers = InThisProcess()
    assert (
        TemplateReader(workers, models.library.blobs.notes).facts(models.library.open(ModelName.parse("x"))) == NO_FACTS
    )
    assert workers.jobs == []


def test_a_template_that_takes_too_much_is_not_tried_again(models: ModelService, weights: str) -> None:
    one = model(models, weights)
    forget(models)
    for _ in range(2):
        workers = Failing(LimitExceeded("the template takes too much"))
        facts = TemplateReader(workers, models.library.blobs.notes).facts(one)
        assert facts == TemplateFacts(problem="the template takes too much")
    assert workers.jobs == []


@pytest.mark.parametrize("error", [TooSlow("slow"), TemplateWorkerFailed("slow")])
def test_what_may_be_the_machines_fault_is_tried_again_later(
    models: ModelService, weights: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = model(models, weights)
    forget(models)
    for seconds, times in ((60, 1), (0, 3)):
        monkeypatch.setattr(template_facts, "RETRY_SECONDS", seconds)
        workers = Failing(error)
        reader = TemplateReader(workers, models.library.blobs.notes)
        for _ in range(3):
            assert reader.facts(one) == TemplateFacts(problem="slow", is_settled=False)
        assert len(workers.jobs) == times
    assert TemplateReader(InThisProcess(), models.library.blobs.notes).facts(one).has_suffix


def test_who_does_not_want_to_wait_is_told_so(models: ModelService, weights: str) -> None:
    one = model(models, weights)
    forget(models)
    workers = Hanging()
    reader = TemplateReader(workers, models.library.blobs.notes)
    started = time.monotonic()
    assert reader.begin(one).wait(0.05) == NOT_YET
    assert reader.begin(one).wait(0) == NOT_YET
    assert time.monotonic() - started < 5
    assert len(workers.jobs) == 1


def test_the_event_loop_never_waits_for_facts_in_a_thread(models: ModelService, weights: str) -> None:
    one = model(models, weights)
    forget(models)
    reader = TemplateReader(Hanging(), models.library.blobs.notes)

    async def body() -> None:
        assert reader.facts(one) is NOT_YET
        assert await reader.wait(0.01)
        assert reader.facts(one) is NOT_YET

    asyncio.run(asyncio.wait_for(body(), 10))


def test_facts_that_are_waited_for_on_the_event_loop_are_there_then(models: ModelService, weights: str) -> None:
    one = model(models, weights)
    forget(models)
    reader = TemplateReader(InThisProcess(), models.library.blobs.notes)

    async def body() -> None:
        assert not await reader.wait()
        await reader.wait_for(one)
        assert reader.begin(one).wait(0).has_suffix
        await reader.wait_for(one)
        assert not await reader.wait()

    asyncio.run(asyncio.wait_for(body(), 10))


def test_a_request_does_not_wait_for_many_other_templates(models: ModelService, weights: str) -> None:
    class OthersHang(InThisProcess):
        def submit(self, job: Job, key: Hashable) -> "concurrent.futures.Future[Outcome]":
            return concurrent.futures.Future() if key == KEY else super().submit(job, key)

    reader = TemplateReader(OthersHang(), models.library.blobs.notes)
    others = [model(models, weights, f"{{{{ .Prompt }}}}{number}", f"m{number}") for number in range(4)]
    wanted = model(models, weights)
    forget(models)
    for other in others:
        assert reader.begin(other).wait(0) is NOT_YET

    async def body() -> None:
        await reader.wait_for(wanted)
        assert reader.begin(wanted).wait(0).has_suffix

    asyncio.run(asyncio.wait_for(body(), 10))
