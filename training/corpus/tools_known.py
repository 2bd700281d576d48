"""Tasks with the tools of the catalogue."""

import json
import re
from random import Random

from training.corpus.tools_catalogue import KINDS as EVERYDAY
from training.corpus.tools_catalogue_work import KINDS as WORK
from training.corpus.tools_kinds import Kind, Outcome, Parameter
from training.corpus.tools_task import Task, invented_name, numbered, order, question, styled
from training.corpus.tools_values import FREE_TEXT, Value, calculated, value
from training.corpus.words import made_up
from training.example import JsonValue, Tool, compact

KINDS = (*EVERYDAY, *WORK)

GROUPS = (
    "get_weather get_forecast weather_in_unit",
    "add multiply subtract calculator",
    "set_timer named_timer",
    "web_search search_results get_news",
    "open_file list_files",
    "order_food add_to_list create_note",
    "add_reminder set_alarm add_event",
    "send_email send_message",
    "find_train book_flight get_distance",
)
"""First names of kinds that are too alike to be on offer together."""

GROUP_OF = {name: names.split()[0] for names in GROUPS for name in names.split()}

FEW_WORDS = (
    "the",
    "a",
    "an",
    "of",
    "to",
    "in",
    "by",
    "for",
    "or",
    "on",
    "with",
    "some",
    "its",
    "is",
    "how",
    "what",
    "it",
)


def group_of(kind: Kind) -> str:
    """Return the name of a kind's group."""
    return GROUP_OF.get(kind.names[0], kind.names[0])


def known_tool(rng: Random, kind: Kind) -> Tool:
    """Return a tool of a kind, with one of many names and descriptions."""
    about = rng.choice(kind.about)
    choice = rng.random()
    if choice < 0.55:
        name = rng.choice(kind.names)
    elif choice < 0.8:
        words = [word for word in re.findall(r"[a-z]+", about.lower()) if word not in FEW_WORDS]
        name = styled(rng, words[: rng.choice((1, 2, 2, 3))])
    else:
        name = invented_name(rng)
    names: list[str] = []
    for parameter in kind.parameters:
        name_of_it = _parameter_name(rng, parameter)
        while name_of_it in names:
            name_of_it = made_up(rng)
        names.append(name_of_it)
    return Tool(name, about, tuple((n, p.type) for n, p in zip(names, kind.parameters, strict=True)))


def known_task(rng: Random, kind: Kind | None = None, tool: Tool | None = None) -> Task:
    """Return a task with a tool of the catalogue, or with `tool`, which is of `kind`."""
    kind = kind or rng.choice(KINDS)
    tool = tool or known_tool(rng, kind)
    values = [value(rng, parameter.kind) for parameter in kind.parameters]
    core, request = _request(rng, kind, values)
    arguments: dict[str, JsonValue] = {
        name: given.json
        for i, ((name, _), given) in enumerate(zip(tool.parameters, values, strict=True))
        if f"{{{i}}}" in core
    }
    result, answer, told = outcome(rng, rng.choice(kind.outcomes), values)
    return Task(tool, request, arguments, result, answer, told, group_of(kind))


def outcome(rng: Random, shape: Outcome, arguments: list[Value]) -> tuple[str, str, str]:
    """Return a result, the answer that it leads to, and what thinking says of it."""
    names = [rng.choice(names) for names, _ in shape.keys]
    results = [calculated(kind, arguments) if kind[0] == "=" else value(rng, kind) for _, kind in shape.keys]
    slots = {f"r{i}": result.text for i, result in enumerate(results)}
    texts = [argument.text for argument in arguments]
    answer = shape.answer.format(*texts, **slots)
    if rng.random() < 0.25:
        plain = shape.plain.format(*texts, **slots)
        return plain, answer, plain.rstrip(".")
    found: dict[str, JsonValue] = {name: result.json for name, result in zip(names, results, strict=True)}
    return written(rng, found), answer, numbered(found)


def written(rng: Random, found: dict[str, JsonValue]) -> str:
    """Write a result as JSON, compactly or not."""
    return compact(found) if rng.random() < 0.4 else json.dumps(found, ensure_ascii=False)


def _parameter_name(rng: Random, parameter: Parameter) -> str:
    return made_up(rng) if rng.random() < 0.1 else rng.choice(parameter.names)


def _request(rng: Random, kind: Kind, values: list[Value]) -> tuple[str, str]:
    texts = [given.text for given in values]
    form = rng.random()
    if form < 0.3 and kind.questions:
        core = rng.choice(kind.questions)
        return core, question(rng, core.format(*texts))
    if form < 0.45 and kind.keywords:
        core = rng.choice(kind.keywords)
        text = core.format(*texts)
        return core, text if rng.random() < 0.6 else text[0].upper() + text[1:]
    core = rng.choice(kind.orders)
    closed = core.endswith("}") and kind.parameters[int(core[-2])].kind in FREE_TEXT
    return core, order(rng, core.format(*texts), closed=closed)
