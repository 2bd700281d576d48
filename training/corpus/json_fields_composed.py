"""Texts put together of a subject and clauses in any order, each with one fact."""

from dataclasses import dataclass
from random import Random

from training.corpus.tools_values import value
from training.example import JsonValue


@dataclass(frozen=True)
class _Kind:
    """What a text is about: names of its field, kind of the value, how it stands in a text, the pronoun, and facts.

    A fact has the names of its field, its kind of values, and clauses with `{}` for the value.
    """

    names: tuple[str, ...]
    kind: str
    shown: tuple[str, ...]
    pronoun: tuple[str, ...]
    facts: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...]


_KINDS = """
name/person/who = name = {};{};my friend {};our neighbour {} = he;she
age/years = small = is {} years old;is {};turned {};is now {} years of age;will soon be {}
city/town/home = city = lives in {};is at home in {};has a flat in {};moved to {};stays in {};settled in {}
job/work/profession = job = works as a {};is a {};earns a living as a {};became a {};is a good {};has a job as a {}
food/dish/favourite_food = food = likes {};eats {} every day;cooks {};wants {} for lunch;is fond of {}
pet/animal = animal = has a {};owns a {};lives with a {};feeds a {};keeps a {} at home
colour/favourite_colour/color = colour = loves {};paints the house {};likes the colour {};only wears {}
phone/number/telephone = phone = has the number {};can be called at {};answers the phone at {}
email/mail = email = can be reached at {};has the address {};writes from {}
language/speaks = language = speaks {};is learning {};knows {};teaches {}
children/kids = few = has {} children;is the parent of {} kids;takes care of {} children

item/product/thing/object = thing = the {};a {};this {};our {};my {} = it
colour/color = colour = is {};has the colour {};was painted {};looks {};comes in {}
price/cost = number = costs {};is {} euros;has a price of {};sells for {};was sold for {};is offered at {}
weight/kilos = few = weighs {} kilos;is {} kilos heavy;has a weight of {};brings {} kilos on the scale
code/article_number/sku = code = has the code {};is listed as {};is marked {};carries the label {}
maker/brand/company = word = is made by {};comes from {};is a product of {};was built by {}
owner/belongs_to = name = belongs to {};is owned by {};was bought by {};is the property of {}
count/stock/quantity = small = is there {} times;is in stock {} times;was ordered {} times
room/place/where = room = stands in the {};is kept in the {};was left in the {}

animal/kind/what = animal = the {};a {};my {};our {};this {} = it
name/called = name = is called {};has the name {};answers to {};is named {}
colour/color = colour = is {};has {} fur;looks {};was born {}
age/years = few = is {} years old;has lived for {} years;turned {}
owner/belongs_to = name = belongs to {};lives with {};was found by {};is the pet of {}
food/eats = food = eats {};loves {};gets {} each morning
weight/kilos = few = weighs {} kilos;is {} kilos heavy

city/town/place = city = {};the city of {};the town {} = it
country/land = country = is in {};lies in {};belongs to {};is part of {};is found in {}
population/people/inhabitants = id = has {} people;counts {} inhabitants;is home to {} people;has a population of {}
mayor/leader = name = is led by {};has the mayor {};elected {}
river/water = word = lies on the {};is crossed by the river {};stands at the river {}
temperature/degrees = degrees = has {} degrees today;reports {} degrees;was at {} degrees
weather/sky = sky = is {} today;will be {} tomorrow;was {} last week

order/order_id/number = id = order {};the order {};order number {};the parcel {};the order with number {} = it
customer/buyer/name = name = is for {};was placed by {};goes to {};comes from {}
item/product/article = thing = is for a {};contains a {};holds a {}
price/total/amount = number = costs {};comes to {};was paid with {};is worth {}
date/day = date = arrived on {};was sent on {};is due on {};was made on {}
city/destination/to = city = goes to {};is on its way to {};is shipped to {}
status/state = done = is {};has the state {};is marked {}

event/title/name = title = {};the event {};the show {};the course {} = it
city/place/where = city = is in {};takes place in {};will be held in {};happens in {}
date/day/when = date = is on {};falls on {};was moved to {}
time/start/hour = time = starts at {};begins at {};opens at {}
host/speaker/leader = name = is led by {};is hosted by {};was planned by {}
price/cost/fee = small = costs {};has a fee of {};is {} euros
guests/people/visitors = small = has {} guests;draws {} people;is for {} people

server/machine/host = word = {};the server {};the machine {};host {} = it
port/number = id = listens on {};uses port {};is open at port {}
owner/admin/user = name = is run by {};belongs to {};is watched by {}
city/location/place = city = stands in {};runs in {};was moved to {}
load/usage/percent = percent = has a load of {};is at {} percent;is used at {} percent
version/release = code = runs version {};has release {};was updated to {}

title/book/name = title = {};the book {};the story {} = it
author/writer/by = name = is by {};was written by {};comes from {};is the work of {}
year/date/published = year = is from {};came out in {};was printed in {}
pages/length = id = has {} pages;is {} pages long;runs to {} pages
price/cost = number = costs {};sells for {};is {} euros
language/tongue = language = is in {};was written in {};can be read in {}
"""


def _kind(block: str) -> _Kind:
    head, *lines = (line.split(" = ") for line in block.splitlines())
    names, kind, shown, pronoun = head
    facts = tuple((tuple(line[0].split("/")), line[1], tuple(line[2].split(";"))) for line in lines)
    return _Kind(tuple(names.split("/")), kind, tuple(shown.split(";")), tuple(pronoun.split(";")), facts)


KINDS = [_kind(block) for block in _KINDS.strip().split("\n\n")]


def composed(rng: Random) -> tuple[str, dict[str, JsonValue]]:
    """Return a text about something, and the facts that it tells, by names of fields."""
    kind = rng.choice(KINDS)
    told = rng.sample(kind.facts, rng.randint(1, min(4, len(kind.facts))))
    head = value(rng, kind.kind)
    facts: dict[str, JsonValue] = {rng.choice(kind.names): head.json}
    clauses = []
    for names, what, wordings in told:
        given = value(rng, what)
        clauses.append(rng.choice(wordings).replace("{}", given.text))
        free = [name for name in names if name not in facts]
        if free:
            facts[rng.choice(free)] = given.json
    return _text(rng, rng.choice(kind.shown).replace("{}", head.text), rng.choice(kind.pronoun), clauses), facts


def _text(rng: Random, subject: str, pronoun: str, clauses: list[str]) -> str:
    form = rng.random()
    if len(clauses) == 1:
        return f"{subject} {clauses[0]}."
    if form < 0.4:
        joint = rng.choice((" and ", " and ", ", and ", " but ", "; also it is true that " + pronoun + " "))
        return f"{subject} {', '.join(clauses[:-1])}{joint}{clauses[-1]}."
    if form < 0.6:
        which = "who" if pronoun != "it" else "which"
        return f"{subject}, {which} {clauses[0]}, {' and '.join(clauses[1:])}."
    if form < 0.85:
        later = rng.choice((pronoun, pronoun, f"also {pronoun}", f"now {pronoun}", f"besides, {pronoun}"))
        rest = f"{later[0].upper()}{later[1:]} {' and '.join(clauses[1:])}."
        return f"{subject} {clauses[0]}. {rest}"
    mark = rng.choice(("; ", ", ", " / ", "\n- "))
    return f"{subject}: {mark.join(clauses)}" if mark != "\n- " else f"{subject}:{mark}{mark.join(clauses)}"
