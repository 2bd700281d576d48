"""Structured output through the whole server, with a model of random weights."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest

from tests.schemas import Schemas
from tests.server.servers import ServerUnderTest

HOT = {"temperature": 1.5, "num_predict": 400}
CITY = {
    "type": "object",
    "properties": {
        "zip": {"type": "integer", "minimum": 1, "maximum": 999},
        "name": {"type": "string", "maxLength": 10},
        "kind": {"enum": ["town", "village", "größe"]},
        "areas": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3},
    },
    "required": ["zip", "name", "kind"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("formats"), TINY="1") as server:
        yield server


def ask(server: ServerUnderTest, format: Any, seed: int = 1, **fields: Any) -> dict[str, Any]:
    body = {"format": format, "options": HOT | {"seed": seed}, "stream": False} | fields
    answer: dict[str, Any] = server.generate("tiny", "Tell me", **body).json
    return answer


@pytest.mark.parametrize("seed", range(8))
def test_a_reply_follows_its_schema_and_the_order_of_its_keys(server: ServerUnderTest, seed: int) -> None:
    answer = ask(server, CITY, seed)
    assert answer["done_reason"] == "stop"
    value = json.loads(answer["response"])
    jsonschema.validate(value, CITY)
    assert list(value) == [key for key in CITY["properties"] if key in value]  # type: ignore[attr-defined]


def write(server: ServerUnderTest, seed: int, *, bounded: bool, thinks: bool) -> str:
    """Generate a reply of the model `tiny` with a random schema, check it, and return why it ended."""
    schema = Schemas(seed, bounded=bounded).object(3)
    options = HOT | {"seed": seed, "num_predict": 600, "num_ctx": 2048}
    answer = server.generate("tiny", "Tell me", format=schema, options=options, think=thinks and seed % 15 == 0)
    assert answer.status == 200, (seed, answer.text)
    reason: str = answer.json["done_reason"]
    text = answer.json["response"]
    if reason == "stop":
        jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    assert not re.search(r"\n[ \t]*\n|[ ]{50}", re.sub(r'"(\\.|[^"\\])*"?', '""', text)), (seed, text)
    return reason


def written(server: ServerUnderTest, count: int, *, bounded: bool, thinks: bool = True) -> list[str]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda seed: write(server, seed, bounded=bounded, thinks=thinks), range(count)))


def test_every_finished_reply_fits_its_schema(packaged: ServerUnderTest) -> None:
    assert written(packaged, 30, bounded=True).count("stop") >= 27
    written(packaged, 10, bounded=False)


def test_every_finished_reply_of_random_weights_fits_its_schema(server: ServerUnderTest) -> None:
    written(server, 30, bounded=True, thinks=False)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_one_of_many_finished_replies_fits_its_schema(packaged: ServerUnderTest) -> None:
    assert written(packaged, 500, bounded=True).count("stop") >= 450
    written(packaged, 120, bounded=False)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_one_of_many_finished_replies_of_random_weights_fits_its_schema(server: ServerUnderTest) -> None:
    assert written(server, 500, bounded=True, thinks=False).count("stop") >= 450


@pytest.mark.parametrize("seed", range(4))
def test_the_format_json_gives_an_object(server: ServerUnderTest, seed: int) -> None:
    answer = ask(server, "json", seed, options=HOT | {"seed": seed, "num_predict": 2000, "num_ctx": 4096})
    if answer["done_reason"] == "stop":
        assert isinstance(json.loads(answer["response"]), dict)
    assert re.match(r"\{\s{0,50}[\"}]", answer["response"])


def test_a_streamed_chat_follows_its_format(server: ServerUnderTest) -> None:
    lines = server.chat("tiny", ("user", "hi"), stream=True, format=CITY, options=HOT).lines
    jsonschema.validate(json.loads("".join(line["message"]["content"] for line in lines)), CITY)
    assert lines[-1]["done_reason"] == "stop"


def test_regular_expressions_and_grammars_are_formats_too(server: ServerUnderTest) -> None:
    number = ask(server, {"type": "regex", "pattern": "[1-9][0-9]{2}-[ab]"})["response"]
    assert re.fullmatch("[1-9][0-9]{2}-[ab]", number)
    said = ask(server, {"type": "grammar", "lark": 'start: "yes" | "no"'})["response"]
    assert said in ("yes", "no")


@pytest.mark.parametrize(
    ("format", "word"),
    [
        ({"type": "frob"}, "frob"),
        ({"type": "object", "not": {"required": ["a"]}}, "not"),
        ({"type": "regex", "pattern": "("}, "unclosed group"),
        ({"type": "grammar", "lark": "start: nothing"}, "nothing"),
    ],
)
def test_an_unsupported_keyword_of_a_schema_is_refused_by_name(server: ServerUnderTest, format: Any, word: str) -> None:
    answer = server.generate("tiny", "Tell me", format=format)
    assert answer.status == 400
    assert word in answer.json["error"]


def test_concurrent_replies_without_a_format_are_not_constrained(server: ServerUnderTest) -> None:
    free = {"options": {"temperature": 0, "num_predict": 40, "cache_prompt": False}, "stream": False}
    before = server.generate("tiny", "Tell me", **free).json["response"]
    with ThreadPoolExecutor(8) as pool:
        held = [pool.submit(ask, server, CITY, seed) for seed in range(6)]
        beside = [pool.submit(server.generate, "tiny", "Tell me", **free) for _ in range(2)]
        for one in held:
            jsonschema.validate(json.loads(one.result()["response"]), CITY)
        for other in beside:
            assert other.result().json["response"][:10] == before[:10]


def test_log_probabilities_are_those_of_the_model(server: ServerUnderTest) -> None:
    answer = ask(server, {"type": "regex", "pattern": "[xyz]{3}"}, logprobs=True, top_logprobs=3)
    assert len(answer["logprobs"]) >= 1
    for entry in answer["logprobs"]:
        assert all(-1000 < top["logprob"] <= 0 for top in entry["top_logprobs"])
        assert len(entry["top_logprobs"]) == 3
