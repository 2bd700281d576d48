"""Models on disk and on their way: show, copy, delete, create, pull, push, and the lines of their progress."""

from typing import Any

import msgspec


class ShowRequest(msgspec.Struct):
    """`POST /api/show`."""

    model: str | None = None
    name: str | None = None
    verbose: bool | None = None
    system: str | None = None
    template: str | None = None
    options: dict[str, Any] | None = None


class CopyRequest(msgspec.Struct):
    """`POST /api/copy`."""

    source: str | None = None
    destination: str | None = None


class DeleteRequest(msgspec.Struct):
    """`DELETE /api/delete`."""

    model: str | None = None
    name: str | None = None


class PullRequest(msgspec.Struct):
    """`POST /api/pull`."""

    model: str | None = None
    name: str | None = None
    insecure: bool | None = None
    stream: bool | None = None
    dry_run: bool | None = None


class PushRequest(msgspec.Struct):
    """`POST /api/push`."""

    model: str | None = None
    name: str | None = None
    insecure: bool | None = None
    stream: bool | None = None


class ExportRequest(msgspec.Struct):
    """`POST /api/export`."""

    model: str | None = None
    name: str | None = None


class CreateMessage(msgspec.Struct):
    """A turn of a model's own history."""

    role: str | None = None
    content: str | None = None


class CreateRequest(msgspec.Struct):
    """`POST /api/create`, both forms."""

    model: str | None = None
    name: str | None = None
    stream: bool | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    files: dict[str, str] | None = None
    adapters: dict[str, str] | None = None
    template: str | None = None
    system: str | None = None
    license: Any = None
    parameters: dict[str, Any] | None = None
    messages: list[CreateMessage] | None = None
    renderer: str | None = None
    parser: str | None = None
    requires: str | None = None
    info: dict[str, Any] | None = None
    quantize: str | None = None
    quantization: str | None = None
    modelfile: str | None = None
    path: str | None = None


class StatusLine(msgspec.Struct):
    """Progress of a create, pull or push."""

    status: str


class ProgressLine(msgspec.Struct, omit_defaults=True):
    """Progress of a create, pull or push; with a digest that of a layer, in bytes."""

    status: str
    digest: str = ""
    total: int = 0
    completed: int = 0
