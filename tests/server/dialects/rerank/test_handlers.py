"""`/api/rerank` and `/v1/rerank` over HTTP. The tests of `engine/embedding` show that the scores are right."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.models.embedders import tiny_bert, tiny_reranker
from tests.server.dialects.ollama.test_embedding import words
from tests.server.servers import ServerUnderTest, until
from tests.server.test_hangups import at_rest, reset

BOTH = pytest.mark.parametrize("path", ["/api/rerank", "/v1/rerank"])
DOCUMENTS = [words(number, 3 + number) for number in range(20)]


@pytest.fixture(scope="module")
def ranker(server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """The server with rerankers of one class and of several, an embedding model, and a reranker without its head."""
    folder = tmp_path_factory.mktemp("gguf")
    models = {
        "ranker": tiny_reranker(folder / "ranker.gguf"),
        "sorter": tiny_reranker(folder / "sorter.gguf", classes=3),
        "bert": tiny_bert(folder / "bert.gguf"),
        "headless": tiny_bert(folder / "headless.gguf", pooling=4),
    }
    for name, path in models.items():
        server.import_gguf(name, path)
    yield server
    for name in models:
        server.request("DELETE", "/api/delete", {"model": name})


def rank(server: ServerUnderTest, path: str = "/api/rerank", **fields: Any) -> dict[str, Any]:
    body = {"model": "ranker", "query": "the dog", "documents": DOCUMENTS, **fields}
    answer = server.post(path, body)
    assert answer.status == 200, answer.body[:300]
    found: dict[str, Any] = answer.json
    return found


def test_the_best_documents_come_first_with_their_indices(ranker: ServerUnderTest) -> None:
    found = rank(ranker)
    assert list(found) == ["model", "results", "total_duration", "load_duration", "prompt_eval_count"]
    assert found["model"] == "ranker"
    assert found["total_duration"] >= found["load_duration"] > 0
    assert found["prompt_eval_count"] == sum(5 + len(text.split()) for text in DOCUMENTS)
    results = found["results"]
    assert sorted(one["index"] for one in results) == list(range(20))
    scores = [one["relevance_score"] for one in results]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] < scores[0] < 1
    alone = {n: rank(ranker, documents=[text])["results"][0]["relevance_score"] for n, text in enumerate(DOCUMENTS)}
    assert all(abs(alone[one["index"]] - one["relevance_score"]) < 1e-3 for one in results)
    assert list(results[0]) == ["index", "relevance_score"]


def test_the_form_of_other_servers_has_the_same_results_and_the_usage(ranker: ServerUnderTest) -> None:
    found, ours = rank(ranker, "/v1/rerank"), rank(ranker)
    assert list(found) == ["model", "object", "results", "usage"]
    assert found["object"] == "list"
    assert [one["index"] for one in found["results"]] == [one["index"] for one in ours["results"]]
    assert found["usage"] == dict.fromkeys(("prompt_tokens", "total_tokens"), ours["prompt_eval_count"])


@BOTH
def test_top_n_documents_are_returned_with_their_texts_on_request(ranker: ServerUnderTest, path: str) -> None:
    everything = rank(ranker, path)["results"]
    objects = [{"text": text, "title": "x"} for text in DOCUMENTS]
    found = rank(ranker, path, documents=objects, top_n=3, return_documents=True)["results"]
    assert [one["index"] for one in found] == [one["index"] for one in everything[:3]]
    assert [one["document"] for one in found] == [{"text": DOCUMENTS[one["index"]]} for one in found]
    assert len(rank(ranker, path, top_n=1000)["results"]) == 20
    assert rank(ranker, path, top_n=None, return_documents=None)["results"] == everything


@pytest.mark.parametrize("documents", [["the dog"] * 3, ["", "the dog"], ["🐕 犬 собака\x00"]])
def test_equal_empty_and_unusual_documents_are_ranked(ranker: ServerUnderTest, documents: list[str]) -> None:
    results = rank(ranker, documents=documents)["results"]
    assert len(results) == len(documents)
    if len({*documents}) == 1:
        assert [one["index"] for one in results] == list(range(len(documents)))


def test_a_document_that_is_too_long_is_truncated_unless_that_is_forbidden(ranker: ServerUnderTest) -> None:
    long = words(1, 500)
    assert rank(ranker, documents=[long])["prompt_eval_count"] == 64
    assert rank(ranker, query=long * 1000, documents=["a cat"])["prompt_eval_count"] == 64
    assert rank(ranker, documents=[long], options={"num_ctx": 20})["prompt_eval_count"] == 20
    body = {"model": "ranker", "query": "x", "documents": ["a cat", long], "truncate": False}
    answer = ranker.post("/api/rerank", body)
    assert (answer.status, answer.error) == (400, "the input length exceeds the context length")


@BOTH
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model": "tiny"}, '"tiny" does not support rerank'),
        ({"model": "bert"}, '"bert" does not support rerank'),
        ({"model": "headless"}, '"headless" does not support rerank'),
        ({"model": "sorter"}, "this model sorts texts into 3 classes, it does not rank them"),
        ({"query": ""}, "query is required"),
        ({"query": None}, "query is required"),
        ({"query": 5}, None),
        ({"query": ["the dog"]}, None),
        ({"documents": None}, "documents must be a list of strings"),
        ({"documents": "the dog"}, "documents must be a list of strings"),
        ({"documents": {"text": "the dog"}}, "documents must be a list of strings"),
        ({"documents": []}, "documents must not be empty"),
        ({"documents": ["x", 5]}, 'documents[1] must be a string, or an object with a "text"'),
        ({"documents": [["x"]]}, 'documents[0] must be a string, or an object with a "text"'),
        ({"documents": [{"txt": "x"}]}, 'documents[0] must be a string, or an object with a "text"'),
        ({"documents": ["x"] * 65_537}, "too many documents: 65537, at most 65536 in one request"),
        ({"top_n": 0}, "top_n must be at least 1, not 0"),
        ({"top_n": -3}, "top_n must be at least 1, not -3"),
        ({"top_n": "2"}, None),
        ({"top_n": 1.5}, None),
        ({"return_documents": "yes"}, None),
        ({"keep_alive": "soon"}, None),
        ({"options": {"num_ctx": "long"}}, None),
        ({"options": {"num_ctx": 4}}, "the context is too small for a question and a text"),
    ],
)
def test_invalid_fields_are_refused(
    ranker: ServerUnderTest, path: str, fields: dict[str, Any], said: str | None
) -> None:
    answer = ranker.post(path, {"model": "ranker", "query": "the dog", "documents": ["a cat"], **fields})
    assert answer.status == 400, answer.body[:300]
    assert "\n" not in answer.error
    assert said in (None, answer.error)


@BOTH
@pytest.mark.parametrize(("name", "status"), [("", 404), ("nobody", 404), ("../x", 400)])
def test_an_unknown_model_is_not_found(ranker: ServerUnderTest, path: str, name: str, status: int) -> None:
    assert ranker.post(path, {"model": name, "query": "x", "documents": ["x"]}).status == status


def test_a_reranker_refuses_everything_else(ranker: ServerUnderTest) -> None:
    assert ranker.post("/api/show", {"model": "ranker"}).json["capabilities"] == ["rerank"]
    assert ranker.post("/api/show", {"model": "bert"}).json["capabilities"] == ["embedding"]
    refused = ranker.post("/api/embed", {"model": "ranker", "input": "x"})
    assert (refused.status, refused.error) == (400, "this model ranks texts, it does not embed them")
    assert ranker.generate("ranker", "x").error == '"ranker" does not support generate'


def test_concurrent_requests_get_their_own_answers(ranker: ServerUnderTest) -> None:
    alone = {n: rank(ranker, query=words(n, 5))["results"] for n in range(6)}
    got: dict[int, Any] = {}

    def ask(number: int) -> None:
        got[number] = rank(ranker, query=words(number, 5))["results"]

    threads = [threading.Thread(target=ask, args=(n,)) for n in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for number, results in alone.items():
        scores = {one["index"]: one["relevance_score"] for one in got[number]}
        assert all(abs(scores[one["index"]] - one["relevance_score"]) < 1e-3 for one in results)


def test_computing_stops_when_the_client_hangs_up(ranker: ServerUnderTest) -> None:
    rank(ranker)
    body = json.dumps({"model": "ranker", "query": "x", "documents": [words(n % 50, 400) for n in range(9000)]})
    with ranker.connect() as connection:
        head = b"POST /v1/rerank HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(body) + body.encode())
        until(lambda: not at_rest(ranker))
        reset(connection)
    until(lambda: at_rest(ranker))
    assert ranker.unload("ranker") < 20
    assert "Traceback" not in ranker.log
