"""The OpenAPI document matches the API: every route, every example request, every answer's schema."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
from starlette.routing import Route

from paddock.library.options import OPTION_TYPES
from paddock.server import openapi
from paddock.server.app import TABLES
from paddock.server.media_types import JSON
from paddock.server.router import PathHandler, make_router
from tests.models.embedders import tiny_reranker
from tests.server.servers import Answer, ServerUnderTest

ELSEWHERE = ("pull", "push")
"""Operations that need another machine and are not sent."""
CAPABLE = (
    "{{ .System }}{{ range .Messages }}{{ .Content }}{{ range .ToolCalls }}{{ .Function.Name }}{{ end }}{{ end }}"
    "{{ .Tools }}"
)
KNOWN = {
    ("500", "POST", "/api/create"),  # from here no registry can be reached, to pull a model that is not here from
}
FUZZING_SECONDS = 40
"""At most; a quiet machine needs a quarter of it."""
FUZZED = 12
"""Requests of each kind for each operation."""
NOWHERE = "http://127.0.0.1:9"

Described = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Iterator[ServerUnderTest]:
    """A separate server that reaches no other host, with a model `tiny` that supports what the examples need."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.setenv(name, NOWHERE)
            patch.setenv(name.lower(), NOWHERE)
        started = ServerUnderTest(tmp_path_factory.mktemp("openapi"))
    with started as server:
        server.import_gguf("tiny", tiny, template=CAPABLE, parameters={"temperature": 0, "num_predict": 8})
        server.import_gguf("reranker", tiny_reranker(tmp_path_factory.mktemp("gguf") / "reranker.gguf"))
        yield server


@pytest.fixture(scope="module")
def description(server: ServerUnderTest) -> Described:
    answer = server.get("/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    found: Described = answer.json
    return found


def operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, Described]]:
    """Yield each operation with its method and path."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def resolved(description: Described, node: Described) -> Described:
    """Return the node that a reference points to."""
    while "$ref" in node:
        found: Any = description
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return node


def nodes(value: Any) -> Iterator[Described]:
    """Yield every object in a document."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def validate(description: Described, schema: Described, value: Any) -> None:
    """Check a value against a schema, and that the schema describes all of its fields."""
    whole = {**schema, "components": description["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)
    if isinstance(value, dict):
        either = [resolved(description, s) for s in schema.get("anyOf", [schema])]
        known = {name for one in either for name in resolved(description, one).get("properties", {})}
        assert not known or value.keys() <= known, f"not described: {sorted(value.keys() - known)}"


def check(description: Described, operation: Described, answer: Answer) -> None:
    """Check that an answer is one of the described responses."""
    assert str(answer.status) in operation["responses"], (answer.status, answer.body)
    content = resolved(description, operation["responses"][str(answer.status)]).get("content", {})
    if not content:
        assert answer.body == b""
        return
    kind = answer.headers["Content-Type"].partition(";")[0]
    if kind == "application/x-ndjson":
        assert answer.lines
        for line in answer.lines:
            validate(description, content[kind]["schema"], line)
    elif kind == "application/json":
        validate(description, content[kind]["schema"], answer.json)
    else:
        assert kind in content


def test_exactly_the_routes_are_described(description: Described) -> None:
    services: Any = None
    handlers = {
        route.path: cast(PathHandler, route.endpoint).endpoints
        for route in make_router(TABLES, services).routes
        if isinstance(route, Route)
    }
    routes = {(m, path) for path, methods in handlers.items() for m in methods if m != "HEAD" or "GET" not in methods}
    assert {(method, path) for method, path, _ in operations(description)} == routes


def test_it_is_openapi_3_1_whose_references_and_schemas_are_sound(description: Described) -> None:
    assert description["openapi"].startswith("3.1.")
    assert description["info"]["title"] == "Paddock"
    groups = {tag["name"] for tag in description["tags"]}
    names = [operation["operationId"] for _, _, operation in operations(description)]
    assert len(set(names)) == len(names)
    for _, _, operation in operations(description):
        assert set(operation["tags"]) <= groups
    for node in nodes(description):
        if "$ref" in node:
            assert resolved(description, node)
    for schema in description["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_field_has_a_text_and_a_type_and_no_text_is_unused(description: Described) -> None:
    schemas = description["components"]["schemas"]
    fields = {(name, field): schema for name, s in schemas.items() for field, schema in s["properties"].items()}
    assert [key for key, schema in fields.items() if not schema["description"]] == []
    assert [key for key, schema in fields.items() if not schema.keys() - {"description", "default"}] == []
    words = openapi.read_words(TABLES)
    known = {f"{name}.{field}" for name, field in fields} | {field for _, field in fields}
    assert words["fields"].keys() - known == set()
    assert words["options"].keys() == OPTION_TYPES.keys()
    assert words["operations"].keys() == {endpoint.id for table in TABLES for endpoint in table.endpoints}
    assert {f"ErrorBody{status}" for status in words["errors"]} == set(description["components"]["responses"])


def test_every_example_fits_its_schema(description: Described) -> None:
    seen = 0
    for node in nodes(
        {k: v for k, v in description.items() if k != "components"} | description["components"]["responses"]
    ):
        if "schema" not in node:
            continue
        values = [one["value"] for one in node.get("examples", {}).values()]
        values += [node["example"]] if "example" in node else []
        for value in values:
            streamed = isinstance(value, str) and "anyOf" in node["schema"]
            for one in map(json.loads, value.splitlines()) if streamed else [value]:
                validate(description, node["schema"], one)
                seen += 1
    assert seen > 50


def examples() -> list[Any]:
    """Return every example request, by operation and name."""
    found = [
        (operation["operationId"], name, method, path, one["value"])
        for method, path, operation in operations(openapi.describe(TABLES))
        if operation["operationId"] not in ELSEWHERE
        for name, one in operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("examples", {}).items()
    ]
    # Models are created before they are copied, and copied before they are deleted.
    order = {"create": 0, "copy": 1, "delete": 3}
    found.sort(key=lambda one: order.get(one[0], 2))
    return [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in found]


@pytest.mark.parametrize(("operation_id", "name", "method", "path", "body"), examples())
def test_every_example_request_is_answered_as_described(
    server: ServerUnderTest, description: Described, operation_id: str, name: str, method: str, path: str, body: Any
) -> None:
    answer = server.request(method, path, body)
    check(description, description["paths"][path][method.lower()], answer)
    if name == "from-a-file":
        assert answer.error.startswith("blob sha256:")  # it has not been uploaded
    else:
        assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", None, 200),
        ("GET", "/api/version", None, 200),
        ("GET", "/api/tags", None, 200),
        ("GET", "/openapi.json", None, 200),
        ("GET", "/docs", None, 200),
        ("POST", "/api/show", {"model": "tiny", "verbose": True}, 200),
        ("POST", "/api/show", {"model": "nobody"}, 404),
        ("POST", "/api/show", {}, 400),
        ("DELETE", "/api/delete", {"model": "nobody"}, 404),
        ("POST", "/api/copy", {"source": "nobody", "destination": "x"}, 404),
        ("POST", "/api/generate", {"model": "tiny", "prompt": "x", "logprobs": True, "top_logprobs": 2}, 200),
        ("POST", "/api/generate", {"model": "tiny", "prompt": "x", "_debug_render_only": True}, 200),
        ("POST", "/api/chat", {"model": "tiny", "messages": [{"role": "boss"}]}, 400),
        ("POST", "/api/chat", {"model": "nobody"}, 404),
        ("POST", "/api/create", {"model": "x"}, 400),
        ("POST", "/api/create", {"model": "x", "from": "tiny", "quantize": "Q9"}, 400),
        ("POST", "/api/embed", {"model": "tiny", "input": 5}, 400),
        ("POST", "/api/embeddings", {"model": "tiny"}, 200),
        ("POST", "/api/rerank", {"model": "tiny", "query": "x", "documents": ["x"]}, 400),
        ("POST", "/v1/rerank", {"model": "nobody", "query": "x", "documents": ["x"]}, 404),
    ],
)
def test_what_is_answered_is_described(
    server: ServerUnderTest, description: Described, method: str, path: str, body: Any, status: int
) -> None:
    answer = server.request(method, path, body)
    assert answer.status == status
    check(description, description["paths"][path][method.lower()], answer)


def test_loaded_models_are_answered_as_described(server: ServerUnderTest, description: Described) -> None:
    server.unload_all()
    server.generate("tiny", "")
    answer = server.get("/api/ps")
    assert "tiny:latest" in [model["name"] for model in answer.json["models"]]
    check(description, description["paths"]["/api/ps"]["get"], answer)
    for model in answer.json["models"]:
        validate(description, description["components"]["schemas"]["RunningModel"], model)


def test_blobs_and_foreign_hosts_are_answered_as_described(server: ServerUnderTest, description: Described) -> None:
    described = description["paths"]["/api/blobs/{digest}"]
    digest = described["head"]["parameters"][0]["example"]
    path = f"/api/blobs/{digest}"
    for method, body, status in (
        ("HEAD", None, 404),
        ("POST", b"other", 400),
        ("POST", b"hello", 201),
        ("POST", b"hello", 200),
        ("HEAD", None, 200),
    ):
        answer = server.request(method, path, body)
        assert answer.status == status
        check(description, described[method.lower()], answer)
    refused = server.get("/api/tags", {"Host": "evil.example"})
    assert refused.status == 403
    check(description, description["paths"]["/api/tags"]["get"], refused)


def test_the_page_loads_nothing_from_other_servers(server: ServerUnderTest) -> None:
    answer = server.get("/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", answer.text)
    assert re.findall(r"fetch\(\"([^\"]*)\"", answer.text) == ["openapi.json"]
    assert "innerHTML" not in answer.text
    assert len(answer.body) < 20_000


def test_the_description_is_not_loaded_before_it_is_requested() -> None:
    script = (
        "import asyncio, sys\n"
        "import paddock.server.run\n"
        "from paddock.server.app import description\n"
        "early = 'paddock.server.openapi' in sys.modules\n"
        "asyncio.run(description(None, None))\n"
        "print(early, 'paddock.server.openapi' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "False True\n", done.stderr


def test_hundreds_of_requests_made_from_the_description_find_no_error_of_the_server(
    server: ServerUnderTest, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--checks", checks]
    command += ["--phases", "fuzzing", "--max-time", str(FUZZING_SECONDS), "--seed", "1", "--max-examples", str(FUZZED)]
    command += [word for name in ELSEWHERE for word in ("--exclude-operation-id", name)]
    command += ["--continue-on-failure", "--no-shrink", "--report", "json", "--report-json-path", str(report)]
    logged = len(server.log)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert report.exists(), done.stdout + done.stderr
    found = json.loads(report.read_bytes())
    assert found["test_cases"]["generated"] > 100
    assert found["operations"]["tested"] == found["operations"]["selected"] > 15
    assert found["errors"] == []
    others = [one for one in found["failures"] if one["type"] != "ServerError"]
    assert others == [], done.stdout
    # Of errors of the server it tells not all: the log does.
    log = server.log[logged:]
    failed = set(re.findall(r"INFO +(5\d\d) .*  (\w+) +(\S+)$", log, re.MULTILINE))
    assert failed <= KNOWN, done.stdout
    assert "Traceback" not in log
