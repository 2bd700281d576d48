"""Skill: call the right tool with the arguments of the request, and answer from what it returned."""

from random import Random

from training.corpus import about, facts
from training.corpus.skill import Skill
from training.corpus.tools_held_out import held_out
from training.corpus.tools_invented import invented_task
from training.corpus.tools_known import FEW_WORDS, KINDS, group_of, known_task, known_tool, outcome
from training.corpus.tools_renaming import renamed
from training.corpus.tools_surroundings import INTRODUCTIONS, small_talk, surrounded
from training.corpus.tools_task import Task, numbered
from training.corpus.tools_values import value
from training.corpus.words import filler, made_up
from training.example import Call, Conversation, Tool, Turn, compact

THANKS = ("Thanks!", "Thank you!", "thank you", "thanks", "Thanks a lot!", "Great, thanks!", "Thank you very much.")

ERRORS = (
    *("not found", "timeout", "no connection", "access denied", "unknown name", "service not available", "bad request"),
    *("no results", "too many requests", "invalid key", "the service is down", "wrong number"),
)


def example(rng: Random) -> Conversation:
    """Return a conversation with tools: a call, an answer from a result, or an answer without a tool."""
    form = rng.random()
    if form < 0.12:
        return surrounded(rng, _without_call(rng), _offered(rng, [], rng.choice((1, 2, 3))))
    if form < 0.17:
        return _twice(rng)
    if form < 0.23:
        return _again(rng)
    task = known_task(rng) if rng.random() < 0.5 else invented_task(rng)
    calling = form < 0.64
    if calling and rng.random() < 0.4:
        task = renamed(rng, task)
    tools = _offered(rng, [task], rng.choice((1, 2, 2, 2, 3, 3)))
    if calling:
        return surrounded(rng, _asking(task), tools)
    turns = _served(rng, task)
    if form < 0.67:
        turns += (
            Turn("user", rng.choice(THANKS)),
            Turn("assistant", "You are welcome!", "The user thanks me. I say you are welcome."),
        )
    return surrounded(rng, turns, tools)


def _asking(task: Task) -> tuple[Turn, ...]:
    thinking = f"I need {task.tool.name} with {numbered(task.arguments)}."
    return (Turn("user", task.request), Turn("assistant", "", thinking, (task.call,)))


def _served(rng: Random, task: Task) -> tuple[Turn, ...]:
    result, answer, told = task.result, task.answer, task.told
    if rng.random() < 0.05:
        told = f"{rng.choice(ERRORS)}" if rng.random() < 0.7 else f"{made_up(rng)} {rng.choice(ERRORS)}"
        result = rng.choice((compact({"error": told}), f'{{"error": "{told}"}}', f"error: {told}", f"Error: {told}"))
        answer, told = f"The tool reported an error: {told}.", f"the error {told}"
    elif rng.random() < 0.05:
        result, told = answer, answer.rstrip(".")
    return (
        *_asking(task),
        Turn("tool", result),
        Turn("assistant", answer, f"The tool gave {told}. I tell the user."),
    )


def _again(rng: Random) -> Conversation:
    """Return a second request for the same tool, after the first was served."""
    kind = rng.choice(KINDS)
    tool = known_tool(rng, kind)
    first, second = known_task(rng, kind, tool), known_task(rng, kind, tool)
    last = _asking(second) if rng.random() < 0.6 else _served(rng, second)
    return surrounded(rng, (*_served(rng, first), *last), _offered(rng, [second], rng.choice((1, 2))))


def _twice(rng: Random) -> Conversation:
    """Return a request for two things, which takes two calls of one tool."""
    single = [kind for kind in KINDS if len(kind.parameters) == 1 and kind.parameters[0].kind in TWICE]
    kind = rng.choice(single)
    tool = known_tool(rng, kind)
    values = [value(rng, kind.parameters[0].kind) for _ in range(2)]
    joined = rng.choice(("{} and {}", "{} and {}", "{} and also {}", "both {} and {}")).format(
        *[v.text for v in values]
    )
    core = rng.choice(kind.orders + kind.questions).format(joined)
    request = core[0].upper() + core[1:] + ("?" if core.split()[0] in ("what", "how", "is", "where", "who") else "")
    parameter = tool.parameters[0][0]
    calls = tuple(Call(tool.name, {parameter: given.json}) for given in values)
    thinking = f"I need {tool.name} with {parameter} {values[0].text}, and again with {values[1].text}."
    turns: tuple[Turn, ...] = (Turn("user", request), Turn("assistant", "", thinking, calls))
    if rng.random() < 0.4:
        shape = rng.choice(kind.outcomes)
        first, second = (outcome(rng, shape, [given]) for given in values)
        turns += (
            Turn("tool", first[0]),
            Turn("tool", second[0]),
            Turn(
                "assistant", f"{first[1]} {second[1]}", f"The tools gave {first[2]}, and {second[2]}. I tell the user."
            ),
        )
    task = Task(tool, request, {}, "", "", "", group_of(kind))
    return surrounded(rng, turns, _offered(rng, [task], rng.choice((1, 2, 3))))


TWICE = ("city", "country", "name", "symbol", "id", "code")
"""Kinds of values that a request may name two of."""


def _without_call(rng: Random) -> tuple[Turn, ...]:
    if rng.random() < 0.15:
        name = filler(rng, "name")
        said = rng.choice(INTRODUCTIONS).format(name)
        asked = rng.choice(("What is my name?", "Do you know my name?", "what's my name?", "Who am I?"))
        return (
            *(Turn("user", said), Turn("assistant", f"Nice to meet you, {name}!", f"The user's name is {name}.")),
            Turn("user", asked),
            Turn("assistant", f"Your name is {name}.", f"The user asks for the name. The user said {name}."),
        )
    if rng.random() < 0.5:
        other = (about.example if rng.random() < 0.6 else facts.example)(rng)
        if not other.system:
            return other.turns
    return small_talk(rng)


def _offered(rng: Random, tasks: list[Task], count: int) -> tuple[Tool, ...]:
    """Return `count` tools in random order, those of the tasks among them."""
    tools = [task.tool for task in tasks]
    groups = {task.group for task in tasks}
    for task in tasks:
        if task.near and count > len(tools) and rng.random() < 0.5 and task.near[0].name != task.tool.name:
            tools.append(task.near[0])
    while len(tools) < count:
        if rng.random() < 0.5:
            kind = rng.choice(KINDS)
            group, tool = group_of(kind), known_tool(rng, kind)
        elif rng.random() < 0.5:
            group, tool = made_up(rng), invented_task(rng).tool
        else:
            group, tool = made_up(rng), renamed(rng, known_task(rng)).tool
        taken = tool.name in [other.name for other in tools]
        if group not in groups and not taken and not any(_alike(tool, task.tool) for task in tasks):
            tools.append(tool)
            groups.add(group)
    rng.shuffle(tools)
    return tuple(tools)


def _alike(one: Tool, other: Tool) -> bool:
    """Return whether two tools' descriptions share so many words that a request may mean either."""
    words = [{word for word in tool.description.lower().split() if word not in FEW_WORDS} for tool in (one, other)]
    return len(words[0] & words[1]) >= 2


SKILL = Skill("tools", "calls the right tool and answers from its result", 0.25, 0.90, example, held_out)
