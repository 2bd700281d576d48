"""The Jinja environment of the renderers' templates. It is imported when a prompt is first rendered (20 ms)."""

from collections.abc import Sequence
from importlib.resources import files
from typing import NoReturn

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from paddock.templates.errors import TemplateRefused
from paddock.templates.renderers.conversation import Turn
from paddock.templates.renderers.gemma_text import declaration, function_declaration, literal, without_thoughts
from paddock.templates.renderers.go_text import bare, json_text


def template(file: str) -> Template:
    """Return a template of this package, which is compiled when first used."""
    return _ENVIRONMENT.get_template(file)


def last_index(turns: Sequence[Turn], role: str) -> int:
    """Return the index of the last message of a role, -1 if there is none."""
    return next((turn.index for turn in reversed(turns) if turn.role == role), -1)


def last_question(turns: Sequence[Turn]) -> int:
    """Return the index of the user's last question, -1 if there is none.

    Some clients send a tool's result as a user's message; that is no question.
    """
    for turn in reversed(turns):
        if turn.role == "user":
            text = turn.content.strip()
            if not (text.startswith("<tool_response>") and text.endswith("</tool_response>")):
                return turn.index
    return -1


def split_thoughts(text: str) -> tuple[str, str]:
    """Split a reply at `</think>`; return its thinking and the rest."""
    before, tag, after = text.partition("</think>")
    return (before.rpartition("<think>")[2].strip(), after.lstrip("\n")) if tag else ("", text)


def refuse(reason: str) -> NoReturn:
    """End the rendering of a conversation that the format does not allow."""
    raise TemplateRefused(reason)


def _source(file: str) -> str:
    return (files(__package__) / "templates" / file).read_text("utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    environment.filters |= {
        "json": json_text,
        "bare": bare,
        "literal": literal,
        "declaration": declaration,
        "function_declaration": function_declaration,
        "without_thoughts": without_thoughts,
        "split_thoughts": split_thoughts,
    }
    environment.globals |= {"last_index": last_index, "last_question": last_question, "refuse": refuse}
    return environment


_ENVIRONMENT = _environment()
"""The shared environment: it caches compiled templates and has no state of a rendering."""
