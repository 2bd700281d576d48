"""Skill: to remember what was said in earlier turns."""

import re
from random import Random

from training.corpus.about_surroundings import EXCHANGES, REMARKS, SYSTEMS, article, choose, exchange, plain, typed
from training.corpus.memory_facts import FACTS, Fact
from training.corpus.memory_values import (
    ACKNOWLEDGED,
    CODES,
    LISTS,
    NUMBERS,
    learned_value,
)
from training.corpus.memory_wording import more_asked, more_said
from training.corpus.skill import Skill
from training.corpus.words import POOLS, held_out_filler
from training.example import Check, Conversation, Reply, Turn

WEIGHTS = (18, 9, 9, 5, 5, 7, 4, 7, 9, 6, 7, 7, 9, 9)
LONGEST = 40
COMMANDS = r"(tell|say|give|remind|let|show|I|you|repeat|name|write|recall|look)\b"
OTHER_TALK = EXCHANGES + REMARKS * 2
UNKNOWN = [fact for fact in FACTS if fact.unknown]

Values = dict[str, str]


def example(rng: Random) -> Conversation:
    """Return a conversation in which the user tells something and asks for it later."""
    while True:
        conversation = _conversation(rng)
        said = [plain(turn.content) for turn in conversation.turns if turn.role == "user"]
        if not any(wording.search(text) for wording in _HELD_OUT_WORDINGS for text in said):
            return conversation


def held_out() -> list[Check]:
    """Return conversations with values and wordings that training never has."""
    rng = Random(37)
    return [_check(rng, fact, i) for fact in FACTS for i in range(6 if fact.name in ("name", "friend") else 5)] + [
        _check_unknown(fact) for fact in UNKNOWN
    ]


def _conversation(rng: Random) -> Conversation:
    system = rng.choice(SYSTEMS) if rng.random() < 0.15 else ""
    if rng.random() < 0.06:
        return Conversation(_unknown(rng), system)
    fact = rng.choices(FACTS, WEIGHTS)[0]
    told = _told(rng, fact)
    said = [_said(rng, one, values) for one, values in told]
    ways = ("turns", "turns", "turns", "together", "at once")
    way = rng.choice(ways)
    turns: tuple[Turn, ...] = exchange(rng, OTHER_TALK) if rng.random() < 0.1 else ()
    asked = rng.sample(told, len(told))[: 1 if rng.random() < 0.7 else 2]
    questions = [_question(rng, one, values, told) for one, values in asked]
    if way == "turns":
        for text, (one, values) in zip(said, told, strict=True):
            turns += (Turn("user", _sentence(rng, text)), _acknowledged(rng, one, values))
            turns += _between(rng, 0.25)
    else:
        text = _joined(rng, said)
        if way == "at once":
            text += " " + questions[0][0]
            turns += (Turn("user", text), questions[0][1])
            questions = questions[1:]
        else:
            turns += (Turn("user", text), _acknowledged(rng, *rng.choice(told)))
    if questions and way != "at once":
        turns += _between(rng, 0.35)
    for user, answer in questions:
        turns += (Turn("user", user), answer)
    return Conversation(turns, system)


def _between(rng: Random, often: float) -> tuple[Turn, ...]:
    turns: tuple[Turn, ...] = ()
    while rng.random() < often and len(turns) < 4:
        turns += exchange(rng, OTHER_TALK)
    return turns


def _told(rng: Random, fact: Fact) -> list[tuple[Fact, Values]]:
    """Return a fact and sometimes others: of the same kind, or of others that may stand beside it."""
    many = fact.many or fact.name == "pet"
    told = [(fact, _values(rng, fact, []))]
    for _ in range(rng.choices((0, 1, 2, 3), (38, 40, 16, 6) if many else (50, 36, 11, 3))[0]):
        other = fact if many and rng.random() < 0.6 else rng.choices(FACTS, WEIGHTS)[0]
        if other.many or other.name == "pet" or all(other is not one for one, _ in told):
            told.append((other, _values(rng, other, [values for _, values in told])))
    rng.shuffle(told)
    return told


def _values(rng: Random, fact: Fact, taken: list[Values]) -> Values:
    """Return values for a fact, none of them in `taken`."""
    values: Values = {}
    used = {value.lower() for other in taken for key, value in other.items() if key in "vwu"}
    for key, kind in zip("vwu", fact.values, strict=False):
        while True:
            value = learned_value(rng, kind)
            if value.lower() not in used:
                break
        used.add(value.lower())
        values[key] = value
    values["p"] = rng.choice(("in", "under", "behind", "on"))
    return values


def _value(rng: Random, kind: str) -> str:
    """Return a value of a kind that is the same in what is held out."""
    if kind == "age":
        return str(rng.randint(1, 99))
    return rng.choice(LISTS[kind])


def _filled(text: str, values: Values) -> str:
    """Put in values: `{v}`, `{a v}` with an article, `{A v}` with one and a capital; `{q v}` may stand in quotes."""
    first = text[:1] if text.startswith(("{v}", "{w}", "{q")) else text[:1].upper()
    text = first + text[1:]
    for key, value in values.items():
        text = text.replace("{" + key + "}", value).replace("{q " + key + "}", value)
        text = text.replace("{a " + key + "}", article(value)).replace("{A " + key + "}", article(value).capitalize())
    return text


def _said(rng: Random, fact: Fact, values: Values) -> str:
    text = more_said(rng, fact) if rng.random() < 0.5 else rng.choice(_lines(fact.says))
    if "[in|under|behind|on]" in text:
        text = text.replace("[in|under|behind|on]", values["p"])
    text = choose(rng, text)
    quote = rng.choice(("", "", "", '"', "'", "*", "`"))
    text = re.sub(r"\{q (.)\}", rf"{quote}{{\1}}{quote}", text)
    filled = _filled(text, values)
    return filled[:1].lower() + filled[1:] if rng.random() < 0.25 and not re.match(r"\{|I\b|I'm", text) else filled


def _sentence(rng: Random, text: str) -> str:
    return text + rng.choice((".", ".", ".", "!", ""))


def _joined(rng: Random, said: list[str]) -> str:
    if len(said) > 1 and rng.random() < 0.4:
        return rng.choice((" and ", ", and ", "; ")).join((", ".join(said[:-1]), said[-1])) + "."
    return " ".join(text + rng.choice((".", ".", "!")) for text in said)


def _acknowledged(rng: Random, fact: Fact, values: Values) -> Turn:
    text = fact.acknowledged if rng.random() < 0.5 else rng.choice(ACKNOWLEDGED)
    return Turn("assistant", _filled(text, values), "The user tells me something. I will remember it.")


def _question(rng: Random, fact: Fact, values: Values, told: list[tuple[Fact, Values]]) -> tuple[str, Turn]:
    alone = sum(one is fact for one, _ in told) == 1
    while True:
        core, answer = _ask(rng, fact)
        if alone or re.search(r"\{[a ]*[vwu]\}", core):
            break
    core = choose(rng, core)
    mark = "." if re.match(COMMANDS, core) else "?"
    user = _filled(typed(rng, core, mark), values)
    if rng.random() < 0.2 and not core.startswith("{"):
        user = user[:1].lower() + user[1:]
    answer = _filled(answer, values)
    said = answer.replace("Your", "the user's").replace("You are", "the user is").replace("You have", "the user has")
    said = (
        said.replace("You live", "the user lives")
        .replace("You like", "the user likes")
        .replace(" your ", " the user's ")
    )
    thinking = f"It was said before: {said[:1].lower() + said[1:] if said.startswith('The ') else said}"
    return user, Turn("assistant", answer, thinking)


def _ask(rng: Random, fact: Fact) -> tuple[str, str]:
    if rng.random() < 0.5:
        return more_asked(rng, fact)
    core, answer, _ = rng.choice(_lines(fact.asks)).split(" => ")
    return core, answer


def _unknown(rng: Random) -> tuple[Turn, ...]:
    """Return a question for what was never told, sometimes after something else was."""
    fact = rng.choice(UNKNOWN)
    values = _values(rng, fact, [])
    missing = fact.unknown
    if fact.name in ("code", "number"):
        values["v"] = fact.unknown.removeprefix("your ")
        if rng.random() < 0.6:
            values["v"] = rng.choice(CODES if fact.name == "code" else NUMBERS)
            missing = f"your {values['v']}"
    turns: tuple[Turn, ...] = ()
    if rng.random() < 0.6:
        other = rng.choice(
            [one for one in FACTS if one.name not in (fact.name, "relation", "friend", "pet", "age", "job")]
        )
        known = _values(rng, other, [values])
        turns += (Turn("user", _sentence(rng, _said(rng, other, known))), _acknowledged(rng, other, known))
    while True:
        core, _ = _ask(rng, fact)
        if "{w}" not in core:
            break
    core = choose(rng, core)
    user = _filled(typed(rng, core, "." if re.match(COMMANDS, core) else "?"), values)
    unknown = "what your pet is called" if fact.name == "pet" else missing
    thinking = "The user asks for something that was not said. I do not know it."
    return (*turns, Turn("user", user), Turn("assistant", f"You have not told me {unknown}.", thinking))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def _held_out_values(rng: Random, fact: Fact, taken: Values) -> Values:
    while True:
        values = {}
        for key, kind in zip("vwu", fact.values, strict=False):
            if kind in POOLS:
                values[key] = held_out_filler(rng, kind)
            elif kind == "word":
                values[key] = held_out_filler(rng, rng.choice(("thing", "food", "animal"))) + rng.choice(("", "77"))
            else:
                values[key] = str(rng.randint(1000, 99999)) if kind == "digits" else _value(rng, kind)
        values["p"] = rng.choice(("in", "under", "behind", "on"))
        if len({*values.values()} | {*taken.values()}) == len(values) + len(taken):
            return values


def _held_out_said(fact: Fact, number: int, values: Values) -> str:
    lines = fact.held_out_says.split("|") if "[" not in fact.held_out_says else _split(fact.held_out_says)
    return _filled(lines[number % len(lines)].replace("[in|under|behind|on]", values["p"]), values)


def _split(text: str) -> list[str]:
    return re.findall(r"(?:\[[^\]]*\]|[^|])+", text)


def _check(rng: Random, fact: Fact, number: int) -> Check:
    """Return a check; by number: alone, with a distractor, with talk between, in one message, with both."""
    values = _held_out_values(rng, fact, {})
    statement = Turn("user", _held_out_said(fact, number, values))
    core, key = _split(fact.held_out_asks)[number % len(_split(fact.held_out_asks))].split(" => ")
    question = _filled(core, values)
    noted = Turn("assistant", "I will remember that.")
    turns: tuple[Turn, ...] = (statement, noted)
    wrong: list[str] = []
    if number in (1, 4, 5):
        other = (
            fact if fact.many else next(one for one in FACTS if one.name == ("city" if fact.name == "name" else "name"))
        )
        others = _held_out_values(
            rng, other, {name: value for name, value in values.items() if name != "p"} | {"p": "near"}
        )
        wrong = [others[name] for name in "vwu" if name in others]
        distractor = (Turn("user", _held_out_said(other, number + 1, others)), noted)
        turns = distractor + turns if number == 1 else turns + distractor
    if number in (2, 4):
        turns += (Turn("user", "Good evening!"), Turn("assistant", "Hello! How can I help you?"))
    turns = (Turn("user", f"{statement.content} {question}"),) if number == 3 else (*turns, Turn("user", question))
    return Check(Conversation(turns), _Recalls(values[key], tuple(wrong), statement.content))


def _check_unknown(fact: Fact) -> Check:
    core = _split(fact.held_out_asks)[0].split(" => ")[0]
    shown = {"pet": "dog", "code": "code word", "number": "lucky number"}
    return Check(Conversation((Turn("user", _filled(core, {"v": shown.get(fact.name, "")})),)), _admits)


class _Recalls:
    """Whether a reply has a value, none of those that were not asked for, and does more than repeat what was said."""

    def __init__(self, value: str, wrong: tuple[str, ...], said: str) -> None:
        self.value, self.wrong, self.said = value, wrong, plain(said)

    def __call__(self, reply: Reply) -> bool:
        if (
            not reply.ended
            or reply.calls
            or len(reply.content.split()) > LONGEST
            or not _stands(self.value, reply.content)
        ):
            return False
        told = plain(reply.content)
        if "nice to meet" in told or (len(told.split()) > 2 and told in self.said):
            return False
        return not any(_stands(wrong, reply.content) for wrong in self.wrong)


def _admits(reply: Reply) -> bool:
    return reply.ended and not reply.calls and re.search(r"\b(not|n't|never)\b|n't", reply.content) is not None


def _stands(value: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE) is not None


def _wording(text: str) -> re.Pattern[str]:
    """Return a pattern of the plain form of a held-out wording with any values."""
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " VALUE ", text)
    return re.compile(r"\b" + re.escape(plain(text)).replace("value", r"[\w ]+?") + r"\b")


_HELD_OUT_WORDINGS = [
    _wording(part.split(" => ")[0])
    for fact in FACTS
    for text in (fact.held_out_says, fact.held_out_asks)
    for part in _split(text)
]

SKILL = Skill("memory", "remembers from earlier turns", 0.12, 0.90, example, held_out)
