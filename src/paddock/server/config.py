"""Tuning numbers of the server, with their origin. Each part of it is handed its own."""

from dataclasses import dataclass, field

KB = 1_000
MIB = 1 << 20


@dataclass(frozen=True)
class ConnectionConfig:
    """How long the server waits for its clients, and for how many of them."""

    max_connections: int = 4096
    """Connections at once, where the descriptors allow as many (see `descriptors.max_connections`): an idle one takes
    about 10 kB."""

    idle_seconds: float = 75
    """How long a connection may stay without a request, as nginx keeps them. Clients that poll do so more often."""

    head_seconds: float = 30
    """How long a request's head may take from its first byte on."""

    body_seconds: float = 60
    """How long a client that sends a body may send nothing, as in nginx."""

    body_bytes: int = 30 * KB
    """Fewest bytes of a body in any `body_seconds` (unless it ends): 500 bytes a second, the least that Apache's
    `mod_reqtimeout` asks for."""

    stalled_seconds: float = 60
    """How long a client may read nothing of an answer that waits for it, as in nginx."""

    stalled_bytes: int = 30 * KB
    """Fewest bytes of such an answer that a client must read in any `stalled_seconds`."""

    linger_seconds: float = 30
    """How long the rest of a body is read and dropped after the request was answered, so that the client sees the
    answer; as in nginx."""

    refusal_seconds: float = 2
    """How long a connection that is refused stays, so that the client sees the answer."""

    max_refusals: int = 64
    """Connections that are being refused at once. More are cut off without an answer."""

    spared_seconds: float = 1
    """How long a connection may stay without a request even if others need its place."""

    sweep_seconds: float = 1
    """Time between two looks at all connections for those whose time is over."""

    parsed_bytes: int = 4096
    """Bytes that are parsed at once: a client may send hundreds of small requests ahead, but not ten thousand."""


@dataclass(frozen=True)
class BodyConfig:
    """Bounds on bodies of JSON, which are held in memory. Uploads of files are written to disk as they come."""

    max_bytes: int = 100 * MIB
    """Bytes of one body."""

    max_seconds: float = 600
    """How long one body may take to arrive: 100 MB at 170 kB a second."""

    memory_share: int = 16
    """The bodies of all clients may take this part of the free memory: they are held about three times, as JSON, as
    values and as a message to a runner."""

    least_total: int = 128 * MIB
    """Bytes that they may take in any case, unless that is more than an eighth of the free memory."""

    most_total: int = 1024 * MIB
    """Bytes that they may take at most."""

    given_back: int = 32 * MIB
    """Bytes of bodies after which freed memory is given back to the system, which takes a few milliseconds."""

    large_share: float = 7 / 8
    """Part of these bytes that large bodies may take. The rest is for small ones, which large ones never hold up."""

    model_share: float = 1 / 2
    """Part of what large bodies may take that those for one model may take: a model that is busy for long, or whose
    runner was stopped, leaves room for the others."""

    container_bytes: int = 256
    """Bytes that an object or an array takes in memory beyond its text: `{}` in a list of messages becomes 300."""

    element_bytes: int = 48
    """Bytes that a number or a text in a list takes in memory beyond its own text."""


@dataclass(frozen=True)
class ServerConfig:
    """All tuning numbers of the server."""

    connection: ConnectionConfig = field(default_factory=ConnectionConfig)
    body: BodyConfig = field(default_factory=BodyConfig)
