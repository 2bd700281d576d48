"""The tables that `paddock show` and `/show info` print about a model."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from paddock.cli.terminal.go_format import format_decimal, format_float, format_value
from paddock.cli.terminal.human import human_number
from paddock.cli.terminal.screen import text_width
from paddock.cli.terminal.tables import Table

_ARRAY_WIDTH = 10
_MAX_TEXT_LINES = 2
_TEXT_WIDTH = 100
_WIDTH = 30


def describe(info: dict[str, Any], verbose: bool = False) -> str:
    """Return the tables about a model as text; `info` is the answer of `/api/show`."""
    return "".join(_section(title, rows, wrap) for title, rows, wrap in _sections(info, verbose))


def format_array(items: list[Any]) -> str:
    """Format the first items of an array, as many as fit a narrow column, and the number of the others."""
    count, width = 0, 1
    for item in items:
        width += text_width(format_value(item)) + (2 if count else 0)
        if width > _ARRAY_WIDTH and count:
            break
        count += 1
    text = format_value(items[:count])
    return text if count == len(items) else f"{text[:-1]} ...+{len(items) - count} more]"


def _sections(info: dict[str, Any], verbose: bool) -> Iterator[tuple[str, Iterable[list[str]], int]]:
    metadata = info.get("model_info")
    yield "Model", _model(info, metadata), _WIDTH
    if info.get("capabilities"):
        yield "Capabilities", [[text] for text in info["capabilities"]], _WIDTH
    if info.get("template_error"):
        yield "Template", [[info["template_error"]]], _TEXT_WIDTH
    if info.get("projector_info") is not None:
        yield "Projector", _projector(info["projector_info"]), _WIDTH
    if info.get("parameters"):
        yield "Parameters", [line.split() for line in info["parameters"].splitlines() if line], _WIDTH
    if metadata is not None and verbose:
        yield "Metadata", [[key, _metadata(metadata[key])] for key in sorted(metadata)], _WIDTH
    if info.get("tensors") and verbose:
        yield "Tensors", [[t["name"], t["type"], format_value(t["shape"])] for t in info["tensors"]], _WIDTH
    if info.get("system"):
        yield "System", _first_lines(info["system"]), _TEXT_WIDTH
    if info.get("license"):
        yield "License", _first_lines(info["license"]), _TEXT_WIDTH


def _section(title: str, rows: Iterable[list[str]], wrap: int) -> str:
    table = Table(wrap=wrap)
    for row in rows:
        table.add(["", *row])
    return f"  {title}\n{table.render()}\n"


def _model(info: dict[str, Any], metadata: dict[str, Any] | None) -> Iterator[list[str]]:
    details = info.get("details") or {}
    if info.get("remote_host"):
        yield ["Remote model", info.get("remote_model", "")]
        yield ["Remote URL", info["remote_host"]]
    size = details.get("parameter_size", "")
    if metadata is None:
        yield ["architecture", details.get("family", "")]
        yield ["parameters", size]
    else:
        architecture = metadata.get("general.architecture") or ""
        if architecture:
            yield ["architecture", architecture]
        count = metadata.get("general.parameter_count")
        yield ["parameters", size or (human_number(int(count)) if _is_number(count) else "")]
        for title, key in (("context length", "context_length"), ("embedding length", "embedding_length")):
            value = metadata.get(f"{architecture}.{key}")
            if _is_number(value):
                yield [title, format_decimal(float(value))]
    yield ["quantization", details.get("quantization_level", "")]
    if info.get("requires"):
        yield ["requires", info["requires"]]


def _projector(metadata: dict[str, Any]) -> Iterator[list[str]]:
    architecture = metadata.get("general.architecture") or ""
    yield ["architecture", architecture]
    count = metadata.get("general.parameter_count")
    if _is_number(count):
        yield ["parameters", human_number(int(count))]
    for title, key in (("embedding length", "vision.embedding_length"), ("dimensions", "vision.projection_dim")):
        value = metadata.get(f"{architecture}.{key}")
        if _is_number(value):
            yield [title, format_decimal(float(value))]


def _metadata(value: Any) -> str:
    match value:
        case list():
            return format_array(value)
        case int() | float() if not isinstance(value, bool):
            return format_float(float(value))
        case dict():
            return "map[string]interface {}"
        case _:
            return format_value(value)


def _first_lines(text: str) -> Iterator[list[str]]:
    """Yield the first lines that are not blank, and dots if there are more."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    yield from ([line] for line in lines[:_MAX_TEXT_LINES])
    if len(lines) > _MAX_TEXT_LINES:
        yield ["..."]


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
