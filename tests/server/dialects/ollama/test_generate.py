import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import ollama
import pytest

from tests.conftest import SKY, Continuation
from tests.server.servers import ServerUnderTest

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")


def test_a_whole_reply_has_the_keys_of_ollama_in_order(server: ServerUnderTest) -> None:
    answer = server.generate("tiny")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    expected = (
        "model created_at response done done_reason context total_duration load_duration "
        "prompt_eval_count prompt_eval_duration eval_count eval_duration"
    )
    assert [key for key in answer.json if key != "prompt_cached_count"] == expected.split()
    assert UTC.fullmatch(answer.json["created_at"])
    assert answer.json["model"] == "tiny"
    assert all(isinstance(answer.json[key], int) and answer.json[key] > 0 for key in DURATIONS)
    assert answer.json["total_duration"] >= answer.json["load_duration"]


def test_a_stream_is_lines_and_the_last_one_has_the_counts(server: ServerUnderTest) -> None:
    answer = server.generate("tiny", stream=True)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert answer.headers["Content-Length"] is None
    *chunks, last = answer.lines
    assert chunks
    for chunk in chunks:
        assert list(chunk) == ["model", "created_at", "response", "done"]
        assert chunk["done"] is False
    assert (last["response"], last["done"], last["eval_count"]) == ("", True, 24)
    assert list(last)[:5] == ["model", "created_at", "response", "done", "done_reason"]
    assert "".join(c["response"] for c in chunks) == server.generate("tiny").json["response"]
    assert [line["created_at"] for line in answer.lines] == sorted(line["created_at"] for line in answer.lines)


def test_streaming_is_the_default(server: ServerUnderTest) -> None:
    for body in ({}, {"stream": None}):
        answer = server.post("/api/generate", {"model": "tiny", "prompt": "x", **body})
        assert answer.headers["Content-Type"] == "application/x-ndjson"


def test_the_reply_names_the_model_as_the_request_did(server: ServerUnderTest) -> None:
    for name in ("tiny", "TINY:Latest", "registry.ollama.ai/library/tiny:latest"):
        assert server.generate(name).json["model"] == name


def test_reasons_say_whether_the_length_or_a_stop_string_ended_the_reply(server: ServerUnderTest) -> None:
    whole = server.generate("tiny", options={"num_predict": 8}).json
    assert (whole["done_reason"], whole["eval_count"]) == ("length", 8)
    end = next(c for c in whole["response"][2:] if c.isascii() and c.isprintable())
    stopped = server.generate("tiny", options={"num_predict": 8, "stop": [end]}).json
    assert stopped["done_reason"] == "stop"
    assert stopped["response"] == whole["response"].partition(end)[0]


def test_an_empty_prompt_loads_and_with_keep_alive_zero_unloads(server: ServerUnderTest) -> None:
    for fields in ({}, {"stream": False}, {"prompt": ""}, {"prompt": None}, {"stream": True}):
        answer = server.post("/api/generate", {"model": "tiny", **fields})
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.json["done_reason"] == "load"
        assert "tiny:latest" in server.ps()
    for _ in range(2):  # what is not loaded can be unloaded too
        answer = server.post("/api/generate", {"model": "tiny", "keep_alive": 0})
        assert list(answer.json) == ["model", "created_at", "response", "done", "done_reason"]
        assert (answer.json["response"], answer.json["done_reason"]) == ("", "unload")
        assert server.ps() == {} or "tiny:latest" not in server.ps()


@pytest.mark.parametrize(
    ("keep_alive", "seconds"),
    [(300, 300), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("300s", 300), (90.5, 90.5), (None, 300)],
)
def test_keep_alive_is_seconds_or_a_duration(server: ServerUnderTest, keep_alive: Any, seconds: float) -> None:
    assert server.generate("tiny", "", keep_alive=keep_alive).json["done_reason"] == "load"
    assert abs(seconds_left(server) - seconds) < 3


@pytest.mark.parametrize("keep_alive", [-1, "-1m", -0.5, 1e300])
def test_a_negative_keep_alive_means_forever(server: ServerUnderTest, keep_alive: Any) -> None:
    server.generate("tiny", "", keep_alive=keep_alive)
    assert seconds_left(server) > 100 * 365 * 24 * 3600
    server.unload("tiny")


def test_keep_alive_zero_with_a_prompt_unloads_after_the_reply(server: ServerUnderTest) -> None:
    answer = server.generate("tiny", keep_alive=0)
    assert answer.json["done_reason"] == "length"
    server.unload("tiny")


@pytest.mark.parametrize(
    ("keep_alive", "error"),
    [
        ("soon", 'time: invalid duration "soon"'),
        ("5", 'time: missing unit in duration "5"'),
        ("", 'time: invalid duration ""'),
        (True, "Unsupported type: 'bool'"),
        ([], "Unsupported type: '[]interface {}'"),
    ],
)
def test_a_bad_keep_alive_is_refused_in_gos_words(server: ServerUnderTest, keep_alive: Any, error: str) -> None:
    answer = server.generate("tiny", keep_alive=keep_alive)
    assert (answer.status, answer.error) == (400, error)


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("temperature", "hot", "of type float32"),
        ("top_n_sigma", "x", "of type float32"),
        ("num_ctx", "x", "of type integer"),
        ("num_predict", True, "of type integer"),
        ("stop", 5, "of type array"),
        ("stop", [1], "of an array of strings"),
        ("use_mmap", "yes", "of type boolean"),
    ],
)
def test_an_option_of_the_wrong_type_is_refused(server: ServerUnderTest, option: str, value: Any, kind: str) -> None:
    answer = server.generate("tiny", options={option: value})
    assert (answer.status, answer.error) == (400, f'option "{option}" must be {kind}')


@pytest.mark.parametrize(
    "options",
    [
        {"no_such_option": 1},
        {"tfs_z": 0.5, "penalize_newline": True, "numa": False, "low_vram": True, "f16_kv": True, "vocab_only": False},
        {"mirostat": 2, "mirostat_tau": 3.0, "mirostat_eta": 0.2},
        {"top_k": -1, "top_p": 5, "temperature": -1, "min_p": 2, "typical_p": -1},
        {"num_ctx": 0, "num_batch": 0, "num_keep": -1},
        {"num_ctx": 10**18, "num_batch": 10**18, "num_thread": -5},
        {"seed": 1 << 40, "repeat_last_n": -1, "repeat_penalty": 1.1, "top_k": 1 << 60},
        {"temperature": None, "stop": None},
        {"num_ctx": 16, "num_predict": 40},
        {"temperature": 1e308, "top_p": 1e-308},
    ],
)
def test_unusual_options_give_a_reply(server: ServerUnderTest, options: dict[str, Any]) -> None:
    answer = server.generate("tiny", options={"num_predict": 3, **options})
    assert answer.status == 200, answer.body
    assert answer.json["done"] is True
    assert answer.json["done_reason"] in ("length", "stop")


def test_a_seed_gives_the_same_reply_again_and_another_seed_another(server: ServerUnderTest) -> None:
    def told(seed: int) -> str:
        return str(
            server.generate("tiny", options={"seed": seed, "temperature": 1.5, "num_predict": 20}).json["response"]
        )

    assert told(7) == told(7)
    assert len({told(seed) for seed in range(4)}) > 1


def test_top_n_sigma_of_a_request_or_a_model_keeps_a_hot_reply_likely(server: ServerUnderTest) -> None:
    hot = {"temperature": 50, "top_k": 0, "top_p": 1, "num_predict": 8, "seed": 5}
    narrow = hot | {"top_n_sigma": 0.01}
    assert server.post("/api/create", {"model": "narrow", "from": "tiny", "parameters": narrow}).status == 200
    greedy = server.generate("tiny", options={"temperature": 0, "num_predict": 8}).json["response"]
    assert server.generate("tiny", options=narrow).json["response"] == greedy
    assert server.generate("narrow").json["response"] == greedy
    assert server.generate("tiny", options=hot).json["response"] != greedy


def test_the_context_of_a_reply_continues_the_conversation(server: ServerUnderTest) -> None:
    first = server.generate("tiny", "Once", options={"num_predict": 4}).json
    assert first["context"]
    assert all(isinstance(token, int) for token in first["context"])
    second = server.generate("tiny", "upon", context=first["context"], options={"num_predict": 4}).json
    assert len(second["context"]) > len(first["context"])
    assert second["prompt_eval_count"] > first["prompt_eval_count"]
    forgotten = server.generate("tiny", "upon", options={"num_predict": 4}).json
    assert forgotten["prompt_eval_count"] < second["prompt_eval_count"]


def test_raw_prompts_have_no_context_and_refuse_system_and_template(server: ServerUnderTest) -> None:
    assert "context" not in server.generate("tiny", raw=True).json
    for fields in ({"template": "x"}, {"system": "x"}, {"context": [1, 2]}):
        answer = server.generate("tiny", raw=True, **fields)
        assert (answer.status, answer.error) == (400, "raw mode does not support template, system, or context")


def test_logprobs_are_in_the_line_of_their_text(server: ServerUnderTest) -> None:
    options = {"num_predict": 4}
    plain = server.generate("tiny", options=options).json
    assert "logprobs" not in plain
    whole = server.generate("tiny", logprobs=True, top_logprobs=3, options=options).json
    entries = whole["logprobs"]
    assert len(entries) == 4
    for entry in entries:
        assert list(entry) == ["token", "logprob", "bytes", "top_logprobs"]
        assert bytes(entry["bytes"]).decode("utf-8", "replace") == entry["token"]
        assert entry["logprob"] <= 0
        best = [other["logprob"] for other in entry["top_logprobs"]]
        assert len(best) == 3
        assert all(a >= b for a, b in pairwise(best))
        assert best[0] == entry["logprob"]  # greedy
        assert "top_logprobs" not in entry["top_logprobs"][0]
    streamed = server.generate("tiny", logprobs=True, top_logprobs=3, options=options, stream=True).lines
    parts = [entry for line in streamed for entry in line.get("logprobs", [])]
    assert [part["token"] for part in parts] == [entry["token"] for entry in entries]
    # Not equal: which tokens were computed together, and which were cached, moves the last digits.
    assert [part["logprob"] for part in parts] == pytest.approx([entry["logprob"] for entry in entries], abs=1e-3)
    without = server.generate("tiny", logprobs=True, options=options).json["logprobs"]
    assert "top_logprobs" not in without[0]


@pytest.mark.parametrize("number", [21, -1, 10**15])
def test_more_top_logprobs_than_twenty_are_refused(server: ServerUnderTest, number: int) -> None:
    answer = server.generate("tiny", logprobs=True, top_logprobs=number)
    assert (answer.status, answer.error) == (400, "top_logprobs must be between 0 and 20")


def test_debug_render_shows_the_prompt_and_generates_nothing(server: ServerUnderTest) -> None:
    for stream in (False, True):
        answer = server.generate(
            "tiny", "hi", system="S", template="[{{ .System }}|{{ .Prompt }}|{{ .Response }}]",
            _debug_render_only=True, stream=stream,
        )  # fmt: skip
        assert list(answer.json) == ["model", "created_at", "response", "done", "_debug_info"]
        assert answer.json["_debug_info"] == {"rendered_template": "[S|hi|"}
        assert answer.json["done"] is False


def test_an_unsupported_capability_is_answered_with_400(server: ServerUnderTest) -> None:
    full = "registry.ollama.ai/library/tiny:latest"
    for fields, error in (
        ({"suffix": "x"}, f"{full} does not support insert"),
        ({"think": True}, '"tiny" does not support thinking'),
        ({"think": "high"}, '"tiny" does not support thinking'),
        ({"images": ["aGVsbG8="]}, "Multimodal data provided, but model does not support multimodal requests."),
        ({"images": ["%%%"]}, "illegal base64 data at input byte 0"),
        ({"think": 5}, 'think must be a boolean or string ("high", "medium", "low", "max", true, or false)'),
        ({"format": "yaml"}, 'invalid format: "\\"yaml\\""; expected "json" or a valid JSON Schema object'),
        ({"template": "{{ .Prompt"}, "template: :1: unclosed action"),
    ):
        for stream in (False, True):
            answer = server.generate("tiny", **fields, stream=stream)
            assert (answer.status, answer.error) == (400, error)


WRONG_FIELDS: list[dict[str, Any]] = [{"options": {"num_ctx": "x"}}, {"format": {"type": "regex"}}]


@pytest.mark.parametrize("fields", WRONG_FIELDS)
def test_an_unknown_model_is_reported_before_what_only_a_model_makes_wrong(
    server: ServerUnderTest, fields: dict[str, Any]
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/api/generate": {"prompt": "x"},
        "/api/chat": {"messages": [{"role": "user", "content": "x"}]},
        "/api/embed": {"input": "x"},
        "/api/embeddings": {"prompt": "x"},
        "/api/rerank": {"query": "x", "documents": ["y"]},
    }
    for path, body in bodies.items():
        answer = server.post(path, {"model": "nope", **body, **fields})
        assert (answer.status, answer.error) == (404, "model 'nope' not found"), path


@pytest.mark.parametrize("fields", WRONG_FIELDS)
def test_unloading_a_model_looks_at_no_other_field(server: ServerUnderTest, fields: dict[str, Any]) -> None:
    for path in ("/api/generate", "/api/chat"):
        answer = server.post(path, {"model": "tiny", "keep_alive": 0, **fields})
        assert (answer.status, answer.json["done_reason"]) == (200, "unload")
    assert server.post("/api/embed", {"model": "tiny", "keep_alive": 0, **fields}).status == 200


def test_loading_a_model_needs_its_options_but_no_format(server: ServerUnderTest) -> None:
    wrong_options, wrong_format = WRONG_FIELDS
    answer = server.post("/api/generate", {"model": "tiny", **wrong_options})
    assert (answer.status, answer.error) == (400, 'option "num_ctx" must be of type integer')
    assert server.post("/api/generate", {"model": "tiny", **wrong_format}).json["done_reason"] == "load"
    answer = server.post("/api/generate", {"model": "tiny", "prompt": "x", **wrong_format})
    assert (answer.status, answer.error) == (400, 'a format of the type "regex" needs "pattern", a string')


def test_an_unknown_or_absent_model_is_answered_with_404(server: ServerUnderTest) -> None:
    answer = server.generate("nope")
    assert (answer.status, answer.error) == (404, "model 'nope' not found")
    assert server.post("/api/generate", {"prompt": "x"}).status == 404
    assert server.post("/api/generate", {"prompt": "x"}).error == "model '' not found"


def test_a_prompt_that_is_too_long_is_truncated_unless_that_is_forbidden(server: ServerUnderTest) -> None:
    prompt = "once upon a time " * 300
    cut = server.generate("tiny", prompt, options={"num_ctx": 128, "num_predict": 2})
    assert cut.status == 200
    assert cut.json["prompt_eval_count"] + cut.json.get("prompt_cached_count", 0) <= 128
    refused = server.generate("tiny", prompt, truncate=False, options={"num_ctx": 128})
    assert refused.status == 400
    assert "exceeds the available context size (128 tokens)" in refused.error


def test_a_reply_of_bytes_that_are_not_text_ends_with_a_reason(server: ServerUnderTest) -> None:
    for seed in range(5):
        answer = server.generate("tiny", stream=True, options={"seed": seed, "temperature": 3, "num_predict": 60})
        assert answer.lines[-1]["done"] is True
        assert answer.lines[-1]["done_reason"]


def test_many_at_once_all_get_their_own_reply(server: ServerUnderTest) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: server.generate("tiny", f"once {i % 4}").json, range(24)))
    assert [a["eval_count"] for a in answers] == [24] * 24
    assert len({a["prompt_eval_count"] for a in answers}) == 1


def test_curl_as_the_old_documents_show_it_gets_the_answer(
    packaged_server: ServerUnderTest, answer: Continuation
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    body = '{\n"model": "packaged",\n"prompt": "Why is the sky blue?",\n"stream": false\n}'
    command = ["curl", "-s", f"{packaged_server.url}/api/generate", "-d", body]
    whole = subprocess.run(command, capture_output=True, check=True).stdout
    assert ollama.GenerateResponse.model_validate_json(whole).response == answer.text
    streamed = subprocess.run([*command[:-1], body.replace("false", "true")], capture_output=True, check=True).stdout
    parts = [ollama.GenerateResponse.model_validate_json(line) for line in streamed.splitlines()]
    assert "".join(part.response or "" for part in parts) == answer.text
    last = parts[-1]
    assert (last.done, last.done_reason, last.eval_count) == (True, "stop", len(answer.tokens) + 1)


def test_the_official_client_gets_the_answer_whole_and_in_pieces(
    packaged_server: ServerUnderTest, answer: Continuation
) -> None:
    client = ollama.Client(packaged_server.url)
    assert client.generate("packaged", SKY).response == answer.text
    parts = list(client.generate("packaged", SKY, stream=True))
    assert "".join(part.response or "" for part in parts) == answer.text
    assert len(parts) > 10
    with pytest.raises(ollama.ResponseError, match="model 'nope' not found") as caught:
        client.generate("nope", "x")
    assert caught.value.status_code == 404


def test_the_official_asynchronous_client_gets_the_answer_too(
    packaged_server: ServerUnderTest, answer: Continuation
) -> None:
    async def body() -> None:
        client = ollama.AsyncClient(packaged_server.url)
        whole = await client.generate("packaged", SKY)
        assert whole.response == answer.text
        stream = await client.generate("packaged", SKY, stream=True)
        assert "".join([part.response or "" async for part in stream]) == answer.text

    asyncio.run(body())


def test_a_stop_string_ends_the_reply_and_is_left_out(packaged_server: ServerUnderTest, answer: Continuation) -> None:
    stops = ["nowhere in it", answer.tokens[4] + answer.tokens[5]]
    for stream in (False, True):
        lines = packaged_server.generate("packaged", SKY, stream=stream, options={"stop": stops}).lines
        assert "".join(line["response"] for line in lines) == "".join(answer.tokens[:4])
        assert lines[-1]["done_reason"] == "stop"


def test_system_and_template_of_the_request_replace_those_of_the_model(
    packaged_server: ServerUnderTest, continued: Callable[[str], Continuation]
) -> None:
    shaped = packaged_server.generate(
        "packaged", "blue?", system="Why is", template="<|user|>{{ .System }} the sky {{ .Prompt }}"
    )
    assert shaped.json["response"] == continued(f"<|user|>{SKY}").text


def test_tokens_are_sent_as_they_are_generated(server: ServerUnderTest) -> None:
    body = b'{"model":"tiny","prompt":"Once upon a time","options":{"num_predict":400,"num_ctx":512}}'
    head = f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with server.connect() as connection:
        connection.sendall(head + body)
        first = last = 0.0
        received = b""
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(65536)
            last = time.monotonic()
            first = first or (last if b'"done":false' in received else 0)
    assert last - first > 0.005


def seconds_left(server: ServerUnderTest) -> float:
    import datetime

    expires = datetime.datetime.fromisoformat(server.ps()["tiny:latest"]["expires_at"])
    return (expires - datetime.datetime.now(datetime.UTC)).total_seconds()
