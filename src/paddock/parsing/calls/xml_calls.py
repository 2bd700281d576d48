"""Calls in tags: the function, its parameters and their values as bare text."""

import re
from collections.abc import Iterator
from typing import Any

from paddock.parsing.calls.json_calls import decoded_object
from paddock.parsing.calls.values import properties, required, typed
from paddock.parsing.reply import Functions, ParseError, ToolCall

_ARGUMENT_TAG = re.compile(r"(</?arg_(?:key|value)>)")
_SOLID = re.compile(r"\S")
_ATEM, _ATEM_END = "<atem:function_calls>", "</atem:function_calls>"


def function_tag(body: str, known: Functions) -> list[ToolCall]:
    """Read a call as `<function=name><parameter=key>value</parameter></function>`.

    Raises:
        ParseError: if it is none.
    """
    body = body.strip()
    if not body.startswith("<function=") or not body.endswith("</function>"):
        raise ParseError("the tool call has no complete <function> tag")
    name, _, inside = body.removeprefix("<function=").removesuffix("</function>").partition(">")
    parameters = properties(known.get(name))
    pairs = _tagged(inside, "<parameter=", ">", "</parameter>")
    return [ToolCall(name, {key: typed(_line(value), key, parameters) for key, value in pairs})]


def argument_tags(body: str, known: Functions, closed: bool) -> list[ToolCall]:
    """Read a call as `name<arg_key>key</arg_key><arg_value>value</arg_value>`; one of two adjacent tags may be missing.

    If it is not `closed`, the tool must be known and all required arguments be there.

    Raises:
        ParseError: if it is none.
    """
    name, arguments, complete = _arguments(body, known, cut=not closed)
    if not name:
        raise ParseError("the tool call has no function name")
    if not complete:
        raise ParseError(f"the call of {name!r} has an argument without a value")
    if not closed:
        if name not in known:
            raise ParseError(f"the call of {name!r} is incomplete, and there is no such tool")
        if missing := [key for key in required(known[name]) if key not in arguments]:
            raise ParseError(f"the call of {name!r} is incomplete: {', '.join(missing)} is missing")
    return [ToolCall(name, arguments)]


def lenient_argument_tags(body: str, known: Functions, closed: bool) -> list[ToolCall] | None:
    """Read a call like `argument_tags`, or as JSON, whole or behind the name. An argument that is cut off is left out.

    Returns None if there are neither arguments nor a known tool: such a call is text.

    Raises:
        ParseError: if JSON was begun and is none.
    """
    body = body.replace("<tool_call>", "").strip()
    name, _, behind = body.partition("{")
    if body.startswith("{"):
        call = decoded_object(body)
        given, inside = call.get("name"), call.get("arguments")
        arguments = inside if isinstance(inside, dict) else {}
        name = given if isinstance(given, str) else ""
    elif behind and len(name.split()) == 1 and "<" not in name:
        name, arguments = name.strip(), decoded_object("{" + behind)
    else:
        name, arguments, _ = _arguments(body, known, cut=not closed)
    if name not in known and name.removesuffix("_file") in known:
        name = name.removesuffix("_file")
    return [ToolCall(name, arguments)] if name and (arguments or name in known) else None


def atem(body: str, known: Functions) -> list[ToolCall]:
    """Read calls as `<atem:function_calls><atem:invoke name="…"><atem:parameter name="…">value</atem:parameter>…`.

    Raises:
        ParseError: if they are not.
    """
    body = body.strip()
    if not body.startswith(_ATEM) or not body.endswith(_ATEM_END):
        raise ParseError("the tool call is not complete")
    calls = []
    inside = body.removeprefix(_ATEM).removesuffix(_ATEM_END)
    for shown, parts in _tagged(inside, '<atem:invoke name="', '">', "</atem:invoke>"):
        name = function_name(shown.removesuffix("<|message|>"), known)
        parameters = properties(known.get(name))
        pairs = _tagged(parts, '<atem:parameter name="', '">', "</atem:parameter>")
        calls.append(ToolCall(name, {key: typed(value, key, parameters) for key, value in pairs}))
    if not calls:
        raise ParseError("the tool call names no function")
    return calls


def function_name(name: str, known: Functions) -> str:
    """Return the known function that a model means by a name; some models add a namespace."""
    last = name.rpartition(".")[2]
    return last if name not in known and last in known else name


def _tagged(text: str, opening: str, between: str, closing: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the inside of each of a text's tags, which are all of one kind.

    Raises:
        ParseError: if one is not closed, or something else stands beside them.
    """
    place = _after_space(text, 0)
    while place < len(text):
        middle = text.find(between, place)
        end = text.find(closing, middle)
        if not text.startswith(opening, place) or middle < 0 or end < 0:
            raise ParseError(f"the tool call has {text[place : place + 30]!r} where {opening!r} should stand")
        yield text[place + len(opening) : middle], text[middle + len(between) : end]
        place = _after_space(text, end + len(closing))


def _after_space(text: str, place: int) -> int:
    found = _SOLID.search(text, place)
    return found.start() if found else len(text)


def _line(text: str) -> str:
    """Return a value without the line ends that put it on lines of its own."""
    return text.removeprefix("\n").removesuffix("\n")


def _arguments(body: str, known: Functions, *, cut: bool) -> tuple[str, dict[str, Any], bool]:
    """Return a call's name, its arguments, and whether each has a value. If `cut`, an open value does not count."""
    head, *tags_and_texts = _ARGUMENT_TAG.split(body)
    name, key = [*head.split(None, 1), "", ""][:2]
    key = key.strip()
    parameters = properties(known.get(name))
    arguments: dict[str, Any] = {}
    tags, texts = tags_and_texts[::2], tags_and_texts[1::2]
    for tag, text, following in zip(tags, texts, [*tags[1:], ""], strict=False):
        if tag == "<arg_key>":
            key = text.strip()
        elif tag == "<arg_value>" and key and (following == "</arg_value>" or not cut):
            arguments[key] = typed(_line(text), key, parameters)
            key = ""
    return name, arguments, not key
