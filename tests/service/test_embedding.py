from pathlib import Path

import pytest

from paddock.errors import ErrorKind, PaddockError
from paddock.options import Options
from paddock.service.embedding import MAX_TEXTS, EmbeddingRequest, RankingRequest
from tests.models.embedders import tiny_reranker
from tests.models.llama import tiny_llama
from tests.service.making import make
from tests.service.services import RunningServices, ScriptedRunners, run


def test_each_text_gets_its_vector_in_order(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        options = Options(context_length=32)
        request = EmbeddingRequest(model="tiny", texts=["a", "bcd", ""], options=options, dimensions=2, chunk=True)
        found = await running.embedding.embed(request)
        assert [list(vector) for vector in found.vectors] == [[1.0, 1.0], [3.0, 1.0], [0.0, 1.0]]
        assert found.prompt_tokens == 3
        assert 0 < found.load_duration < found.total_duration
        command = runners.commands[-1]
        assert (command.num_ctx, command.dimensions, command.chunk) == (32, 2, True)  # type: ignore[union-attr]

    runners = ScriptedRunners()
    run(tmp_path, body, runners)


def test_a_model_is_loaded_and_unloaded_on_request(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        request = EmbeddingRequest(model="tiny", texts=[])
        await running.embedding.load(request)
        assert [model.name for model in running.loader.active()] == ["tiny:latest"]
        await running.embedding.unload(request)
        assert running.loader.active() == []

    run(tmp_path, body)


def test_images_are_refused_after_the_model_is_found(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        for name, kind in [("tiny", ErrorKind.UNSUPPORTED), ("nobody", ErrorKind.NOT_FOUND)]:
            with pytest.raises(PaddockError) as error:
                await running.embedding.embed(EmbeddingRequest(model=name, texts=["x"], has_images=True))
            assert error.value.kind is kind

    run(tmp_path, body)


def test_more_texts_than_one_answer_can_hold_are_refused(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        with pytest.raises(PaddockError, match="too many inputs: 65537, at most 65536"):
            await running.embedding.embed(EmbeddingRequest(model="tiny", texts=[""] * (MAX_TEXTS + 1)))
        with pytest.raises(PaddockError, match="too many documents"):
            await running.embedding.rank(RankingRequest(model="tiny", query="q", texts=[""] * (MAX_TEXTS + 1)))

    run(tmp_path, body)


def test_texts_are_ranked_by_their_scores_and_the_best_are_returned(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        digest = running.library.blobs.put(tiny_reranker(tmp_path / "x.gguf").read_bytes())[0]
        make(running.models, "ranker", files={"x.gguf": digest})
        ranking = await running.embedding.rank(RankingRequest(model="ranker", query="q", texts=["bb", "a", "ccc"]))
        assert ranking.scores == [(2, 3.0), (0, 2.0), (1, 1.0)]
        best = await running.embedding.rank(RankingRequest(model="ranker", query="q", texts=["bb", "a"], top_n=1))
        assert best.scores == [(0, 2.0)]

    run(tmp_path, body)


def test_a_model_without_a_ranking_head_ranks_nothing(tmp_path: Path) -> None:
    async def body(running: RunningServices) -> None:
        file = tiny_llama(tmp_path / "x.gguf", layers=1, metadata={"llama.pooling_type": 4})
        make(running.models, "headless", files={"x.gguf": running.library.blobs.put(file.read_bytes())[0]})
        with pytest.raises(PaddockError, match='"headless" does not support rerank'):
            await running.embedding.rank(RankingRequest(model="headless", query="q", texts=["x"]))

    run(tmp_path, body)
