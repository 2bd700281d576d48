"""Numbers of any size in every field: each has a bound, and none ends the runner or the server."""

import json
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from paddock.bounds import FIELD_BOUNDS, OPTION_BOUNDS, Outside
from paddock.library.options import OPTION_TYPES
from paddock.processors import processors
from tests.models.embedders import tiny_bert, tiny_reranker
from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest

INTEGERS = [-(2**63) - 1, -(2**63), -(2**31) - 1, -100_000, -1, 0, 1, 100_000, 2**31 - 1, 2**31, 2**32, 2**63, 10**30]
LOADING = [-(2**63), -1, 2.9, 2**31, 1e300]
"""Those for options with which the model is loaded anew."""
FLOATS = [-1e300, -1e38, -1.0, -1e-45, 0.0, 1e-300, 1e-45, 1e-6, 1e-3, 1.5, 1e6, 1e38, 3.5e38, 1e300]
NO_NUMBERS = ["1e999", "-1e999", "9" * 5000, "NaN", "Infinity", "0x10", "01", "1.", "- 1"]
"""Texts in place of a number that no JSON number is, or that none can hold."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    folder = tmp_path_factory.mktemp("numbers")
    with ServerUnderTest(folder / "server") as server:
        server.import_gguf("tiny", tiny_llama(folder / "tiny.gguf"), template="{{ .Prompt }}")
        server.import_gguf("wide", tiny_llama(folder / "wide.gguf", seed=5, context_length=2**31 - 1))
        server.import_gguf("embedder", tiny_bert(folder / "embedder.gguf"))
        server.import_gguf("reranker", tiny_reranker(folder / "reranker.gguf"))
        yield server


@pytest.fixture(autouse=True)
def nothing_crashes(server: ServerUnderTest) -> Iterator[None]:
    logged = len(server.log)
    yield
    said = server.log[logged:]
    assert "Traceback" not in said and "unexpected error" not in said, said
    assert "signal" not in said and "SIGSEGV" not in said, said
    assert server.get("/api/version").status == 200


def generate(server: ServerUnderTest, options: dict[str, Any], model: str = "tiny", **fields: Any) -> int:
    answer = server.generate(model, "abc", options={"num_predict": 3, **options}, **fields)
    if answer.status != 200:
        assert answer.status in (400, 500) and "\n" not in answer.error, answer.body
    return answer.status


@pytest.mark.parametrize("name", [name for name, kind in OPTION_TYPES.items() if kind == "integer"])
def test_an_integer_option_of_any_size_is_taken(server: ServerUnderTest, name: str) -> None:
    for value in LOADING if name in ("num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread") else INTEGERS:
        more = {"repeat_penalty": 1.1} if name == "repeat_last_n" else {}
        more |= {"temperature": 1, "seed": 1} if name in ("mirostat", "top_k") else {}
        # A GPU that is not there is an error of the load; all other numbers are served.
        assert generate(server, {name: value, **more}) == 200 or name == "main_gpu", (name, value)


@pytest.mark.parametrize("name", [name for name, kind in OPTION_TYPES.items() if kind == "float32"])
def test_a_float_option_of_any_size_is_taken(server: ServerUnderTest, name: str) -> None:
    for value in FLOATS:
        more = {} if name == "temperature" else {"temperature": 1}
        more |= {"mirostat": 2} if name.startswith("mirostat") else {}
        assert generate(server, {name: value, **more}) == 200, (name, value)


@pytest.mark.parametrize("version", [1, 2])
def test_all_options_at_their_ends_together_are_taken(server: ServerUnderTest, version: int) -> None:
    floats = [name for name, kind in OPTION_TYPES.items() if kind == "float32"]
    for value in (-1e300, 0, 1e-300, 1e300):
        options: dict[str, Any] = dict.fromkeys(floats, value)
        assert generate(server, options) == 200
        assert generate(server, {**options, "mirostat": version, "temperature": 0.8}) == 200


def test_threads_are_no_more_than_processors(server: ServerUnderTest) -> None:
    assert generate(server, {"num_thread": 1}) == 200
    before = max(psutil.Process(runner.pid).num_threads() for runner in server.runners())
    for threads in (32_000, 100_000, 10**9):
        assert generate(server, {"num_thread": threads}) == 200
        now = max(psutil.Process(runner.pid).num_threads() for runner in server.runners())
        assert now <= before + 4 * processors() + 4
    for model in ("embedder", "reranker"):
        body = {"model": model, "input": "a", "query": "a", "documents": ["b"], "options": {"num_thread": 100_000}}
        assert server.post("/api/embed" if model == "embedder" else "/api/rerank", body).status == 200


def test_a_huge_context_is_refused_or_served_but_never_allocated_beyond_memory(server: ServerUnderTest) -> None:
    for length in (2**31 - 1, 2**31, 2**32, 2**40, 2**63, 10**30, 1e300):
        answer = server.generate("wide", options={"num_ctx": length, "num_predict": 1})
        assert answer.status == 500 and "more system memory" in answer.error, answer.body


def test_a_large_window_of_penalties_takes_no_memory(server: ServerUnderTest) -> None:
    assert generate(server, {"repeat_last_n": 64, "repeat_penalty": 1.1}) == 200
    before = max(runner.memory_info().vms for runner in server.runners())
    began = time.monotonic()
    assert generate(server, {"repeat_last_n": 2**31 - 1, "repeat_penalty": 1.1}) == 200
    assert time.monotonic() - began < 20
    assert max(runner.memory_info().vms for runner in server.runners()) < before + (1 << 30)


@pytest.mark.parametrize("value", INTEGERS)
def test_fields_that_are_integers(server: ServerUnderTest, value: int) -> None:
    def status(path: str, body: dict[str, Any]) -> int:
        answer = server.post(path, body)
        assert answer.status in (200, 400), answer.body
        assert answer.status == 200 or ("\n" not in answer.text and len(answer.text) < 300)
        return answer.status

    bound = FIELD_BOUNDS["top_logprobs"]
    short: dict[str, Any] = {"prompt": "a", "stream": False, "logprobs": True, "options": {"num_predict": 1}}
    expected = 200 if bound.smallest <= value <= bound.largest else 400
    assert status("/api/generate", {"model": "tiny", "top_logprobs": value, **short}) == expected
    expected = 200 if abs(value) < 2**63 or value == -(2**63) else 400
    assert status("/api/embed", {"model": "embedder", "input": "a", "dimensions": value}) == expected
    ranked = {"model": "reranker", "query": "a", "documents": ["b", "c"], "top_n": value}
    assert status("/api/rerank", ranked) == (200 if 1 <= value < 2**63 else 400)
    assert status("/v1/rerank", ranked) == (200 if 1 <= value < 2**63 else 400)
    call = {"function": {"name": "f", "arguments": {"x": value}, "index": value}}
    messages = [{"role": "assistant", "tool_calls": [call]}, {"role": "user", "content": "a"}]
    assert status("/api/chat", {"model": "tiny", "messages": messages, **short}) == expected
    status("/api/generate", {"model": "tiny", "context": [value, 1], **short})


@pytest.mark.parametrize("value", [*INTEGERS, 10**400, *FLOATS, "1e3s", "99999999999999999999h", "-5m", "9" * 250])
def test_any_keep_alive(server: ServerUnderTest, value: float | str) -> None:
    answer = server.post("/api/generate", {"model": "tiny", "keep_alive": value})
    assert answer.status == 200 or (answer.status == 400 and answer.error), answer.body
    assert server.get("/api/ps").status == 200


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_a_bad_request(server: ServerUnderTest, text: str) -> None:
    bodies = [
        ("generate", '{"model": "tiny", "prompt": "a", "options": {"num_ctx": %s}}'),
        ("generate", '{"model": "tiny", "prompt": "a", "keep_alive": %s}'),
        ("generate", '{"model": "tiny", "prompt": "a", "top_logprobs": %s}'),
        ("generate", '{"model": "tiny", "prompt": "a", "context": [%s]}'),
        ("chat", '{"model": "tiny", "messages": [], "options": {"temperature": %s}}'),
        ("embed", '{"model": "embedder", "input": "a", "dimensions": %s}'),
        ("rerank", '{"model": "reranker", "query": "a", "documents": ["b"], "top_n": %s}'),
        ("create", '{"model": "new", "from": "tiny", "parameters": {"top_k": %s}}'),
        ("create", '{"model": "new", "from": "tiny", "info": {"x": %s}}'),
        ("show", '{"model": "tiny", "options": {"seed": %s}}'),
    ]
    for path, body in bodies:
        answer = server.post(f"/api/{path}", (body % text).encode())
        assert answer.status == 400, (path, answer.body)
        assert "\n" not in answer.text and len(answer.text) < 300
    assert "new:latest" not in server.tags()


@pytest.mark.parametrize("value", [-(2**63), -1, 2**31, 2**63 - 1, 10**30, 1e300, 1e-300])
def test_parameters_of_a_model_have_the_same_bounds(server: ServerUnderTest, value: float) -> None:
    numbers = [name for name, kind in OPTION_TYPES.items() if kind in ("integer", "float32")]
    parameters: dict[str, Any] = dict.fromkeys(numbers, value) | {"num_predict": 2, "num_gpu": 0, "main_gpu": 0}
    made = server.create("extreme", **{"from": "tiny"}, parameters=parameters)
    assert made.status == 200, made.body
    try:
        assert generate(server, {}, "extreme") == 200
        shown = server.post("/api/show", {"model": "extreme"})
        assert shown.status == 200 and "num_thread" in shown.json["parameters"]
    finally:
        server.request("DELETE", "/api/delete", {"model": "extreme"})
    if abs(value) < 2**63 and isinstance(value, int):
        text = "".join(f"PARAMETER {name} {value}\n" for name in numbers if name not in ("main_gpu", "num_predict"))
        made = server.post("/api/create", {"model": "extreme", "modelfile": f"FROM tiny\n{text}", "stream": False})
        assert made.status == 200, made.body
        assert generate(server, {}, "extreme") == 200
        server.request("DELETE", "/api/delete", {"model": "extreme"})


def test_stop_strings_have_a_number_too(server: ServerUnderTest) -> None:
    assert generate(server, {"stop": [f"{n:0256}" for n in range(256)]}) == 200
    for stop in ([str(n) for n in range(1_000_000)], ["a" * 1_000_000]):
        answer = server.generate("tiny", options={"stop": stop})
        assert answer.status == 400 and "at most 256 strings" in answer.error
    text = "FROM tiny\n" + "".join(f"PARAMETER stop {n}\n" for n in range(300))
    made = server.post("/api/create", {"model": "stops", "modelfile": text, "stream": False})
    if made.status == 200:
        assert generate(server, {}, "stops") == 400
        server.request("DELETE", "/api/delete", {"model": "stops"})


def test_the_bounds_are_shown(server: ServerUnderTest) -> None:
    schemas = server.get("/openapi.json").json["components"]["schemas"]
    for name, bound in OPTION_BOUNDS.items():
        shown = schemas["Options"]["properties"][name]
        assert (shown["minimum"], shown["maximum"]) == (bound.smallest, bound.largest)
        assert bound.description in shown["description"]
    for schema, field in (
        ("GenerateRequest", "top_logprobs"),
        ("ChatRequest", "top_logprobs"),
        ("EmbedRequest", "dimensions"),
        ("RerankRequest", "top_n"),
        ("GenerateRequest", "keep_alive"),
    ):
        shown, bound = schemas[schema]["properties"][field], FIELD_BOUNDS[field]
        number = next(s for s in shown["anyOf"] if s.get("type") in ("integer", "number"))
        assert (number["minimum"], number["maximum"]) == (bound.smallest, bound.largest)
        assert bound.description in shown["description"]
        assert bound.outside in (Outside.REFUSED, Outside.NEAREST)
    assert json.dumps(schemas)
