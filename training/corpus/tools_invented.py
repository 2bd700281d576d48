"""Tasks with tools that are put together at random from verbs, nouns and owners, so that only the rule helps."""

from random import Random

from training.corpus.tools_known import written
from training.corpus.tools_task import Task, invented_name, numbered, order, question, styled
from training.corpus.tools_values import FREE_TEXT, Value, listed, value
from training.corpus.tools_words import other_word
from training.corpus.words import made_up
from training.example import JsonValue, Tool

GETTING = "get find fetch show check look_up read tell give return load query retrieve compute".split()

ATTRIBUTES = """
price height weight age colour owner status size length width depth rating score speed birthday address salary level
balance capacity schedule menu title author director genre language address phone nickname password rank type model
brand version date time place number code label value cost material shape volume area range limit name manager boss
teacher doctor driver pilot winner leader mayor king queen currency flag animal food dish drink song book film
summary text comment rule reason result answer colour smell taste sound temperature pressure power energy battery
signal state mode position route stop station exit entrance floor room seat desk shelf box key lock door window roof
year month day hour duration start end deadline budget tax fee discount debt income profit stock supply order bill
""".split()

OWNERS = """
product person user city country animal planet car book song team company order room device server house street
school student worker player game film ship plane train bus bike phone computer file folder project task ticket
customer client machine robot garden tree flower river mountain lake island bridge tower museum hotel shop market
restaurant kitchen table chair lamp camera battery printer network account member group club band artist writer
singer doctor farm field forest beach park zoo library office factory bank store package box letter
""".split()

ACTIONS = """
open:opened close:closed start:started stop:stopped lock:locked unlock:unlocked paint:painted clean:cleaned feed:fed
cancel:cancelled rename:renamed print:printed share:shared archive:archived move:moved charge:charged wash:washed
repair:repaired fix:fixed sell:sold buy:bought rent:rented pay:paid save:saved restart:restarted reset:reset
update:updated install:installed remove:removed delete:deleted create:created build:built test:tested block:blocked
hide:hidden show:shown follow:followed like:liked approve:approved reject:rejected sign:signed scan:scanned
upload:uploaded download:downloaded pause:paused resume:resumed dim:dimmed fill:filled empty:emptied park:parked
order:ordered reserve:reserved publish:published assign:assigned mark:marked invite:invited register:registered
""".split()

THINGS_ACTED_ON = """
door window gate room car bike robot machine printer server device lamp oven fridge pump fan boat house tent box
file folder page document report letter ticket order bill invoice account user member group project task job event
song film game photo video camera phone screen table chair shelf bed shop school garden field tree horse dog cat
package message post comment list note book shirt shoe coat cup bottle engine battery network alarm clock heater
""".split()

FIELDS = """
name:name customer:name person:name user:name owner:name driver:name guest:name colour:colour city:city place:city
from_city:city size:few amount:integer count:integer number:integer price:number weight:number age:small year:year
title:title subject:title text:message note:message comment:message date:date day:date time:time start:time
room:room code:code id:id product:thing item:thing object:thing animal:animal dish:food language:language
country:country email:email urgent:true priority:few level:percent minutes:small hours:few status:done file:file
""".split()

GET_WORDINGS = (
    *("get the {noun} of {x}", "find the {noun} of {x}", "show me the {noun} of {x}", "tell me the {noun} of {x}"),
    *(
        "give me the {noun} of {x}",
        "look up the {noun} of {x}",
        "check the {noun} of {x}",
        "find out the {noun} of {x}",
    ),
    *("get the {noun} for {x}", "show the {noun} for {x}", "fetch the {noun} for {x}", "read the {noun} of {x}"),
    *("get the {noun} of the {owner} {x}", "show me the {noun} of the {owner} {x}", "check the {noun} of {owner} {x}"),
    *("find the {noun} of {owner} {x}", "tell me the {noun} of the {owner} {x}", "look up the {noun} for {owner} {x}"),
    *("say what the {noun} of {x} is", "tell me what the {noun} of the {owner} {x} is"),
)
GET_QUESTIONS = (
    *("what is the {noun} of {x}", "what's the {noun} of {x}", "which {noun} does {x} have", "what {noun} has {x}"),
    *("what is the {noun} of the {owner} {x}", "what is the {noun} for {x}", "what's the {noun} of {owner} {x}"),
    *("do you know the {noun} of {x}", "what {noun} does {owner} {x} have", "what {noun} does the {owner} {x} have"),
    *("what is {x}'s {noun}", "which {noun} has the {owner} {x}", "can I see the {noun} of {x}"),
)
GET_KEYWORDS = (
    "{noun} {x}",
    "{noun} of {x}",
    "{x} {noun}",
    "{noun} of {owner} {x}",
    "{noun} for {x}",
    "{owner} {x} {noun}",
)

ACT_WORDINGS = (
    *("{verb} the {thing} {x}", "{verb} {thing} {x}", "{verb} the {thing} called {x}", "{verb} the {thing} named {x}"),
    *("{verb} my {thing} {x}", "{verb} a {thing} named {x}", "{verb} the {thing} with the name {x}"),
)
SET_WORDINGS = (
    *("set the {noun} of {x} to {y}", "change the {noun} of {x} to {y}", "set the {noun} of the {owner} {x} to {y}"),
    *("make {y} the {noun} of {x}", "update the {noun} of {x} to {y}", "put the {noun} of {x} to {y}"),
    *("give {x} the {noun} {y}", "change the {noun} of {owner} {x} to {y}"),
)


def word(rng: Random, words: list[str], other: float = 0.45) -> str:
    """Return one of `words`, or any other word, which may mean nothing."""
    return other_word(rng) if rng.random() < other else rng.choice(words)


def invented_task(rng: Random) -> Task:
    """Return a task with a tool made up on the spot."""
    make = rng.choices((getting, acting, setting, filling), (5, 3, 2, 3))[0]
    return make(rng)


def name_for(rng: Random, words: list[str]) -> str:
    """Return a tool's name: of words that tell what it does, or one that tells nothing."""
    return invented_name(rng) if rng.random() < 0.25 else styled(rng, [part for w in words for part in w.split("_")])


def getting(rng: Random) -> Task:
    """Return a task to get something of something, such as the price of a product."""
    verb, noun, owner = rng.choice(GETTING), word(rng, ATTRIBUTES), word(rng, OWNERS, 0.35)
    kind = rng.choice(("name", "city", "thing", "title", "code", "id", "animal", "country", "symbol", "word"))
    given = value(rng, kind)
    found = value(
        rng, rng.choice(("integer", "number", "name", "city", "colour", "word", "title", "date", "done", "small"))
    )
    parameter = rng.choice((owner, owner, f"{owner}_name", "name", "id", "key", "query", made_up(rng)))
    tool = getter(rng, verb, noun, owner, parameter, "integer" if kind == "id" else "string")
    form = rng.random()
    words = {"noun": noun, "owner": owner, "x": given.text}
    if form < 0.45:
        request = order(rng, rng.choice(GET_WORDINGS).format(**words), closed=kind in FREE_TEXT)
    elif form < 0.85:
        request = question(rng, rng.choice(GET_QUESTIONS).format(**words))
    else:
        request = rng.choice(GET_KEYWORDS).format(**words)
    key = rng.choice((noun, noun, noun, "result", "value", f"{owner}_{noun}"))
    facts: dict[str, JsonValue] = {key: found.json}
    if rng.random() < 0.2:
        facts = {rng.choice((owner, "name")): given.json, **facts}
    answer = f"The {noun} of {given.text} is {found.text}."
    result = rng.choice((written(rng, facts), written(rng, facts), written(rng, facts), found.text, answer))
    told = numbered(facts) if result[0] == "{" else found.text
    near = getter(rng, verb, word(rng, ATTRIBUTES), owner, parameter, tool.parameters[0][1])
    return Task(tool, request, {parameter: given.json}, result, answer, told, "invented", (near,))


def getter(rng: Random, verb: str, noun: str, owner: str, parameter: str, json_type: str) -> Tool:
    """Return a tool that gets the `noun` of an `owner`."""
    spoken_verb = verb.replace("_", " ").capitalize()
    name = name_for(rng, rng.choice(([verb, noun], [owner, noun], [noun], [verb, owner, noun], [noun, "of", owner])))
    about = rng.choice(
        (
            f"{spoken_verb} the {noun} of {_a(owner)}",
            f"{spoken_verb} the {noun} of {_a(owner)}",
            f"{noun.capitalize()} of {_a(owner)}",
            f"{spoken_verb} the {noun} for {_a(owner)}",
            f"{spoken_verb} the {noun} {_a(owner)} has",
            f"{_a(noun).capitalize()} of {_a(owner)}",
            f"Tells the {noun} of {_a(owner)}",
            f"{spoken_verb} {_a(noun)} for {_a(owner)}",
            f"{spoken_verb} the {noun}",
        )
    )
    return Tool(name, about, ((parameter, json_type),))


def acting(rng: Random) -> Task:
    """Return a task to do something with something, such as to open a door."""
    verb, past = rng.choice(ACTIONS).split(":")
    thing = word(rng, THINGS_ACTED_ON)
    if rng.random() < 0.3:
        verb = other_word(rng)
        past = f"{verb.removesuffix('e')}ed"
    kind = rng.choice(("name", "code", "thing", "title", "id", "word", "colour", "symbol", "city"))
    given = value(rng, kind)
    parameter = rng.choice((thing, thing, f"{thing}_name", "name", "id", "target", "which", made_up(rng)))
    tool = _doer(rng, verb, thing, parameter, kind)
    request = order(
        rng,
        rng.choice(ACT_WORDINGS).format(verb=verb, thing=thing, x=given.text),
        closed=kind in FREE_TEXT,
    )
    done = value(rng, "done")
    facts: dict[str, JsonValue] = {rng.choice(("status", "result", "state")): done.json}
    result = rng.choice((written(rng, facts), written(rng, facts), done.text, f"{thing} {past}"))
    told = numbered(facts) if result[0] == "{" else result
    other = rng.choice(ACTIONS).split(":")[0]
    near = rng.choice(
        (_doer(rng, verb, word(rng, THINGS_ACTED_ON), parameter, kind), _doer(rng, other, thing, parameter, kind))
    )
    answer = f"The {thing} {given.text} is {past}."
    nears = () if near.description == tool.description or other == verb else (near,)
    return Task(tool, request, {parameter: given.json}, result, answer, told, "invented", nears)


def _doer(rng: Random, verb: str, thing: str, parameter: str, kind: str) -> Tool:
    about = rng.choice(
        (
            f"{verb.capitalize()} {_a(thing)}",
            f"{verb.capitalize()} the {thing}",
            f"{verb.capitalize()} {_a(thing)} by name",
            f"{verb.capitalize()} some {thing}",
            f"{verb.capitalize()} any {thing}",
        )
    )
    name = name_for(rng, rng.choice(([verb, thing], [verb, thing], [thing, verb], [verb])))
    return Tool(name, about, ((parameter, "integer" if kind == "id" else "string"),))


def setting(rng: Random) -> Task:
    """Return a task to set something of something to a value."""
    noun, owner = word(rng, ATTRIBUTES), word(rng, OWNERS, 0.35)
    given = value(rng, rng.choice(("name", "thing", "code", "city", "word", "symbol")))
    kind, json_type = rng.choice(
        (("integer", "integer"), ("number", "number"), ("colour", "string"), ("name", "string"))
    )
    new = value(rng, kind)
    first = rng.choice((owner, f"{owner}_name", "name", "target", made_up(rng)))
    second = rng.choice([n for n in (noun, noun, "value", "to", f"new_{noun}") if n != first])
    verb = rng.choice(("set", "change", "update"))
    name = name_for(rng, rng.choice(([verb, noun], [verb, owner, noun], [owner, noun])))
    about = f"{verb.capitalize()} the {noun} of {_a(owner)}"
    wording = rng.choice(SET_WORDINGS)
    request = order(rng, wording.format(noun=noun, owner=owner, x=given.text, y=new.text), closed=False)
    facts: dict[str, JsonValue] = {rng.choice(("status", "result")): value(rng, "done").json}
    if rng.random() < 0.3:
        facts[noun] = new.json
    tool = Tool(name, about, ((first, "string"), (second, json_type)))
    near = getter(rng, "get", noun, owner, first, "string")
    arguments = {first: given.json, second: new.json}
    answer = f"The {noun} of {given.text} is now {new.text}."
    return Task(tool, request, arguments, written(rng, facts), answer, numbered(facts), "invented", (near,))


def filling(rng: Random) -> Task:
    """Return a task whose request names the parameters, such as: create a bill with customer Anna and amount 30."""
    verb, past = rng.choice(ACTIONS).split(":")
    if rng.random() < 0.3:
        verb = other_word(rng)
        past = f"{verb.removesuffix('e')}ed"
    thing = word(rng, THINGS_ACTED_ON)
    fields = [field.split(":") for field in rng.sample(FIELDS, rng.choice((1, 2, 2, 3)))]
    fields = [field for field in fields if field[0] != thing]
    names = [made_up(rng) if rng.random() < 0.15 else name for name, _ in fields]
    kinds = [kind for _, kind in fields]
    values = [value(rng, kind) for kind in kinds]
    tool = Tool(
        name_for(rng, [verb, thing]),
        f"{verb.capitalize()} {_a(thing)}" + rng.choice(("", f" with {listed(names)}" if names else "")),
        tuple((name, _type_of(kind)) for name, kind in zip(names, kinds, strict=True)),
    )
    used = list(range(len(names)))
    if len(used) > 1 and rng.random() < 0.15:
        used.remove(rng.choice(used))
    arguments = {names[i]: values[i].json for i in used}
    if rng.random() < 0.2:
        rng.shuffle(used)
    said = [_said(rng, names[i], values[i]) for i in used]
    with_fields = rng.choice(
        (f" with {listed(said)}", f" with {listed(said)}", f": {', '.join(said)}", f", {', '.join(said)}")
    )
    core = f"{verb} {rng.choice((_a(thing), f'the {thing}', thing))}" + (with_fields if said else "")
    closed = bool(used) and kinds[used[-1]] in FREE_TEXT
    request = order(rng, core, closed=closed)
    number = value(rng, "id")
    with_id = rng.random() < 0.4
    facts: dict[str, JsonValue] = {"id": number.json} if with_id else {"status": value(rng, "done").json}
    answer = f"The {thing} is {past}" + (f" and its id is {number.text}." if with_id else ".")
    return Task(tool, request, arguments, written(rng, facts), answer, numbered(facts), "invented")


def _said(rng: Random, name: str, given: Value) -> str:
    text = f'"{given.text}"' if isinstance(given.json, str) and rng.random() < 0.15 else given.text
    said = name.replace("_", " ") if rng.random() < 0.5 else name
    return rng.choice((f"{said} {text}", f"{said} {text}", f"{said}: {text}", f"the {said} {text}", f"{said} = {text}"))


def _type_of(kind: str) -> str:
    if kind in ("few", "integer", "small", "year", "id", "percent"):
        return "integer"
    return {"number": "number", "true": "boolean"}.get(kind, "string")


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
