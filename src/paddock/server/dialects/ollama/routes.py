"""The route table of Ollama's API."""

from pathlib import Path
from typing import Any

from paddock.protocol import ollama
from paddock.server.dialects.ollama.create import blob_exists, blob_upload, create
from paddock.server.dialects.ollama.dialect import OLLAMA
from paddock.server.dialects.ollama.embedding import embed, embeddings
from paddock.server.dialects.ollama.inference import chat, generate
from paddock.server.dialects.ollama.models import copy, delete, ps, running, show, tags, version
from paddock.server.dialects.ollama.transfer import export, import_, pull, push
from paddock.server.media_types import TAR, TEXT
from paddock.server.routes import Endpoint, RouteTable

_ON_MODEL = (400, 404, 408, 413)
_INFERENCE: dict[str, Any] = {"group": "Inference", "method": "POST", "needs_input": True, "errors": _ON_MODEL}
_MODELS: dict[str, Any] = {"group": "Models", "errors": _ON_MODEL}
_PROGRESS: dict[str, Any] = {"reply": ollama.StatusLine, "stream": (ollama.ProgressLine, ollama.ErrorBody)}
_BLOB: dict[str, Any] = {"path": "/api/blobs/{digest}", "group": "Models", "parameters": ("digest",)}

OLLAMA_ROUTES = RouteTable(
    OLLAMA,
    (
        Endpoint(
            id="generate",
            path="/api/generate",
            handler=generate,
            request=ollama.GenerateRequest,
            reply=ollama.GenerateEnd,
            stream=(ollama.GenerateChunk, ollama.GenerateEnd, ollama.ErrorBody),
            **_INFERENCE,
        ),
        Endpoint(
            id="chat",
            path="/api/chat",
            handler=chat,
            request=ollama.ChatRequest,
            reply=ollama.ChatEnd,
            stream=(ollama.ChatChunk, ollama.ChatEnd, ollama.ErrorBody),
            **_INFERENCE,
        ),
        Endpoint(
            id="embed",
            path="/api/embed",
            handler=embed,
            request=ollama.EmbedRequest,
            reply=ollama.EmbedReply,
            **_INFERENCE,
        ),
        Endpoint(
            id="embeddings",
            path="/api/embeddings",
            handler=embeddings,
            request=ollama.EmbeddingsRequest,
            reply=ollama.EmbeddingsReply,
            **_INFERENCE,
        ),
        Endpoint(id="tags", method="GET", path="/api/tags", handler=tags, group="Models", reply=ollama.ListedModels),
        Endpoint(id="ps", method="GET", path="/api/ps", handler=ps, group="Models", reply=ollama.RunningModels),
        Endpoint(
            id="show",
            method="POST",
            path="/api/show",
            handler=show,
            request=ollama.ShowRequest,
            reply=ollama.ShownModel,
            **_MODELS,
        ),
        Endpoint(id="copy", method="POST", path="/api/copy", handler=copy, request=ollama.CopyRequest, **_MODELS),
        Endpoint(
            id="delete", method="DELETE", path="/api/delete", handler=delete, request=ollama.DeleteRequest, **_MODELS
        ),
        Endpoint(
            id="create",
            method="POST",
            path="/api/create",
            handler=create,
            group="Models",
            request=ollama.CreateRequest,
            errors=(*_ON_MODEL, 501),
            **_PROGRESS,
        ),
        Endpoint(id="blob_exists", method="HEAD", handler=blob_exists, errors=(400, 404), **_BLOB),
        Endpoint(
            id="blob_upload",
            method="POST",
            handler=blob_upload,
            request=bytes,
            statuses=(200, 201),
            errors=(400, 408),
            **_BLOB,
        ),
        Endpoint(
            id="pull",
            method="POST",
            path="/api/pull",
            handler=pull,
            request=ollama.PullRequest,
            **_MODELS,
            **_PROGRESS,
        ),
        Endpoint(
            id="push",
            method="POST",
            path="/api/push",
            handler=push,
            request=ollama.PushRequest,
            **_MODELS,
            **_PROGRESS,
        ),
        Endpoint(
            id="export",
            method="POST",
            path="/api/export",
            handler=export,
            request=ollama.ExportRequest,
            reply=TAR,
            **_MODELS,
        ),
        Endpoint(
            id="import",
            method="POST",
            path="/api/import",
            handler=import_,
            group="Models",
            parameters=("import_name",),
            request=bytes,
            reply=ollama.ImportedModel,
            errors=(400, 408),
        ),
        Endpoint(
            id="version", method="GET", path="/api/version", handler=version, group="Server", reply=ollama.Version
        ),
        Endpoint(id="running", method="GET", path="/", handler=running, group="Server", reply=TEXT),
    ),
    Path(__file__).with_name("words.json"),
)
