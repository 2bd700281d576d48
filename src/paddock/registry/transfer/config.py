"""The tuning of downloads and uploads."""

from dataclasses import dataclass, field

from paddock.registry.retry import RetryPolicy


@dataclass(frozen=True)
class DownloadConfig:
    """How a layer is downloaded."""

    segment_seconds: float = 8.0
    """Time that one connection should need for a segment, at the speed of its last one."""
    min_segment: int = 8 << 20
    """Smallest segment in bytes, except for the last of a gap."""
    max_segment: int = 128 << 20
    """Largest segment in bytes."""
    write_bytes: int = 512 << 10
    """Bytes that are collected before they are written."""
    write_seconds: float = 0.2
    """Time after which the bytes are written, however few they are."""
    min_bytes_per_second: int = 1024
    """Speed below which a connection counts as stalled."""
    hash_bytes: int = 8 << 20
    """Bytes that are hashed by one call in a thread; bounds how long a cancelled pull goes on."""
    read_bytes: int = 256 << 10
    """Bytes that are read at once to be hashed."""
    poll_seconds: float = 0.25
    """Time between two looks at a download that another server does."""
    attempts: int = 2
    """Downloads of the whole layer before a wrong digest is an error."""


@dataclass(frozen=True)
class UploadConfig:
    """How a layer is uploaded."""

    max_chunk: int = 64 << 20
    """Largest chunk in bytes; proxies before a registry often refuse a body of more than 100 MB."""
    min_chunk: int = 1 << 20
    """Smallest chunk in bytes, except for the last one."""
    chunk_seconds: float = 2.0
    """Time that a chunk should need at the speed of the last one; a cancelled upload waits for the end of its chunk."""
    read_bytes: int = 1 << 20
    """Bytes that are read from the file and sent at once."""
    min_registry_speed: int = 4 << 20
    """Bytes per second that a registry is assumed to store and verify before it answers."""
    attempts: int = 5
    """Uploads that are begun before it is an error that the registry forgets them."""


@dataclass(frozen=True)
class TransferConfig:
    """How models are pulled and pushed."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    download: DownloadConfig = field(default_factory=DownloadConfig)
    upload: UploadConfig = field(default_factory=UploadConfig)
