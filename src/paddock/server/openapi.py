"""The description of the API, as OpenAPI 3.1: `/openapi.json`, and `/docs` for people.

Shapes come from `operations`, words and examples from `openapi-words.json`. Nothing of this is imported, read or built
before somebody asks for it.
"""

import functools
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw

from paddock import OLLAMA_API_VERSION, __version__
from paddock.library.options import OPTION_TYPES
from paddock.protocol.json import encode
from paddock.protocol.ollama import ErrorBody, RankedDocument
from paddock.server.operations import JSON, OPERATIONS, Operation

NDJSON = "application/x-ndjson"
WORDS = Path(__file__).with_name("openapi-words.json")
PAGE = Path(__file__).with_name("docs.html")
SCHEMAS = "#/components/schemas/"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
"""The page of `/docs` reaches this server only, and no other page may put it into a frame."""
EVERYWHERE = (403, 500)
"""What any endpoint may answer."""


OPEN_TYPES = (Any, list[Any] | None, Raw, list[Raw])
REFINED: Mapping[str, Any] = {
    "format": Literal["", "json"] | dict[str, Any] | None,
    "keep_alive": float | str | None,
    "tool_choice": str | dict[str, Any] | None,
    "think": bool | Literal["low", "medium", "high", "max"] | None,
    "input": str | list[str] | None,
    "documents": list[str | RankedDocument],
    "images": list[str] | None,
    "license": str | list[str] | None,
    "embeddings": list[list[float]],
}
"""What fields take that the protocol's structs leave open and reads by itself, for the sake of its error texts."""
OPTION_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "integer": {"type": ["integer", "null"]},
    "float32": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "array": {"type": ["array", "null"], "items": {"type": "string"}},
}


@functools.cache
def document() -> bytes:
    """Return `/openapi.json`."""
    return encode(describe())


@functools.cache
def page() -> bytes:
    """Return `/docs`: a page that needs nothing but `/openapi.json`."""
    return PAGE.read_bytes()


def describe(operations: Sequence[Operation] = OPERATIONS) -> dict[str, Any]:
    """Return the description of `operations` as an OpenAPI 3.1 document.

    Raises:
        KeyError: if one of them has no words.
    """
    words = msgspec.json.decode(WORDS.read_bytes())
    schemas, references = _schemas(operations, words)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, words, references)
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
        "components": {
            "schemas": schemas,
            "responses": {status: _error(error) for status, error in words["errors"].items()},
        },
    }


def _operation(operation: Operation, words: Mapping[str, Any], references: Mapping[Any, Any]) -> dict[str, Any]:
    said = words["operations"][operation.id]
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.group],
        "summary": said["summary"],
        "description": said["description"],
    }
    if operation.parameters:
        described["parameters"] = [words["parameters"][name] for name in operation.parameters]
    if operation.request is bytes:
        described["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    elif operation.request is not None:
        content = {"schema": references[operation.request], "examples": _examples(said["requests"])}
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    described["responses"] = {
        str(status): {"description": said["answers"][str(status)]} for status in operation.statuses
    }
    if content := _content(operation, said, references):
        described["responses"]["200"]["content"] = content
    for status in sorted({*operation.errors, *EVERYWHERE}):
        described["responses"][str(status)] = (
            {"description": words["errors"][str(status)]["description"]}
            if operation.method == "HEAD"
            else {"$ref": f"#/components/responses/{status}"}
        )
    return described


def _content(operation: Operation, said: Mapping[str, Any], references: Mapping[Any, Any]) -> dict[str, Any]:
    """The bodies that a success may have, by media type."""
    content: dict[str, Any] = {}
    if operation.lines:
        example = "".join(encode(line).decode() + "\n" for line in said["lines"])
        shapes = [references[line] for line in operation.lines]
        content[NDJSON] = {"schema": {"anyOf": shapes, "description": "Each line."}, "example": example}
    if isinstance(operation.reply, str):
        schema = {"type": "object" if operation.reply == JSON else "string"}
        content[operation.reply] = {"schema": schema, **({"example": said["reply"]} if "reply" in said else {})}
    elif operation.reply is not None:
        content[JSON] = {"schema": references[operation.reply], "example": said["reply"]}
    return content


def _error(said: Mapping[str, Any]) -> dict[str, Any]:
    if "example" not in said:
        return {"description": said["description"]}
    content = {"schema": {"$ref": SCHEMAS + "ErrorBody"}, "example": {"error": said["example"]}}
    return {"description": said["description"], "content": {JSON: content}}


def _examples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace(" ", "-"): {"summary": name, "value": value} for name, value in values.items()}


def _schemas(
    operations: Sequence[Operation], words: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[Any, dict[str, Any]]]:
    """Return the schemas by name, and for each struct of `operations` what refers to its schema."""
    requests = [o.request for o in operations if inspect.isclass(o.request) and o.request is not bytes]
    replies: list[Any] = [s for o in operations for s in (o.reply, *o.lines) if inspect.isclass(s)]
    structs = {struct: _refined(struct) for struct in dict.fromkeys([*requests, *replies, ErrorBody])}
    found, schemas = msgspec.json.schema_components(structs.values(), ref_template=SCHEMAS + "{name}")
    for struct in replies:
        schemas[struct.__name__]["required"] = _always_there(struct)
    for struct in requests:
        for name in ("options", "parameters"):
            if name in schemas[struct.__name__]["properties"]:
                either = [{"$ref": SCHEMAS + "Options"}, {"type": "null"}]
                schemas[struct.__name__]["properties"][name] = {"anyOf": either}
    for name, schema in schemas.items():
        for field, property_ in schema["properties"].items():
            property_["description"] = words["fields"].get(f"{name}.{field}") or words["fields"].get(field, "")
            if property_.get("default", UNSET) is None:
                del property_["default"]  # null means absent: what then counts is in the words
    schemas["Options"] = {
        "title": "Options",
        "description": words["fields"]["options"],
        "type": "object",
        "properties": {
            name: OPTION_SCHEMAS[kind] | {"description": words["options"].get(name, "")}
            for name, kind in OPTION_TYPES.items()
        },
    }
    return schemas, dict(zip(structs, found, strict=True))


def _always_there(struct: Any) -> list[str]:
    """Return the names of the fields that an answer never lacks."""
    fields = msgspec.structs.fields(struct)
    if struct.__struct_config__.omit_defaults:
        return [field.encode_name for field in fields if field.required]
    return [field.encode_name for field in fields if field.default is not UNSET]


def _refined(struct: Any) -> Any:
    """Return a copy of a struct whose open fields have the types that they really take."""
    fields = []
    for field in msgspec.structs.fields(struct):
        kind = REFINED.get(field.encode_name, field.type) if field.type in OPEN_TYPES else field.type
        settings: dict[str, Any] = {"name": field.encode_name}
        if field.default_factory is not msgspec.NODEFAULT:
            settings["default_factory"] = field.default_factory
        elif field.default is not msgspec.NODEFAULT:
            settings["default"] = None if isinstance(field.default, Raw) else field.default
        fields.append((field.name, kind, msgspec.field(**settings)))
    return msgspec.defstruct(struct.__name__, fields, namespace={"__doc__": struct.__doc__}, kw_only=True)
