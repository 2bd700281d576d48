import json
import math
import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import ollama
import pytest

from tests.models.embedders import tiny_bert
from tests.models.llama import WORDS
from tests.server.servers import ServerUnderTest, until
from tests.server.test_hangups import at_rest, reset

ROUNDING = 2e-3
"""By how much of their length vectors may differ in other company: attention is mixed in 16 bits."""
FORMS = pytest.mark.parametrize("path", ["/api/embed", "/api/embeddings"])


def words(seed: int, count: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS.split(), k=count))


def close(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and math.dist(one, other) < ROUNDING * math.hypot(*other)


@pytest.fixture(scope="module")
def embedder(server: ServerUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    """The server with the model `bert`."""
    server.import_gguf("bert", tiny_bert(tmp_path_factory.mktemp("gguf") / "bert.gguf"))
    yield server
    server.request("DELETE", "/api/delete", {"model": "bert"})


def embed(server: ServerUnderTest, texts: Any, model: str = "bert", **fields: Any) -> list[list[float]]:
    answer = server.post("/api/embed", {"model": model, "input": texts, **fields})
    assert answer.status == 200, answer.body[:300]
    found: list[list[float]] = answer.json["embeddings"]
    return found


@pytest.mark.parametrize("model", ["bert", "tiny"])
def test_a_text_or_a_list_of_texts_becomes_vectors_of_length_1(embedder: ServerUnderTest, model: str) -> None:
    answer = embedder.post("/api/embed", {"model": model, "input": ["the dog", "a cat", "the dog"]})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    fields = answer.json
    assert list(fields) == ["model", "embeddings", "total_duration", "load_duration", "prompt_eval_count"]
    assert fields["model"] == model
    assert fields["total_duration"] >= fields["load_duration"] > 0
    assert fields["prompt_eval_count"] == (12 if model == "bert" else 9)
    first, second, third = fields["embeddings"]
    assert {len(v) for v in (first, second, third)} == {64}
    assert all(math.isclose(math.hypot(*v), 1, abs_tol=1e-6) for v in (first, second, third))
    assert close(first, third)
    assert not close(first, second)
    assert close(embed(embedder, "the dog", model)[0], first)


@pytest.mark.parametrize("model", ["bert", "tiny"])
def test_the_vectors_of_a_hundred_texts_are_in_their_order(embedder: ServerUnderTest, model: str) -> None:
    texts = [words(n, 1 + n * n % 50) for n in range(100)]
    together = embed(embedder, texts, model)
    assert [n for n, text in enumerate(texts) if not close(embed(embedder, text, model)[0], together[n])] == []


def test_concurrent_requests_get_their_own_answers(embedder: ServerUnderTest) -> None:
    alone = {n: embed(embedder, [words(n, 9), words(-n, 3)]) for n in range(12)}
    got: dict[int, list[list[float]]] = {}

    def ask(number: int) -> None:
        got[number] = embed(embedder, [words(number, 9), words(-number, 3)])

    threads = [threading.Thread(target=ask, args=(n,)) for n in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(close(a, b) for n in alone for a, b in zip(got[n], alone[n], strict=True))


def test_fewer_dimensions_are_the_first_ones_normalized_again(embedder: ServerUnderTest) -> None:
    (whole,) = embed(embedder, "the dog")
    (cut,) = embed(embedder, "the dog", dimensions=16)
    assert close(cut, [x / math.hypot(*whole[:16]) for x in whole[:16]])
    for all_of_them in (0, -1, 500, None):
        assert close(embed(embedder, "the dog", dimensions=all_of_them)[0], whole)


def test_a_text_that_is_too_long_is_truncated_unless_that_is_forbidden(embedder: ServerUnderTest) -> None:
    request = {"model": "bert", "input": ["the dog", words(1, 500)]}
    answer = embedder.post("/api/embed", request)
    assert (answer.status, answer.json["prompt_eval_count"]) == (200, 4 + 64)
    answer = embedder.post("/api/embed", {**request, "truncate": False})
    assert (answer.status, answer.error) == (400, "the input length exceeds the context length")
    answer = embedder.post("/api/embed", {**request, "options": {"num_ctx": 10}})
    assert (answer.status, answer.json["prompt_eval_count"]) == (200, 4 + 10)
    assert embedder.post("/api/embeddings", {"model": "bert", "prompt": words(1, 500)}).status == 200


def test_a_text_that_is_too_long_is_embedded_in_windows_on_request(embedder: ServerUnderTest) -> None:
    long = words(1, 500)
    request = {"model": "bert", "input": ["the dog", long], "chunk": True, "truncate": False}
    answer = embedder.post("/api/embed", request)
    assert answer.status == 200
    assert answer.json["prompt_eval_count"] == 4 + 500 + 2 * math.ceil(500 / 62)
    short, whole = answer.json["embeddings"]
    assert close(short, embed(embedder, "the dog")[0])
    assert not close(whole, embed(embedder, long)[0])
    parts = [long.split()[start : start + 62] for start in range(0, 500, 62)]
    vectors = embed(embedder, [" ".join(part) for part in parts])
    mean = [sum(v[i] * len(p) for v, p in zip(vectors, parts, strict=True)) for i in range(64)]
    assert close(whole, [x / math.hypot(*mean) for x in mean])
    assert embed(embedder, long, chunk=False) == embed(embedder, long, chunk=None)


def test_a_text_of_megabytes_is_truncated_quickly(embedder: ServerUnderTest) -> None:
    for model in ("bert", "tiny"):
        started = time.monotonic()
        assert len(embed(embedder, words(1, 1000) * 5000, model)) == 1
        assert time.monotonic() - started < 30  # megabytes take minutes


def test_no_text_loads_the_model(embedder: ServerUnderTest) -> None:
    bodies: list[dict[str, Any]] = [{"input": []}, {"input": ""}, {"input": None}, {}]
    for body in bodies:
        embedder.unload_all()
        answer = embedder.post("/api/embed", {"model": "bert", **body})
        assert (answer.status, answer.json) == (200, {"model": "bert", "embeddings": []})
        assert "bert:latest" in embedder.ps()
    for prompt in ("", None):
        answer = embedder.post("/api/embeddings", {"model": "bert", "prompt": prompt})
        assert (answer.status, answer.json) == (200, {"embedding": []})


def test_no_text_with_keep_alive_zero_unloads_the_model(embedder: ServerUnderTest) -> None:
    embed(embedder, "the dog")
    assert embed(embedder, [], keep_alive=0) == []
    assert "bert:latest" not in embedder.ps()
    embed(embedder, "the dog", keep_alive=0)
    until(lambda: "bert:latest" not in embedder.ps())


def test_an_empty_text_among_others_has_a_vector_too(embedder: ServerUnderTest) -> None:
    for model in ("bert", "tiny"):
        assert len(embed(embedder, ["", "the dog"], model)) == 2


def test_the_older_form_returns_the_vector_without_normalizing(embedder: ServerUnderTest) -> None:
    answer = embedder.post("/api/embeddings", {"model": "bert", "prompt": "the dog"})
    assert (answer.status, list(answer.json)) == (200, ["embedding"])
    raw = answer.json["embedding"]
    assert abs(math.hypot(*raw) - 1) > 0.1
    assert close([x / math.hypot(*raw) for x in raw], embed(embedder, "the dog")[0])


def test_the_client_of_ollama_accepts_the_answers(embedder: ServerUnderTest) -> None:
    client = ollama.Client(host=embedder.url)
    several = client.embed(model="bert", input=["the dog", "a cat"], truncate=True, options={"num_ctx": 32})
    assert (len(several.embeddings), several.prompt_eval_count) == (2, 8)
    assert close(client.embed(model="bert", input="the dog").embeddings[0], several.embeddings[0])
    assert len(client.embed(model="bert", input="the dog", dimensions=8).embeddings[0]) == 8
    older = client.embeddings(model="bert", prompt="the dog").embedding
    assert close([x / math.hypot(*older) for x in older], several.embeddings[0])
    with pytest.raises(ollama.ResponseError, match="exceeds the context length"):
        client.embed(model="bert", input="the dog " * 500, truncate=False)


def test_an_embedding_model_does_not_generate(embedder: ServerUnderTest) -> None:
    for answer in (embedder.generate("bert", "the dog"), embedder.chat("bert", ("user", "the dog"))):
        assert answer.status == 400
        assert "does not support" in answer.error
    assert len(embed(embedder, "the dog")) == 1


@pytest.mark.parametrize(
    "value", [5, 1.5, True, {"a": 1}, [5], ["the dog", None], [["the dog"]], ["x", {"image": "x"}]]
)
def test_an_input_of_the_wrong_type_is_refused(embedder: ServerUnderTest, value: Any) -> None:
    answer = embedder.post("/api/embed", {"model": "bert", "input": value})
    assert (answer.status, answer.error) == (400, "invalid input type")


@FORMS
@pytest.mark.parametrize(
    "fields",
    [
        {"model": 5},
        {"options": "x"},
        {"options": {"num_ctx": "long"}},
        {"keep_alive": {}},
        {"keep_alive": "soon"},
        {"images": ["aGk="]},
        {"images": "x"},
    ],
)
def test_an_invalid_field_is_refused(embedder: ServerUnderTest, path: str, fields: dict[str, Any]) -> None:
    answer = embedder.post(path, {"model": "bert", "input": "the dog", "prompt": "the dog", **fields})
    assert answer.status == 400, answer.body
    assert "\n" not in answer.error


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/api/embed", {"truncate": "no"}),
        ("/api/embed", {"chunk": "yes"}),
        ("/api/embed", {"dimensions": "16"}),
        ("/api/embed", {"dimensions": 1.5}),
        ("/api/embed", {"dimensions": 10**30}),
        ("/api/embeddings", {"prompt": 5}),
        ("/api/embeddings", {"prompt": ["the dog"]}),
    ],
)
def test_an_invalid_field_of_one_form_is_refused(embedder: ServerUnderTest, path: str, fields: dict[str, Any]) -> None:
    answer = embedder.post(path, {"model": "bert", "input": "the dog", **fields})
    assert answer.status == 400, answer.body
    assert "\n" not in answer.error


@FORMS
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"model": "bert", "input": "\\ud800", "prompt": "\\ud800"}',
        b'{"input": %s, "prompt": %s}' % (b"[" * 100_000, b"[" * 100_000),
    ],
)
def test_a_body_that_is_not_a_request_is_refused(embedder: ServerUnderTest, path: str, body: bytes) -> None:
    assert embedder.post(path, body).status == 400


@FORMS
@pytest.mark.parametrize(("name", "status"), [("", 404), ("nobody", 404), ("../x", 400)])
def test_an_unknown_model_is_not_found(embedder: ServerUnderTest, path: str, name: str, status: int) -> None:
    answer = embedder.post(path, {"model": name, "input": "the dog", "prompt": "the dog"})
    assert answer.status == status
    assert status == 400 or answer.error == f"model '{name}' not found"


def test_more_texts_than_an_answer_can_hold_are_refused(embedder: ServerUnderTest) -> None:
    answer = embedder.post("/api/embed", {"model": "bert", "input": ["x"] * 65_537})
    assert (answer.status, answer.error) == (400, "too many inputs: 65537, at most 65536 in one request")


@pytest.mark.parametrize("text", ["\0", "é" * 200, "[SEP]", "</s><s>", "🦊🦊", " ", "\n\n", "ж" * 3000])
def test_unusual_texts_have_vectors(embedder: ServerUnderTest, text: str) -> None:
    for model in ("bert", "tiny"):
        assert math.isclose(math.hypot(*embed(embedder, [text, "the dog"], model)[0]), 1, abs_tol=1e-6)


def test_embedding_beside_a_reply_changes_neither(embedder: ServerUnderTest) -> None:
    texts = [words(n, 40) for n in range(80)]
    quiet = embed(embedder, texts, "tiny")
    long = {"num_predict": 300, "num_ctx": 512}
    alone = embedder.generate("tiny", "Once", options=long).json["response"]
    beside: list[list[list[float]]] = []
    other = threading.Thread(target=lambda: beside.append(embed(embedder, texts, "tiny")))
    other.start()
    reply = embedder.generate("tiny", "Once", options=long).json["response"]
    other.join(60)
    assert reply == alone
    assert all(close(a, b) for a, b in zip(beside[0], quiet, strict=True))


def test_computing_stops_when_the_client_hangs_up(embedder: ServerUnderTest) -> None:
    embed(embedder, "the dog", "tiny")
    body = json.dumps({"model": "tiny", "input": [words(n % 50, 400) for n in range(3000)]}).encode()
    with embedder.connect() as connection:
        head = b"POST /api/embed HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(body) + body)
        until(lambda: not at_rest(embedder))
        reset(connection)
    until(lambda: at_rest(embedder))
    assert embedder.unload("tiny") < 2  # no request holds it any more
    assert "Traceback" not in embedder.log


def test_a_runner_that_dies_is_reported_and_the_next_one_embeds(embedder: ServerUnderTest) -> None:
    embedder.unload_all()
    embed(embedder, "the dog", "tiny")
    answers: list[int] = []
    texts = [words(n % 50, 400) for n in range(3000)]
    other = threading.Thread(
        target=lambda: answers.append(embedder.post("/api/embed", {"model": "tiny", "input": texts}).status)
    )
    other.start()
    until(lambda: not at_rest(embedder))
    for runner in embedder.runners():
        runner.kill()
    other.join(30)
    assert answers == [500]
    assert len(embed(embedder, "the dog", "tiny")) == 1


def test_an_embedding_model_is_not_loaded_to_generate(embedder: ServerUnderTest) -> None:
    embedder.unload_all()
    generate = embedder.post("/api/generate", {"model": "bert", "prompt": "hi"})
    chat = embedder.post("/api/chat", {"model": "bert", "messages": [{"role": "user", "content": "hi"}]})
    assert (generate.status, generate.error) == (400, '"bert" does not support generate')
    assert (chat.status, chat.error) == (400, '"bert" does not support chat')
    assert not embedder.ps()
