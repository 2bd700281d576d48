"""`/api/rerank` and `/v1/rerank`: one request, answered in two forms."""

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from paddock.library.options import read_options
from paddock.protocol import rerank
from paddock.protocol.json import encode
from paddock.server.body import read_json
from paddock.server.body_budget import share_of
from paddock.server.disconnect import while_connected
from paddock.server.media_types import JSON_UTF8
from paddock.server.services import Services
from paddock.service.embedding import Ranking, RankingRequest


async def rank(request: Request, services: Services) -> Response:
    """Answer `POST /api/rerank`: with durations, as in Ollama's replies."""
    model, ranking, results = await _ranked(request, services)
    reply = rerank.RerankReply(
        model=model,
        results=results,
        total_duration=ranking.total_duration,
        load_duration=ranking.load_duration,
        prompt_eval_count=ranking.prompt_tokens,
    )
    return Response(encode(reply), media_type=JSON_UTF8)


async def rank_list(request: Request, services: Services) -> Response:
    """Answer `POST /v1/rerank`: with token usage, as in the replies of other rerank servers."""
    model, ranking, results = await _ranked(request, services)
    usage = rerank.RerankUsage(ranking.prompt_tokens, ranking.prompt_tokens)
    reply = rerank.RerankList(model=model, object="list", results=results, usage=usage)
    return Response(encode(reply), media_type=JSON_UTF8)


async def _ranked(request: Request, services: Services) -> tuple[str, Ranking, list[rerank.RerankResult]]:
    body = await read_json(request, rerank.RerankRequest)
    share_of(request.scope).wait_for(body.model or "")
    texts = rerank.read_documents(body.documents)
    ranking_request = RankingRequest(
        model=body.model or "",
        query=rerank.read_query(body.query),
        texts=texts,
        top_n=rerank.read_top_n(body.top_n),
        options=read_options(body.options or {}),
        keep_alive=rerank.read_keep_alive(body.keep_alive),
        truncate=body.truncate is not False,
    )
    ranking = await while_connected(request.receive, services.embedding.rank(ranking_request))
    results = [
        rerank.RerankResult(
            index=index,
            relevance_score=score,
            document=rerank.RankedDocument(texts[index]) if body.return_documents else UNSET,
        )
        for index, score in ranking.scores
    ]
    return ranking_request.model, ranking, results
