"""Every endpoint, described: what it takes and what it answers.

The shapes are the structs of `paddock.protocol`, and those here where the code answers with plain dicts.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from paddock.protocol import ollama

JSON = "application/json"


class Version(msgspec.Struct):
    """Which API is spoken, and by which Paddock."""

    version: str
    paddock: str


class ModelDetails(msgspec.Struct):
    """What kind of model it is."""

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


class LoadedModel(msgspec.Struct):
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


class LoadedModels(msgspec.Struct):
    """The models in memory."""

    models: list[LoadedModel]


class Tensor(msgspec.Struct):
    """A tensor of a model's file."""

    name: str
    type: str
    shape: list[int]


class ShownModel(msgspec.Struct, kw_only=True):
    """Everything about a model; what is empty is left out."""

    license: str | UnsetType = UNSET
    modelfile: str
    parameters: str | UnsetType = UNSET
    template: str | UnsetType = UNSET
    system: str | UnsetType = UNSET
    details: ModelDetails
    messages: list[dict[str, Any]] | UnsetType = UNSET
    model_info: dict[str, Any]
    projector_info: dict[str, Any] | UnsetType = UNSET
    tensors: list[Tensor] | UnsetType = UNSET
    capabilities: list[str]
    modified_at: str
    requires: str | UnsetType = UNSET


class Imported(msgspec.Struct):
    """The end of an import."""

    status: str
    model: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An endpoint, described."""

    id: str
    """What its words are found by."""
    method: str
    path: str
    group: str
    parameters: tuple[str, ...] = ()
    """What its words are found by, too."""
    request: Any = None
    """The struct of its body; bytes for one that is no JSON."""
    reply: Any = None
    """The struct of its answer; a media type where that is no struct; None where nothing is answered but a status."""
    lines: tuple[Any, ...] = ()
    """The structs that the lines of a streamed answer may have."""
    statuses: tuple[int, ...] = (200,)
    errors: tuple[int, ...] = ()
    """Beside those that any endpoint may answer."""


_ON_MODEL = (400, 404, 413)
_INFERENCE: dict[str, Any] = {"group": "Inference", "method": "POST", "errors": (*_ON_MODEL, 503)}
_MODELS: dict[str, Any] = {"group": "Models", "errors": _ON_MODEL}
_ERROR = ollama.ErrorBody

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="generate",
        path="/api/generate",
        request=ollama.GenerateRequest,
        reply=ollama.GenerateEnd,
        lines=(ollama.GenerateChunk, ollama.GenerateEnd, _ERROR),
        **_INFERENCE,
    ),
    Operation(
        id="chat",
        path="/api/chat",
        request=ollama.ChatRequest,
        reply=ollama.ChatEnd,
        lines=(ollama.ChatChunk, ollama.ChatEnd, _ERROR),
        **_INFERENCE,
    ),
    Operation(id="embed", path="/api/embed", request=ollama.EmbedRequest, reply=ollama.EmbedReply, **_INFERENCE),
    Operation(
        id="embeddings",
        path="/api/embeddings",
        request=ollama.EmbeddingsRequest,
        reply=ollama.EmbeddingsReply,
        **_INFERENCE,
    ),
    Operation(id="rerank", path="/api/rerank", request=ollama.RerankRequest, reply=ollama.RerankReply, **_INFERENCE),
    Operation(id="rerank_list", path="/v1/rerank", request=ollama.RerankRequest, reply=ollama.RerankList, **_INFERENCE),
    Operation(id="tags", method="GET", path="/api/tags", group="Models", reply=ListedModels),
    Operation(id="ps", method="GET", path="/api/ps", group="Models", reply=LoadedModels),
    Operation(id="show", method="POST", path="/api/show", request=ollama.ShowRequest, reply=ShownModel, **_MODELS),
    Operation(id="copy", method="POST", path="/api/copy", request=ollama.CopyRequest, **_MODELS),
    Operation(id="delete", method="DELETE", path="/api/delete", request=ollama.DeleteRequest, **_MODELS),
    Operation(
        id="create",
        method="POST",
        path="/api/create",
        group="Models",
        request=ollama.CreateRequest,
        reply=ollama.StatusLine,
        lines=(ollama.ProgressLine, _ERROR),
        errors=(*_ON_MODEL, 501),
    ),
    Operation(
        id="blob_exists",
        method="HEAD",
        path="/api/blobs/{digest}",
        group="Models",
        parameters=("digest",),
        errors=(400, 404),
    ),
    Operation(
        id="blob_upload",
        method="POST",
        path="/api/blobs/{digest}",
        group="Models",
        parameters=("digest",),
        request=bytes,
        statuses=(200, 201),
        errors=(400,),
    ),
    Operation(
        id="pull",
        method="POST",
        path="/api/pull",
        request=ollama.PullRequest,
        reply=ollama.StatusLine,
        lines=(ollama.ProgressLine, _ERROR),
        **_MODELS,
    ),
    Operation(
        id="push",
        method="POST",
        path="/api/push",
        request=ollama.PushRequest,
        reply=ollama.StatusLine,
        lines=(ollama.ProgressLine, _ERROR),
        **_MODELS,
    ),
    Operation(
        id="export",
        method="POST",
        path="/api/export",
        request=ollama.ExportRequest,
        reply="application/x-tar",
        **_MODELS,
    ),
    Operation(
        id="import",
        method="POST",
        path="/api/import",
        group="Models",
        parameters=("import_name",),
        request=bytes,
        reply=Imported,
        errors=(400,),
    ),
    Operation(id="version", method="GET", path="/api/version", group="Server", reply=Version),
    Operation(id="running", method="GET", path="/", group="Server", reply="text/plain"),
    Operation(id="openapi", method="GET", path="/openapi.json", group="Server", reply=JSON),
    Operation(id="docs", method="GET", path="/docs", group="Server", reply="text/html"),
)
