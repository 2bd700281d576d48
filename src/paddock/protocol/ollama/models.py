"""Requests and replies about models: list, show, copy, delete, create, pull, push, export, import."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from paddock.protocol.accepts import accepts


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
    """A message that every conversation with the model begins with."""

    role: str | None = None
    content: str | None = None


class CreateRequest(msgspec.Struct):
    """`POST /api/create`, in its form of 2024 and in today's."""

    model: str | None = None
    name: str | None = None
    stream: bool | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    files: dict[str, str] | None = None
    adapters: dict[str, str] | None = None
    template: str | None = None
    system: str | None = None
    license: Annotated[Any, accepts(str | list[str] | None)] = None
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
    """The end of a create, pull or push."""

    status: str


class ProgressLine(msgspec.Struct, omit_defaults=True):
    """Progress of a create, pull or push; with a digest, of one file in bytes."""

    status: str
    digest: str = ""
    total: int = 0
    completed: int = 0


class Version(msgspec.Struct):
    """The version of Ollama whose API is spoken, and the version of Paddock."""

    version: str
    paddock: str


class ModelDetails(msgspec.Struct):
    """The kind of a model."""

    parent_model: str
    format: str
    family: str
    families: list[str] | None
    parameter_size: str
    quantization_level: str
    context_length: int | UnsetType = UNSET
    embedding_length: int | UnsetType = UNSET


class ListedModel(msgspec.Struct):
    """A model on disk."""

    name: str
    model: str
    modified_at: str
    size: int
    digest: str
    details: ModelDetails
    capabilities: list[str]


class ListedModels(msgspec.Struct):
    """The models on disk, newest first."""

    models: list[ListedModel]


class RunningModel(msgspec.Struct):
    """A model in memory."""

    name: str
    model: str
    size: int
    digest: str
    details: ModelDetails
    expires_at: str
    size_vram: int
    context_length: int
    parallel: int
    pool_tokens: int


class RunningModels(msgspec.Struct):
    """The models in memory."""

    models: list[RunningModel]


class ShownTensor(msgspec.Struct):
    """A tensor of a model's file."""

    name: str
    type: str
    shape: list[int]


class ShownModel(msgspec.Struct, kw_only=True):
    """Everything about a model; empty fields are left out."""

    license: str | UnsetType = UNSET
    modelfile: str
    parameters: str | UnsetType = UNSET
    template: str | UnsetType = UNSET
    system: str | UnsetType = UNSET
    details: ModelDetails
    messages: list[dict[str, Any]] | UnsetType = UNSET
    model_info: dict[str, Any]
    projector_info: dict[str, Any] | UnsetType = UNSET
    tensors: list[ShownTensor] | UnsetType = UNSET
    capabilities: list[str]
    template_error: str | UnsetType = UNSET
    modified_at: str
    requires: str | UnsetType = UNSET


class ImportedModel(msgspec.Struct):
    """The end of an import."""

    status: str
    model: str
