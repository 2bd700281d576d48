"""Commands: what the fleet sends to a runner.

The first command is `LoadModel`. Then come the others, in any order and any number, and last `Shutdown`. Counts of
tokens and cache cells are plain numbers, sizes are bytes.
"""

from typing import Literal, NamedTuple

import msgspec

from paddock.ipc.constraints import Constraint
from paddock.ipc.placeholders import Placeholder

FlashAttention = Literal["auto", "on", "off"]
KVCacheType = Literal["f16", "q8_0", "q4_0"]


class FileRef(msgspec.Struct, frozen=True):
    """A file, named by what it holds. Every runner finds its own copy, wherever it runs."""

    digest: str
    """`sha256:` and 64 lower-case hexadecimal digits."""


class LoadModel(msgspec.Struct, tag="load", frozen=True, kw_only=True):
    """Load a model. Must be the first command, and comes once; answered with `Loaded` or `LoadFailed`.

    A count of 0 leaves the choice to the runner.
    """

    model: FileRef
    """The model's GGUF file."""
    adapters: tuple[FileRef, ...] = ()
    """LoRA adapters, each applied with scale 1."""
    projector: FileRef | None = None
    """The file that turns images and audio into embeddings; None for a model that takes neither. It may be the model's
    own file."""
    context_length: int = 0
    """Most tokens of prompt and reply that one request may use."""
    pool_tokens: int = 0
    """Cells of the KV cache, which all sequences share; a cell holds one token."""
    max_sequences: int = 0
    """Most sequences that run at once; further requests wait."""
    batch_tokens: int = 512
    """Most tokens that one step computes."""
    threads: int = 0
    gpu_layers: int = -1
    """Number of layers to offload to the GPU; -1: all."""
    main_gpu: int = 0
    use_mmap: bool = True
    use_mlock: bool = False
    kv_cache_type: KVCacheType = "f16"
    flash_attention: FlashAttention = "auto"
    spare_memory: bool = True
    """Whether there is memory to keep as many tokens outside the KV cache as in it."""
    debug: bool = False
    """Whether the runner logs at level DEBUG."""


class ThinkingTags(NamedTuple):
    """The tags around the thinking in a reply; between them the reply is unconstrained."""

    opening: str
    """The text that opens the thinking; "" where the prompt already ends with it."""
    closing: str
    """The text that closes the thinking."""
    forced_closing: str = ""
    """The text that the runner has the model write to close its thinking by force, where that takes more than
    `closing`, as in formats in which the thinking is a message of its own; "": `closing`."""


class Sampling(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the next token is chosen. Names, meanings and defaults are those of the options of Ollama's API, and
    `top_n_sigma` is llama.cpp's."""

    seed: int = -1
    """Seed of the random numbers; a negative one asks for a random seed."""
    temperature: float = 0.8
    """0 or less: always take the likeliest token."""
    top_n_sigma: float = -1.0
    """Standard deviations below the highest logit from which tokens are left out; 0 or less: off."""
    top_k: int = 40
    """0 or less: off."""
    top_p: float = 0.9
    """1 or more: off."""
    min_p: float = 0.0
    """0 or less: off."""
    typical_p: float = 1.0
    """1 or more: off."""
    repeat_last_n: int = 64
    """Number of last tokens that the penalties look at; 0: none, negative: the whole context."""
    repeat_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    mirostat: int = 0
    """Version of Mirostat, 1 or 2; others: off."""
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1


class Generate(msgspec.Struct, tag="generate", frozen=True, kw_only=True, omit_defaults=True):
    """Complete a prompt.

    Answered, in `Step` events, with any number of `Chunk`s of this id and then one `Finished`; or at any time with one
    `Failed`, after which nothing more comes.
    """

    id: int
    prompt: str
    images: tuple[bytes, ...] = ()
    """Files of images and audio, as the client sent them."""
    placeholders: tuple[Placeholder, ...] = ()
    """Where the files belong in the prompt, in the order of their offsets. With `images` there must be one at least; a
    request whose placeholders are out of order, or outside the prompt or the images, fails with `invalid`."""
    context: tuple[int, ...] = ()
    """Tokens of an earlier exchange; the runner puts their text before the prompt."""
    sampling: Sampling = Sampling()
    num_predict: int = -1
    """Most tokens to generate; 0 or less: until the model stops."""
    num_ctx: int = 0
    """Most tokens of prompt and reply; 0: the loaded model's limit."""
    num_keep: int = 4
    """Number of tokens at the beginning of the prompt that stay when it is cut or its context shifts; -1: all."""
    stop: tuple[str, ...] = ()
    """Texts before which the reply ends."""
    truncate: bool = True
    """Whether a prompt that is too long is cut; if not, the request fails with `too_long`."""
    shift: bool = True
    """Whether a reply that fills the context goes on without the oldest tokens; if not, it ends with `length`."""
    special_tokens: bool = False
    """Whether special tokens come out as text (parsers need some, plain replies none)."""
    logprobs: bool = False
    """Whether chunks come with the log probabilities of their tokens."""
    top_logprobs: int = 0
    """Number of likeliest tokens that are listed with each token's log probability."""
    cache_prompt: bool = True
    """Whether tokens of earlier requests may be reused, and this one's kept for later ones."""
    constraint: Constraint | None = None
    """What the reply must match; None: it is free."""
    thinking: ThinkingTags | None = None
    """The tags between which the constraint does not hold; None: it holds from the beginning."""


class Cancel(msgspec.Struct, tag="cancel", frozen=True):
    """Drop the request of this id, whatever kind it is.

    Not answered. Events of the request that were sent before the runner read the command may still arrive; a command
    for an id that is not in progress does nothing.
    """

    id: int


class Tokenize(msgspec.Struct, tag="tokenize", frozen=True):
    """Tokenize a text; answered with `Tokens`."""

    id: int
    text: str
    context: tuple[int, ...] = ()
    """Tokens whose text comes before `text`."""
    add_special: bool = True
    """Whether to add the beginning-of-sequence token, if the model has its tokenizer add one."""


class Measure(msgspec.Struct, tag="measure", frozen=True):
    """Count the tokens that images and audio take in a prompt; answered with `Measured`, or `Failed` in a `Step`."""

    id: int
    images: tuple[bytes, ...]
    """Files of images and audio, as the client sent them."""


class Embed(msgspec.Struct, tag="embed", frozen=True, kw_only=True, omit_defaults=True):
    """Compute a vector of each text, or with `query` a score of each.

    Answered with `Embedded` events that hold exactly one `Vector` of each text, in any order; or at any time with
    one `Failed` in a `Step`, after which nothing more comes.
    """

    id: int
    texts: tuple[str, ...]
    truncate: bool = True
    """Whether a text that is too long is cut; if not, the request fails with `too_long`."""
    normalize: bool = True
    """Whether vectors are scaled to length 1."""
    dimensions: int = 0
    """Number of leading components to keep of each vector; 0 or less: all."""
    num_ctx: int = 0
    """Most tokens of a text; 0: the loaded model's limit."""
    chunk: bool = False
    """Whether a text that is too long is embedded in windows, whose vectors' mean becomes its vector."""
    query: str | None = None
    """A question. Each text's vector is then one number from 0 to 1: how well the text answers it."""


class Shutdown(msgspec.Struct, tag="shutdown", frozen=True):
    """End the process at once. Running requests are dropped without an answer."""


Command = LoadModel | Generate | Cancel | Tokenize | Measure | Embed | Shutdown
