"""Tuning numbers of the runner, with their origin. Each part of the engine is handed its own."""

from dataclasses import dataclass, field

MIB = 1 << 20


@dataclass(frozen=True)
class MediaConfig:
    """Limits for images and audio."""

    max_known_files: int = 512
    """Files whose chunks are remembered: no more than a few numbers and the positions of embeddings for each."""

    max_prepared_files: int = 4
    """Files that are held ready to be encoded. Others are decoded again when their turn comes."""

    max_chunk_embeddings: int = 4096
    """Embeddings of one chunk of audio. Some encoders take a whole file at once: their memory grows with its square, to
    half a GB here."""

    many_pixels: int = 4_000_000
    """Pixels from which the memory that an image took is given back to the system: preparing one pixel takes about 20
    bytes, and giving back a few milliseconds."""

    many_samples: int = 4_000_000
    """The same for samples of audio: four minutes."""

    embedding_cache_bytes: int = 128 * MIB
    """Embeddings that are kept: those of a dozen images of a 7B model."""


@dataclass(frozen=True)
class EmbeddingConfig:
    """Sizes of the batches in which texts are embedded."""

    ubatch_tokens: int = 512
    """Tokens in a batch, unless a single text has more. Contexts are made in multiples of it, and texts up to this
    length share batches."""

    chunk_tokens: int = 128
    """Tokens in a batch for models that compute a text in chunks: enough for the kernels' fast paths, and a request
    that arrives meanwhile waits less."""

    concurrent_chunk_tokens: int = 32
    """Tokens in such a batch while replies are generated: each stream gets a token between two batches."""

    max_sequences: int = 64
    """Texts in a batch."""

    max_stateful_sequences: int = 8
    """Texts in a batch for models that hold a state for each."""

    flash_attention_scores: int = MIB
    """Tokens times cells from which flash attention is used: without it, each head holds a number for each pair."""

    single_thread_bytes: int = 4 * MIB
    """Size of the weights below which a second thread costs more in waiting than it computes."""

    max_cached_words: int = 100_000
    """Words whose WordPiece tokens are remembered; then all are forgotten."""

    portion_characters: int = 1 << 14
    """Characters of a long text that are tokenized at once: only the part that is computed next."""


@dataclass(frozen=True)
class EngineConfig:
    """Choices for a model whose `LoadModel` leaves them open, and the numbers of its parts."""

    single_thread_bytes: int = 64 * MIB
    """Size of the weights below which a second thread costs more in waiting than it computes."""

    flash_attention_head: int = 64
    """Head size from which flash attention pays on a CPU: it is what keeps a crowded cache fast (see `bench/`). With
    the small heads of toy models it halves the speed."""

    max_running: int = 16
    """Sequences that run at once: more make each slower and all together hardly faster."""

    cells_per_sequence: int = 512
    """Cells of the cache for each sequence that may run: most requests use less than a whole context."""

    max_running_small: int = 4
    """Sequences that run at once on toy models without flash attention, for which looking at the cells of all others is
    most of a step, and on models in which each sequence has a state or a window of its own."""

    cached_sequences: int = 32
    """Finished sequences that stay as cache. Up to 64 ids in all cost nothing; 256 cost 6-17 % on a tiny model."""

    cached_stateful_sequences: int = 8
    """Finished sequences that stay as cache where each holds a state or a window of its own."""

    step_interval: float = 0.002
    """Least seconds between two `Step` events of steps that only decode. Models of some billion parameters take longer
    for a step anyway; toy models do not wake the server for every token."""

    statistics_seconds: float = 1.0
    """Seconds of computing between two `Statistics` events while the runner is busy."""

    media: MediaConfig = field(default_factory=MediaConfig)
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
