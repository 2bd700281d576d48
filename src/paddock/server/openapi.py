"""The description of the API as OpenAPI 3.1, and a page that shows it to people.

Shapes come from the route tables, texts and examples from the tables' words. The server imports this module, reads the
words and builds the document only when somebody asks for it.
"""

import functools
import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from paddock import OLLAMA_API_VERSION, __version__
from paddock.bounds import FIELD_BOUNDS, MAX_STOPS, OPTION_BOUNDS, Bound
from paddock.errors import ErrorKind
from paddock.library.options import OPTION_TYPES
from paddock.protocol.accepts import accepted_type
from paddock.protocol.json import encode
from paddock.server.dialect import Dialect
from paddock.server.media_types import JSON
from paddock.server.routes import Endpoint, RouteTable

PAGE = Path(__file__).with_name("docs.html")
SCHEMA_PREFIX = "#/components/schemas/"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
"""The page may reach only this server, and no other page may embed it."""
EVERYWHERE = (403, 500, 503)
"""Error statuses that any endpoint may answer."""
OPTION_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "integer": {"type": ["integer", "null"]},
    "float32": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "array": {"type": ["array", "null"], "items": {"type": "string"}, "maxItems": MAX_STOPS},
}

Words = dict[str, Any]
"""Texts and examples, by section and key."""
References = Mapping[Any, dict[str, Any]]
"""What refers to the schema of each struct."""


def document(tables: Sequence[RouteTable]) -> bytes:
    """Return the description of all endpoints of `tables`, encoded; raises as `describe` does."""
    return encode(describe(tables))


@functools.cache
def page() -> bytes:
    """Return the page for people. It fetches nothing but `/openapi.json`."""
    return PAGE.read_bytes()


def read_words(tables: Iterable[RouteTable]) -> Words:
    """Return the words of all tables, joined section by section."""
    words: Words = {}
    for table in tables:
        for section, content in msgspec.json.decode(table.words.read_bytes()).items():
            words[section] = words.get(section, {}) | content if isinstance(content, dict) else content
    return words


def describe(tables: Sequence[RouteTable]) -> dict[str, Any]:
    """Return the OpenAPI document of all endpoints of `tables`.

    Raises:
        KeyError: if an endpoint has no words.
    """
    words = read_words(tables)
    endpoints = [(endpoint, table.dialect) for table in tables for endpoint in table.endpoints]
    groups = list(words["groups"])
    endpoints.sort(key=lambda one: groups.index(one[0].group))
    schemas, references = _schemas(tables, words)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, dialect in endpoints:
        operation = _operation(endpoint, words, references)
        operation["responses"] = _responses(endpoint, dialect, words, references)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Paddock",
            "version": __version__,
            "summary": f"Speaks the API of Ollama {OLLAMA_API_VERSION}",
            "description": words["introduction"],
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in words["groups"].items()],
        "paths": paths,
        "components": {"schemas": schemas, "responses": _error_responses(tables, words, references)},
    }


def _operation(endpoint: Endpoint, words: Words, references: References) -> dict[str, Any]:
    """Return what is described of an endpoint but its responses."""
    texts = words["operations"][endpoint.id]
    described: dict[str, Any] = {
        "operationId": endpoint.id,
        "tags": [endpoint.group],
        "summary": texts["summary"],
        "description": texts["description"],
    }
    if endpoint.parameters:
        described["parameters"] = [words["parameters"][name] for name in endpoint.parameters]
    if endpoint.request is bytes:
        described["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    elif endpoint.request is not None:
        content = {"schema": references[endpoint.request], "examples": _examples(texts["requests"])}
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    return described


def _examples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace(" ", "-"): {"summary": name, "value": value} for name, value in values.items()}


def _responses(endpoint: Endpoint, dialect: Dialect, words: Words, references: References) -> dict[str, Any]:
    """Return the responses of an endpoint by status."""
    texts = words["operations"][endpoint.id]
    responses: dict[str, Any] = {
        str(status): {"description": texts["answers"][str(status)]} for status in endpoint.statuses
    }
    if content := _content(endpoint, dialect, texts, references):
        responses["200"]["content"] = content
    for status in sorted({*endpoint.errors, *EVERYWHERE}):
        responses[str(status)] = (
            {"description": words["errors"][str(status)]["description"]}
            if endpoint.method == "HEAD"
            else {"$ref": f"#/components/responses/{_error_name(dialect, status)}"}
        )
    return responses


def _content(endpoint: Endpoint, dialect: Dialect, texts: Mapping[str, Any], references: References) -> dict[str, Any]:
    """Return the bodies that a success may have, by media type."""
    content: dict[str, Any] = {}
    if endpoint.stream:
        example = b"".join(dialect.frame(encode(event)) for event in texts["lines"]).decode()
        shapes = [references[event] for event in endpoint.stream]
        schema = {"anyOf": shapes, "description": "Each line."}
        content[dialect.stream_media_type] = {"schema": schema, "example": example}
    if isinstance(endpoint.reply, str):
        schema = {"type": "object" if endpoint.reply == JSON else "string"}
        content[endpoint.reply] = {"schema": schema, **({"example": texts["reply"]} if "reply" in texts else {})}
    elif endpoint.reply is not None:
        content[JSON] = {"schema": references[endpoint.reply], "example": texts["reply"]}
    return content


def _error_name(dialect: Dialect, status: int | str) -> str:
    """Return the name of an error response, which all dialects with the same error body share."""
    return f"{dialect.error_type.__name__}{status}"


def _error_responses(tables: Iterable[RouteTable], words: Words, references: References) -> dict[str, Any]:
    """Return every error response of every dialect by name."""
    responses: dict[str, Any] = {}
    for dialect in (table.dialect for table in tables):
        for status, texts in words["errors"].items():
            responses[_error_name(dialect, status)] = response = {"description": texts["description"]}
            if "example" in texts:
                kind = next((k for k, known in dialect.statuses.items() if str(known) == status), ErrorKind.INTERNAL)
                example = dialect.error_body(kind, texts["example"])
                response["content"] = {JSON: {"schema": references[dialect.error_type], "example": example}}
    return responses


def _schemas(tables: Iterable[RouteTable], words: Words) -> tuple[dict[str, Any], References]:
    """Return the schemas by name, and for each struct of `tables` what refers to its schema."""
    endpoints = [endpoint for table in tables for endpoint in table.endpoints]
    requests = [e.request for e in endpoints if inspect.isclass(e.request) and e.request is not bytes]
    replies: list[Any] = [s for e in endpoints for s in (e.reply, *e.stream) if inspect.isclass(s)]
    errors = [table.dialect.error_type for table in tables]
    structs = {struct: _with_accepted_types(struct) for struct in dict.fromkeys([*requests, *replies, *errors])}
    found, schemas = msgspec.json.schema_components(structs.values(), ref_template=SCHEMA_PREFIX + "{name}")
    for struct in replies:
        schemas[struct.__name__]["required"] = _required_fields(struct)
    for struct in requests:
        for name in ("options", "parameters"):
            if name in schemas[struct.__name__]["properties"]:
                either = [{"$ref": SCHEMA_PREFIX + "Options"}, {"type": "null"}]
                schemas[struct.__name__]["properties"][name] = {"anyOf": either}
    bounded = {struct.__name__ for struct in requests}
    for name, schema in schemas.items():
        for field, property_ in schema["properties"].items():
            property_["description"] = words["fields"].get(f"{name}.{field}") or words["fields"].get(field, "")
            if name in bounded and field in FIELD_BOUNDS:
                _add_bound(property_, FIELD_BOUNDS[field])
            if property_.get("default", UNSET) is None:
                del property_["default"]  # null means absent; the words say which value counts then
    schemas["Options"] = {
        "title": "Options",
        "description": words["fields"]["options"],
        "type": "object",
        "properties": {
            name: OPTION_SCHEMAS[kind] | {"description": words["options"].get(name, "")}
            for name, kind in OPTION_TYPES.items()
        },
    }
    for name, bound in OPTION_BOUNDS.items():
        _add_bound(schemas["Options"]["properties"][name], bound)
    return schemas, dict(zip(structs, found, strict=True))


def _add_bound(property_: dict[str, Any], bound: Bound) -> None:
    """Add the bounds of a number to its schema, and say in its description what becomes of a number outside."""
    property_["description"] = f"{property_['description']} {bound.description}".strip()
    for variant in property_.get("anyOf", [property_]):
        types = [variant.get("type")] if isinstance(variant.get("type"), str) else variant.get("type", ())
        if "integer" in types or "number" in types:
            variant["minimum"], variant["maximum"] = bound.smallest, bound.largest


def _required_fields(struct: Any) -> list[str]:
    """Return the names of the fields that every answer has."""
    fields = msgspec.structs.fields(struct)
    if struct.__struct_config__.omit_defaults:
        return [field.encode_name for field in fields if field.required]
    return [field.encode_name for field in fields if field.default is not UNSET]


def _with_accepted_types(struct: Any) -> Any:
    """Return a copy of a struct whose fields have the types that they really take."""
    fields = []
    for field in msgspec.structs.fields(struct):
        settings: dict[str, Any] = {"name": field.encode_name}
        if field.default_factory is not msgspec.NODEFAULT:
            settings["default_factory"] = field.default_factory
        elif field.default is not msgspec.NODEFAULT:
            settings["default"] = None if isinstance(field.default, Raw) else field.default
        fields.append((field.name, accepted_type(field.type), msgspec.field(**settings)))
    return msgspec.defstruct(struct.__name__, fields, namespace={"__doc__": struct.__doc__}, kw_only=True)
