"""The rerank API: `/api/rerank` and `/v1/rerank`. Ollama has neither."""

from paddock.protocol.errors import ErrorBody
from paddock.protocol.keep_alive import read_keep_alive
from paddock.protocol.rerank.messages import (
    RankedDocument,
    RerankList,
    RerankReply,
    RerankRequest,
    RerankResult,
    RerankUsage,
    read_documents,
    read_query,
    read_top_n,
)

__all__ = [
    "ErrorBody",
    "RankedDocument",
    "RerankList",
    "RerankReply",
    "RerankRequest",
    "RerankResult",
    "RerankUsage",
    "read_documents",
    "read_keep_alive",
    "read_query",
    "read_top_n",
]
