"""The messages between the fleet and a runner: commands in, events out. Durations are nanoseconds."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

FlashAttention = Literal["auto", "on", "off"]
FinishReason = Literal["stop", "length"]
FailureKind = Literal["invalid", "too_long", "overloaded", "engine"]


class LoadModel(msgspec.Struct, tag="load", frozen=True, kw_only=True):
    """The first command: which files to load, and how. Counts of 0 mean "the runner decides"."""

    model: str
    adapters: tuple[str, ...] = ()
    projector: str = ""
    """The file that turns pictures and recordings into embeddings; "" for a model that takes none."""
    context_length: int = 0
    """Tokens that one request may use."""
    pool_tokens: int = 0
    """Cells of the KV cache, shared by all sequences."""
    max_sequences: int = 0
    """Sequences that may run at once."""
    batch_tokens: int = 512
    threads: int = 0
    gpu_layers: int = -1
    main_gpu: int = 0
    use_mmap: bool = True
    use_mlock: bool = False
    kv_cache_type: str = "f16"
    flash_attention: FlashAttention = "auto"
    spare_memory: bool = True
    """Whether there is memory to keep as many tokens outside the cache as in it."""
    debug: bool = False


class FreeTags(NamedTuple):
    """The tags between which a reply is free, since it is thinking."""

    opening: str
    """"" where the prompt ends with it."""
    closing: str
    written: str = ""
    """What ends the thinking where the model does not, if that is more than the tag: it has to end its message, too."""


class Sampling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the next token is chosen; names and defaults are those of the API's options."""

    seed: int = -1
    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.9
    min_p: float = 0.0
    typical_p: float = 1.0
    repeat_last_n: int = 64
    repeat_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    mirostat: int = 0
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1


class Generate(msgspec.Struct, tag="generate", frozen=True, kw_only=True, omit_defaults=True):
    """Complete `prompt`. The runner answers with `Chunk`s and one `Finished` or `Failed` of the same id."""

    id: int
    prompt: str
    """Where it says `[img-0]`, the first of the images stands."""
    images: tuple[bytes, ...] = ()
    """Files of pictures and recordings, as they came."""
    context: tuple[int, ...] = ()
    """Tokens of an earlier exchange that come before the prompt."""
    sampling: Sampling = Sampling()
    num_predict: int = -1
    """Most tokens to generate; 0 or less: until the model stops."""
    num_ctx: int = 0
    """Most tokens of prompt and reply; 0: the loaded model's limit."""
    num_keep: int = 4
    stop: tuple[str, ...] = ()
    truncate: bool = True
    shift: bool = True
    special_tokens: bool = False
    """Whether special tokens come out as text (parsers need some, plain replies none)."""
    logprobs: bool = False
    top_logprobs: int = 0
    cache_prompt: bool = True
    format: str = ""
    """What the reply is held to, as JSON (see `paddock.engine.constraints`); "": nothing."""
    thinking: FreeTags | None = None
    """Where the reply is not held to its format."""


class Cancel(msgspec.Struct, tag="cancel", frozen=True):
    """Nobody waits for this request any more. Nothing is answered."""

    id: int


class Tokenize(msgspec.Struct, tag="tokenize", frozen=True):
    """Ask for the tokens of a text; answered with `Tokens`."""

    id: int
    text: str
    context: tuple[int, ...] = ()
    """Tokens whose text comes first."""
    add_special: bool = True


class Measure(msgspec.Struct, tag="measure", frozen=True):
    """Ask how many tokens pictures and recordings are; answered with `Measured`, or with `Failed`."""

    id: int
    images: tuple[bytes, ...]


class Embed(msgspec.Struct, tag="embed", frozen=True, kw_only=True, omit_defaults=True):
    """Ask for a vector of each text; answered with `Embeddings` until there is one of each, or with `Failed`."""

    id: int
    texts: tuple[str, ...]
    truncate: bool = True
    """Whether a text that is too long is cut; if not, the request fails."""
    normalize: bool = True
    """Whether vectors get length 1."""
    dimensions: int = 0
    """Numbers of each vector that are wanted, from its beginning; 0 or less: all."""
    num_ctx: int = 0
    """Most tokens of a text; 0: the loaded model's limit."""
    chunk: bool = False
    """Whether a text that is too long is embedded in windows, whose vectors' mean is its vector."""
    query: str | None = None
    """A question: then each text's vector is one number, from 0 to 1, how well it answers that."""


class Shutdown(msgspec.Struct, tag="shutdown", frozen=True):
    """Leave now; running requests are dropped."""


Command = LoadModel | Generate | Cancel | Tokenize | Measure | Embed | Shutdown


class Loaded(msgspec.Struct, tag="loaded", frozen=True, kw_only=True):
    """The model is ready."""

    context_length: int
    """Tokens that one request may use."""
    pool_tokens: int
    max_sequences: int
    threads: int
    flash_attention: bool
    description: str
    adds_bos: bool = False
    """Whether tokenizing puts the beginning-of-sequence token before a prompt."""
    bos: str = ""
    eos: str = ""
    memory: int = 0
    """Bytes that the model and its cache occupy, as the runner counts them."""


class LoadFailed(msgspec.Struct, tag="load_failed", frozen=True):
    """The model cannot be loaded; the runner ends."""

    message: str


class TokenLogprob(msgspec.Struct, frozen=True, array_like=True):
    """A token's text, its bytes and its natural log probability; `top` are the likeliest in its place."""

    token: str
    logprob: float
    bytes: bytes
    top: tuple["TokenLogprob", ...] = ()


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a reply."""

    id: int
    text: str
    logprobs: tuple[TokenLogprob, ...] | None = None


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A reply has ended."""

    id: int
    reason: FinishReason
    prompt_tokens: int
    cached_tokens: int
    """Of the prompt's tokens, those that needed no computing."""
    prompt_duration: int
    reply_tokens: int
    reply_duration: int


class Failed(msgspec.Struct, frozen=True):
    """A request came to nothing."""

    id: int
    message: str
    kind: FailureKind = "engine"


class Step(msgspec.Struct, tag="step", frozen=True, omit_defaults=True):
    """What one step of the engine brought, for all its requests together."""

    chunks: tuple[Chunk, ...] = ()
    finished: tuple[Finished, ...] = ()
    failed: tuple[Failed, ...] = ()


class Tokens(msgspec.Struct, tag="tokens", frozen=True):
    """The answer to `Tokenize`."""

    id: int
    data: memoryview
    """32-bit integers: of a long text there are millions, which are not to be read one by one."""

    @classmethod
    def of(cls, id: int, tokens: Iterable[int]) -> "Tokens":
        """Return the answer `tokens`."""
        return cls(id, memoryview(array("i", tokens)).cast("B"))

    @property
    def tokens(self) -> Sequence[int]:
        """The tokens, as they lie there."""
        return self.data.cast("i")


class Measured(msgspec.Struct, tag="measured", frozen=True):
    """The answer to `Measure`: of each file, how many tokens it takes."""

    id: int
    tokens: tuple[int, ...]


class Vector(msgspec.Struct, frozen=True, array_like=True):
    """The embedding of one text."""

    id: int
    number: int
    """Which text of the request, from 0."""
    tokens: int
    """Those that were computed: of a text that was cut, not all."""
    data: bytes
    """32-bit floats."""


class Embeddings(msgspec.Struct, tag="embeddings", frozen=True):
    """What one batch of texts brought, for all requests together and in no order."""

    vectors: tuple[Vector, ...]


class Statistics(msgspec.Struct, tag="statistics", frozen=True, kw_only=True):
    """How the runner is doing, sent when it changes and at most once a second. Counts of tokens are since loading."""

    running: int = 0
    waiting: int = 0
    cached: int = 0
    """Finished sequences and saved states that are kept for their prefixes."""
    cached_tokens: int = 0
    """Tokens that only those hold."""
    prompt_tokens: int = 0
    """Computed; what was reused is not in it."""
    reused_tokens: int = 0
    reply_tokens: int = 0
    steps: int = 0
    busy_seconds: float = 0.0
    """Time spent in the kernels."""
    tokens_per_second: float = 0.0
    """Computed or generated, since the last report."""
    preemptions: int = 0
    encoded_media: int = 0
    """Parts of pictures and recordings, computed; those whose embeddings or cells were reused are not in it."""
    free_cells: int = 0

    @property
    def hit_rate(self) -> float:
        """Of all prompt tokens, the part that needed no computing."""
        total = self.prompt_tokens + self.reused_tokens
        return self.reused_tokens / total if total else 0.0


Event = Loaded | LoadFailed | Step | Tokens | Measured | Embeddings | Statistics
