"""The route table of the rerank API."""

from pathlib import Path
from typing import Any

from paddock.protocol import rerank
from paddock.server.dialects.rerank.dialect import RERANK
from paddock.server.dialects.rerank.handlers import rank, rank_list
from paddock.server.routes import Endpoint, RouteTable

_RERANK: dict[str, Any] = {
    "method": "POST",
    "group": "Inference",
    "request": rerank.RerankRequest,
    "needs_input": True,
    "errors": (400, 404, 408, 413),
}

RERANK_ROUTES = RouteTable(
    RERANK,
    (
        Endpoint(id="rerank", path="/api/rerank", handler=rank, reply=rerank.RerankReply, **_RERANK),
        Endpoint(id="rerank_list", path="/v1/rerank", handler=rank_list, reply=rerank.RerankList, **_RERANK),
    ),
    Path(__file__).with_name("words.json"),
)
