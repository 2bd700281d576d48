"""Ollama's dialect: shapes of requests and responses, in the 2024 form and in today's.

A field that is absent or null has its zero value, as in Go. Field order is that of Ollama's own answers.
"""

from paddock.protocol.ollama.clock import Clock
from paddock.protocol.ollama.embedding import EmbeddingsReply, EmbeddingsRequest, EmbedReply, EmbedRequest
from paddock.protocol.ollama.errors import ErrorBody
from paddock.protocol.ollama.fields import (
    read_format,
    read_images,
    read_input,
    read_keep_alive,
    read_licenses,
    read_think,
    read_tool_choice,
)
from paddock.protocol.ollama.inference import (
    CalledFunction,
    CalledTool,
    ChatChunk,
    ChatEnd,
    ChatRequest,
    DebugInfo,
    GenerateChunk,
    GenerateEnd,
    GenerateRequest,
    LogprobEntry,
    Message,
    ReplyMessage,
    ToolCall,
    ToolFunction,
)
from paddock.protocol.ollama.models import (
    CopyRequest,
    CreateMessage,
    CreateRequest,
    DeleteRequest,
    ExportRequest,
    ProgressLine,
    PullRequest,
    PushRequest,
    ShowRequest,
    StatusLine,
)

__all__ = [
    "CalledFunction",
    "CalledTool",
    "ChatChunk",
    "ChatEnd",
    "ChatRequest",
    "Clock",
    "CopyRequest",
    "CreateMessage",
    "CreateRequest",
    "DebugInfo",
    "DeleteRequest",
    "EmbedReply",
    "EmbedRequest",
    "EmbeddingsReply",
    "EmbeddingsRequest",
    "ErrorBody",
    "ExportRequest",
    "GenerateChunk",
    "GenerateEnd",
    "GenerateRequest",
    "LogprobEntry",
    "Message",
    "ProgressLine",
    "PullRequest",
    "PushRequest",
    "ReplyMessage",
    "ShowRequest",
    "StatusLine",
    "ToolCall",
    "ToolFunction",
    "read_format",
    "read_images",
    "read_input",
    "read_keep_alive",
    "read_licenses",
    "read_think",
    "read_tool_choice",
]
