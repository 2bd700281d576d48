"""What the templates of models tell: found out once for each blob, in a worker, and kept as a note beside the blobs."""

import asyncio
import concurrent.futures
import hashlib
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from paddock import __version__
from paddock.errors import PaddockError
from paddock.library.store.blobs import parse_digest
from paddock.library.store.model import Model
from paddock.library.store.notes import BlobNotes
from paddock.workers.errors import LimitExceeded, TooSlow
from paddock.workers.messages import JobFailed, Outcome, ReadTemplate, Rendered, TemplateFacts, TemplateSource
from paddock.workers.pool import Workers

REVISION = f"{__version__}/1"
"""Goes up when the same template tells something else than before; notes of another one do not count."""
RETRY_SECONDS = 60.0
"""How long facts that are not settled serve before they are looked for again."""
KEY = "reading"
"""The key of these jobs: they take turns with one another, and leave a worker for others."""
MAX_RUNNING = 256
"""Jobs that are begun before somebody waits for them, so that a long list leaves room for requests."""
FEW = 2
"""Templates that may be read before one that a request waits for."""
NO_FACTS = TemplateFacts()
"""What a model without a template has."""
NOT_YET = TemplateFacts(problem="the template is still being read", is_settled=False)


class _Note(msgspec.Struct, frozen=True):
    """The facts of a template, as they are kept."""

    revision: str
    text: str
    """SHA-256 of the template's text, in hex: one blob may hold several texts, and a file may be replaced."""
    facts: TemplateFacts


class TemplateReader:
    """Finds out what the templates of models tell. Its methods are called from threads, several at once."""

    def __init__(self, workers: Workers, notes: BlobNotes) -> None:
        self._workers = workers
        self._notes = notes
        self._lock = threading.Lock()
        self._running: dict[str, concurrent.futures.Future[Outcome]] = {}
        """By the digest of the text, like the next one."""
        self._unsettled: dict[str, tuple[TemplateFacts, float]] = {}
        """Facts that serve until a time of the monotonic clock."""

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait on the event loop, without a thread, until the jobs that have begun are done, or for some seconds.

        Return whether there were any. Whoever asks again for their facts gets them.
        """
        with self._lock:
            jobs = list(self._running.values())
        await _done(jobs, seconds)
        return bool(jobs)

    async def wait_for(self, model: Model) -> None:
        """Wait on the event loop until the facts of one model are there for whoever asks.

        If many others are being read, they do not come first.

        Raises:
            BrokenModel: if the model's GGUF file cannot be read.
        """
        pending = await asyncio.to_thread(self.begin, model)
        if pending.known is not None:
            return
        job = pending.job
        if job is None or (not job.done() and len(self._running) > FEW):
            job = self._workers.submit(ReadTemplate(pending.source), model.digest)
        await _done([job])
        if job.done():
            with self._lock:
                self._running[pending.text] = job

    def facts(self, model: Model) -> TemplateFacts:
        """Return what the template of a model tells; wait for a worker if that is not known.

        Raises:
            BrokenModel: if the model's GGUF file cannot be read.
        """
        return self.begin(model).wait()

    def begin(self, model: Model) -> "PendingFacts":
        """Begin to find out what the template of a model tells.

        Raises:
            BrokenModel: if the model's GGUF file cannot be read.
        """
        source = template_of(model)
        if source is None:
            return PendingFacts(self, TemplateSource(), "", "", NO_FACTS, None)
        blob, text = _digest_of_blob(model), _digest_of_text(source)
        known = self._known(blob, text)
        begins = known is None and len(self._running) < MAX_RUNNING
        return PendingFacts(self, source, blob, text, known, self.submit(source, text) if begins else None)

    def _known(self, blob: str, text: str) -> TemplateFacts | None:
        with self._lock:
            facts, until = self._unsettled.get(text, (None, 0.0))
        if facts is not None and time.monotonic() < until:
            return facts
        data = self._notes.read(blob)
        return _read_note(data, text) if data is not None else None

    def submit(self, source: TemplateSource, text: str) -> "concurrent.futures.Future[Outcome]":
        """Return the job that is to find out what a text tells; begin it unless it runs already."""
        with self._lock:
            if text not in self._running:
                self._running[text] = self._workers.submit(ReadTemplate(source), KEY)
            return self._running[text]

    def keep(self, blob: str, text: str, facts: TemplateFacts) -> None:
        """Keep what was found out about a text in a blob."""
        with self._lock:
            self._running.pop(text, None)
            self._unsettled.pop(text, None)
            if not facts.is_settled:
                self._unsettled[text] = facts, time.monotonic() + RETRY_SECONDS
        if facts.is_settled:
            self._notes.write(blob, msgspec.json.encode(_Note(REVISION, text, facts)))


@dataclass(frozen=True)
class PendingFacts:
    """The facts of one model's template, or the job that is to find them."""

    reader: TemplateReader
    source: TemplateSource
    blob: str
    """Digest of the blob that holds it."""
    text: str
    """Digest of its text."""
    known: TemplateFacts | None
    job: "concurrent.futures.Future[Outcome] | None"
    """The job that is to find them, if it has begun."""

    def wait(self, seconds: float | None = None) -> TemplateFacts:
        """Return the facts; `NOT_YET` if they are not there in so many seconds. None: however long a job may take.

        The event loop never waits for them.
        """
        if self.known is not None:
            return self.known
        if asyncio._get_running_loop() is not None:
            seconds = 0
        try:
            job = self.job or self.reader.submit(self.source, self.text)
            outcome = job.result(seconds)
            facts = outcome if isinstance(outcome, TemplateFacts) else _unsettled(outcome)
        except TimeoutError:
            return NOT_YET
        except PaddockError as error:  # a worker's failure is a fact, too
            is_settled = isinstance(error, LimitExceeded) and not isinstance(error, TooSlow)
            facts = TemplateFacts(problem=str(error), is_settled=is_settled)
        self.reader.keep(self.blob, self.text, facts)
        return facts


async def _done(jobs: "Iterable[concurrent.futures.Future[Outcome]]", seconds: float | None = None) -> None:
    """Wait until jobs are done, or for some seconds; they go on if nobody waits any more."""
    waited = [asyncio.wrap_future(job) for job in jobs]
    for job in waited:
        job.add_done_callback(_retrieve)
    if waited:
        await asyncio.wait(waited, timeout=seconds)  # which leaves them alone when it is cancelled itself


def _retrieve(job: "asyncio.Future[Outcome]") -> None:
    """Mark the error of a job as seen."""
    if not job.cancelled():
        job.exception()


def _unsettled(outcome: Rendered | JobFailed) -> TemplateFacts:
    assert isinstance(outcome, JobFailed)
    return TemplateFacts(problem=outcome.message, is_settled=False)


def template_of(model: Model) -> TemplateSource | None:
    """Return the template that tells about a model: its own, else its chat template; None if it uses neither.

    Raises:
        BrokenModel: if its GGUF file cannot be read.
    """
    if model.template is not None:
        return TemplateSource(model.template)
    text = model.gguf.metadata.get("tokenizer.chat_template")
    return TemplateSource(None, text) if isinstance(text, str) and text and not model.config.renderer else None


def _digest_of_text(source: TemplateSource) -> str:
    text = source.template if source.template is not None else source.chat_template or ""
    language = "go" if source.template is not None else "jinja"
    return hashlib.sha256(f"{language}\n{text}".encode("utf-8", "replace")).hexdigest()


def _digest_of_blob(model: Model) -> str:
    """Return the digest of the blob that holds the template."""
    if model.template is not None:
        return next(parse_digest(x.digest) for x in reversed(model.manifest.layers) if x.kind in ("template", "prompt"))
    return parse_digest(model.model_path.name)


def _read_note(data: bytes, text: str) -> TemplateFacts | None:
    """Return the facts in a note; None if it is damaged, of another revision or of another text."""
    try:
        note = msgspec.json.decode(data, type=_Note)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return note.facts if (note.revision, note.text) == (REVISION, text) else None
