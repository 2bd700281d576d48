"""The runner: load one model, then take commands and compute, step by step, until told to shut down."""

import logging
from collections.abc import Iterable

import msgspec

from paddock.engine.binding import LlamaModel, LoadError, gpu_offload, is_gpu_build
from paddock.engine.binding.embedding import has_cache
from paddock.engine.channel import Channel
from paddock.engine.config import EngineConfig
from paddock.engine.constraints import BadConstraint, GrammarMatcher
from paddock.engine.embedding.batcher import EmbeddingSettings
from paddock.engine.embedding.embedder import Embedder
from paddock.engine.files import FileResolver, ModelPaths, resolve_files
from paddock.engine.generation.background_prefill import BackgroundPrefill
from paddock.engine.generation.constrained import GrammarCompiler
from paddock.engine.generation.engine import Engine
from paddock.engine.generation.request import Generation, context_for
from paddock.engine.inbox import Inbox, Notice
from paddock.engine.kvcache.prefix_cache import PrefixCacheConfig
from paddock.engine.loading import choose_options, generating_context, load_encoder, load_model
from paddock.engine.long_texts import TextFailed, Tokenizing
from paddock.engine.multimodal.encoder import max_non_causal_tokens
from paddock.engine.multimodal.preprocessing import (
    BadMedia,
    MediaFile,
    MediaRequest,
    ProcessedMedia,
    TooMuchMedia,
    referenced_media,
    tokenize_with_media,
)
from paddock.engine.placeholders import Placeholders
from paddock.engine.refusals import shortened, without_folders
from paddock.engine.scheduler.config import SchedulerConfig
from paddock.engine.scheduler.sequence import PromptTooLong
from paddock.engine.step_buffer import StepBuffer
from paddock.ipc import (
    BadPlaceholder,
    Cancel,
    Command,
    Embed,
    Failed,
    FailureKind,
    Generate,
    Loaded,
    LoadFailed,
    LoadModel,
    Measure,
    Measured,
    Shutdown,
    Statistics,
    Step,
    Tokenize,
    Tokens,
    check_placeholders,
)
from paddock.sandbox.bytecode import compile_modules
from paddock.sandbox.confinement import confine

log = logging.getLogger("paddock.engine")

LATER_MODULES = ("numpy", "llguidance", "PIL.Image", "PIL.ImageOps", "soundfile", "soxr")
"""Modules that a runner imports when it first needs them, after it has confined itself."""


class ModelRunner:
    """One loaded model and the requests to it."""

    def __init__(
        self,
        channel: Channel,
        inbox: Inbox,
        load: LoadModel,
        files: ModelPaths,
        config: EngineConfig | None = None,
    ) -> None:
        """Load the model from its files; take commands from `inbox` and send events to `channel`.

        Raises:
            LoadError: if the model cannot be loaded.
        """
        config = config or EngineConfig()
        self._channel = channel
        self._inbox = inbox
        self._statistics_seconds = config.statistics_seconds
        self._results = StepBuffer(channel.send, config.step_interval)
        self._model = model = load_model(files.model, load)
        adapters = [model.add_adapter(str(path)) for path in files.adapters]
        self._context_length = min(load.context_length or model.train_context, model.train_context or 1 << 31)
        self._encoder, self._no_media_reason = load_encoder(
            files, load, model, self._context_length, inbox.notify, config
        )
        if self._encoder is not None:
            batch = max(load.batch_tokens, max_non_causal_tokens(self._encoder.projector))
            load = msgspec.structs.replace(load, batch_tokens=batch)
        options = choose_options(load, model, self._context_length, config)
        self._options = options
        self._context = generating_context(model, options.context, adapters)
        self._cells = self._context.cells if self._context else max(options.context.cells, model.train_context)
        self._max_tokens = min(self._cells, model.train_context or self._cells)
        self._grammars = GrammarCompiler(model, inbox.notify)
        self._texts = Tokenizing(model, inbox.notify)
        self._engine: Engine | None = None
        if self._context is not None:
            spare = options.spare_memory
            self._engine = Engine(
                model,
                self._context,
                options.running,
                config=SchedulerConfig(cache=PrefixCacheConfig(offload=spare)),
                background=BackgroundPrefill(model, options.context, adapters) if spare else None,
                encoder=self._encoder,
            )
        settings = EmbeddingSettings.of(
            model,
            adapters,
            cached=self._context is not None or has_cache(model),
            threads=load.threads or 1,
            flash_attention=options.context.flash_attention,
            config=config.embedding,
        )
        # Where the model also generates, the memory is needed for that; a context is made faster than a short text.
        self._embedder = Embedder(settings, self._context_length, keep_context=self._context is None)
        self._running = options.running if self._context else settings.max_sequences
        self._may_embed = False
        """Whether the embedder may have something to compute."""
        self._sent = Statistics()
        self._report_at = 0.0
        """Seconds of computing after which the next statistics are due."""

    def describe(self) -> Loaded:
        """Return what was loaded, and how."""
        model, options = self._model, self._options
        return Loaded(
            context_length=self._context_length,
            # A model that only embeds has no cache to share: its contexts are made in the size that is needed.
            pool_tokens=self._cells,
            max_sequences=self._running,
            threads=options.context.threads,
            flash_attention=options.context.flash_attention,
            gpu=gpu_offload(),
            description=model.description,
            adds_bos=model.adds_bos,
            bos=_special_text(model, model.bos),
            eos=_special_text(model, model.eos),
            memory=model.size + (self._encoder.size if self._encoder is not None else 0),
        )

    def run(self) -> None:
        """Obey commands until told to shut down; compute while there is something to compute."""
        engine, embedder, inbox, results = self._engine, self._embedder, self._inbox, self._results
        idle = True
        while True:
            if idle or not inbox.empty():
                results.flush()
                for item in inbox.drain(wait=idle):
                    if item is Notice.RESULT_READY:
                        self._take_results()
                    elif isinstance(item, Shutdown):
                        return
                    else:
                        self._obey(item)
            idle = True
            if engine is not None and engine.generations:
                step = engine.step()
                if step.chunks or step.finished or step.failed:
                    results.add(step, may_wait=not self._may_embed and not engine.scheduler.num_waiting)
                if not engine.generations or engine.seconds >= self._report_at:
                    self._report(engine)
                idle = not engine.generations or engine.stalled
            if self._may_embed:
                if embedder.busy:
                    for event in embedder.step(concurrent=engine is not None and bool(engine.generations)):
                        self._channel.send(event)
                self._may_embed = embedder.busy
                idle = idle and not self._may_embed

    def _take_results(self) -> None:
        """Go on with the requests whose worker thread has finished."""
        for request, matcher in self._grammars.take():
            self._prepare_media(request, matcher)
        for (tokenized, compiled), tokens in self._texts.take():
            self._on_tokens(tokenized, compiled, tokens)
        if self._encoder is not None:
            for media, processed in self._encoder.preprocessor.take():
                self._start_with_media(media, processed)

    def close(self) -> None:
        """Free all memory."""
        self._texts.close()
        self._grammars.close()
        self._embedder.close()
        if self._engine is not None:
            self._engine.close()
        if self._encoder is not None:
            self._encoder.close()
        if self._context is not None:
            self._context.close()
        self._model.close()

    def _obey(self, command: Command) -> None:
        if isinstance(command, Generate):
            self._start(command)
        elif isinstance(command, Cancel):
            self._embedder.cancel(command.id)
            self._grammars.cancel(command.id)
            self._texts.cancel(command.id)
            if self._encoder is not None:
                self._encoder.preprocessor.cancel(command.id)
            if self._engine is not None:
                self._engine.cancel(command.id)
        elif isinstance(command, Embed):
            self._embedder.add(command)
            self._may_embed = True
        elif isinstance(command, Tokenize):
            self._tokenize(command, None)
        elif isinstance(command, Measure):
            self._preprocess(command, None, range(len(command.images)))
        else:
            log.error("unexpected command %s", type(command).__name__)

    def _start(self, request: Generate) -> None:
        if self._engine is None:
            self._refuse(request, "this model does not support generate", "invalid")
        elif request.constraint is not None:
            self._grammars.add(request, request.constraint)
        else:
            self._prepare_media(request, None)

    def _prepare_media(self, request: Generate, matcher: GrammarMatcher | BadConstraint | None) -> None:
        """Have the request's images and audio prepared; start it at once if it has none."""
        if not request.images:
            self._tokenize(request, matcher)
            return
        try:
            check_placeholders(request.placeholders, len(request.prompt), len(request.images))
        except BadPlaceholder as error:
            self._refuse(request, str(error), "invalid")
            return
        numbers = referenced_media(request.placeholders)
        if numbers:
            self._preprocess(request, matcher, numbers)
        else:
            self._refuse(request, "the prompt has no place for an image or a recording", "invalid")

    def _preprocess(
        self, request: Generate | Measure, matcher: GrammarMatcher | BadConstraint | None, numbers: Iterable[int]
    ) -> None:
        if self._encoder is None:
            self._refuse(request, self._no_media_reason, "invalid")
            return
        num_ctx = None
        if isinstance(request, Generate):
            num_ctx = context_for(request, self._context_length, self._max_tokens)
        files = {number: request.images[number] for number in numbers}
        self._encoder.preprocessor.add(MediaRequest(request, matcher, files, num_ctx))

    def _start_with_media(self, media: MediaRequest, processed: dict[int, ProcessedMedia] | BadMedia) -> None:
        request = media.request
        if isinstance(processed, BadMedia):
            self._refuse(request, str(processed), "too_long" if isinstance(processed, TooMuchMedia) else "invalid")
        elif isinstance(request, Measure):
            tokens = tuple(processed[number].tokens for number in range(len(request.images)))
            self._channel.send(Measured(request.id, tokens))
        else:
            before = self._texts.text_of(request.context)
            prompt, placeholders = tokenize_with_media(
                self._model, before, request.prompt, request.placeholders, processed
            )
            files = {one.file.key: one.file for one in processed.values()}
            self._generate(request, media.matcher, prompt, placeholders, files)

    def _generate(
        self,
        request: Generate,
        matcher: GrammarMatcher | BadConstraint | None,
        prompt: list[int],
        placeholders: Placeholders | None = None,
        files: dict[bytes, MediaFile] | None = None,
    ) -> None:
        assert self._engine is not None and self._context is not None
        if isinstance(matcher, BadConstraint):
            self._refuse(request, str(matcher), "invalid")
            return
        if placeholders and any(p.non_causal and p.num_tokens > self._context.batch_tokens for p in placeholders):
            self._refuse(request, "an image takes more tokens at once than a batch has: raise num_batch", "invalid")
            return
        if not prompt:
            self._refuse(request, "the prompt has no tokens", "invalid")
            return
        try:
            generation = Generation(
                request,
                prompt,
                self._model,
                self._context_length,
                self._max_tokens,
                matcher,
                placeholders,
                files,
            )
        except PromptTooLong as error:
            self._refuse(request, str(error), "too_long")
            return
        self._engine.add(generation)

    def _tokenize(self, request: Generate | Tokenize, matcher: GrammarMatcher | BadConstraint | None) -> None:
        """Tokenize a request's text, and go on with it; a long text first has to wait for the thread."""
        if self._texts.is_long(request):
            self._texts.add(request, matcher)
        else:
            self._on_tokens(request, matcher, self._texts.tokens(request))

    def _on_tokens(
        self,
        request: Generate | Tokenize,
        matcher: GrammarMatcher | BadConstraint | None,
        tokens: list[int] | TextFailed,
    ) -> None:
        if isinstance(tokens, TextFailed):
            self._refuse(request, str(tokens), "engine")
        elif isinstance(request, Tokenize):
            self._channel.send(Tokens.of(request.id, tokens))
        else:
            self._generate(request, matcher, tokens)

    def _refuse(self, request: Generate | Measure | Tokenize, message: str, kind: FailureKind) -> None:
        self._channel.send(Step(failed=(Failed(request.id, shortened(message), kind),)))

    def _report(self, engine: Engine) -> None:
        self._report_at = engine.seconds + self._statistics_seconds
        statistics = engine.statistics()
        if statistics.steps == self._sent.steps and statistics.running == self._sent.running:
            return
        done = statistics.prompt_tokens + statistics.reply_tokens
        done_before = self._sent.prompt_tokens + self._sent.reply_tokens
        seconds = max(statistics.busy_seconds - self._sent.busy_seconds, 1e-9)
        statistics = msgspec.structs.replace(statistics, tokens_per_second=round((done - done_before) / seconds, 1))
        self._sent = statistics
        self._channel.send(statistics)


def serve(channel: Channel, inbox: Inbox, resolver: FileResolver) -> int:
    """Serve one model, whose files `resolver` finds; return the exit status of the process.

    From the command that names these files on, the process reads no others. It has one thread until then, since a
    thread that runs already would keep its rights.
    """
    while inbox.empty():
        channel.receive()
    first = inbox.get()
    if not isinstance(first, LoadModel):
        log.error("the first command must be to load a model, not %s", type(first).__name__)
        return 2
    if first.debug:
        logging.getLogger().setLevel(logging.DEBUG)
    try:
        files = resolve_files(first, resolver)
        compile_modules(LATER_MODULES)
        confine(files.all, gpu=first.gpu_layers != 0 and is_gpu_build(), hidden=resolver.folders)
        channel.start()
        runner = ModelRunner(channel, inbox, first, files)
    except LoadError as error:
        log.info("%s", error)
        channel.send(LoadFailed(without_folders(str(error), resolver.folders)))
        return 1
    loaded = runner.describe()
    log.info(
        "%s ready: %d tokens in the cache, %d sequences, %d threads, flash attention %s",
        loaded.description,
        loaded.pool_tokens,
        loaded.max_sequences,
        loaded.threads,
        "on" if loaded.flash_attention else "off",
    )
    channel.send(loaded)
    runner.run()
    runner.close()
    return 0


def _special_text(model: LlamaModel, token: int) -> str:
    return model.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""
