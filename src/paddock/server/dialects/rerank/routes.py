"""Ranking texts by how well they answer a question, beyond Ollama."""

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from paddock.protocol import ollama
from paddock.protocol.json import encode
from paddock.server.errors import JSON
from paddock.server.streaming import read_json, while_connected
from paddock.service.embedding import Embedding, Ranking, RankingRequest


class RerankRoutes:
    """The endpoints that rank: one request, answered in two forms."""

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding

    async def rerank(self, request: Request) -> Response:
        """`POST /api/rerank`: with the durations of Ollama's answers."""
        model, ranking, results = await self._ranked(request)
        reply = ollama.RerankReply(
            model=model,
            results=results,
            total_duration=ranking.total_duration,
            load_duration=ranking.load_duration,
            prompt_eval_count=ranking.prompt_tokens,
        )
        return Response(encode(reply), media_type=JSON)

    async def rerank_list(self, request: Request) -> Response:
        """`POST /v1/rerank`: with the usage that other servers tell."""
        model, ranking, results = await self._ranked(request)
        usage = ollama.RerankUsage(ranking.prompt_tokens, ranking.prompt_tokens)
        reply = ollama.RerankList(model=model, object="list", results=results, usage=usage)
        return Response(encode(reply), media_type=JSON)

    async def _ranked(self, request: Request) -> tuple[str, Ranking, list[ollama.RerankResult]]:
        body = await read_json(request, ollama.RerankRequest)
        texts = ollama.read_documents(body.documents)
        wanted = RankingRequest(
            model=body.model or "",
            query=ollama.read_query(body.query),
            texts=texts,
            best=ollama.read_top_n(body.top_n),
            options=body.options or {},
            keep_alive=ollama.read_keep_alive(body.keep_alive),
            truncate=body.truncate is not False,
        )
        ranking = await while_connected(request.receive, self._embedding.rank(wanted))
        results = [
            ollama.RerankResult(
                index=index,
                relevance_score=score,
                document=ollama.RankedDocument(texts[index]) if body.return_documents else UNSET,
            )
            for index, score in ranking.scores
        ]
        return wanted.model, ranking, results
