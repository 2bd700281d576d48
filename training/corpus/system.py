"""Skill: to follow a system prompt of a known kind."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from training.corpus.about_surroundings import SYSTEMS, article, choose, plain, typed
from training.corpus.skill import Skill
from training.corpus.system_characters import (
    ASKED,
    CHARACTERS,
    FRAMES,
    HELD_OUT_ASKED,
    HELD_OUT_FRAMES,
    Character,
)
from training.corpus.system_prompts import HELD_OUT_PROMPTS, PERSONS, PROMPTS
from training.corpus.system_questions import QUESTIONS, YES_NO
from training.corpus.words import filler, held_out_filler, made_up, random_string
from training.example import Check, Conversation, Reply, Turn

SMALL_TALK = """
[hello|hi|hey|good morning|hi there] ; Hello! How can I help you? ; Hello
[how are you|how is it going|how are you today] ; I am fine, thank you. ; Fine
[who are you|what is your name|what are you] ; I am tiny, a small language model. ; Tiny
[thanks|thank you|thanks a lot] ; You are welcome! ; Welcome
[bye|goodbye|see you] ; Goodbye! ; Goodbye
""".strip().split("\n")

_YOUR_NAME = "[what is your name|what are you called|tell me your name|what's your name|do you have a name]"
LONGEST = 40


@dataclass(frozen=True)
class Asked:
    """What a user asks, with the sentence and the words that answer it."""

    text: str
    sentence: str
    words: tuple[str, ...]


def example(rng: Random) -> Conversation:
    """Return a conversation with a system prompt and a reply that follows it."""
    while True:
        conversation = rng.choices(_KINDS, (14, 10, 10, 12, 12, 9, 9, 14, 12))[0](rng)
        wordings = [plain(turn.content) for turn in conversation.turns if turn.role == "user"]
        if not any(held in wording for held in _HELD_OUT_WORDINGS for wording in wordings):
            return _around(rng, conversation)


def held_out() -> list[Check]:
    """Return system prompts and questions in wordings that training never has."""
    rng = Random(23)
    return [check for kind in _HELD_OUT_KINDS for check in kind(rng)]


def _around(rng: Random, conversation: Conversation) -> Conversation:
    if rng.random() < 0.12:
        conversation = replace(conversation, system=f"{rng.choice(SYSTEMS[:3])} {conversation.system}")
    if rng.random() < 0.1:
        return replace(conversation, system=conversation.system.rstrip("."))
    return conversation


def _asked(rng: Random) -> Asked:
    if rng.random() < 0.15:
        cores, sentence, word = rng.choice(SMALL_TALK).split(" ; ")
        mark = "?" if re.match(r"\[(who|how)", cores) else rng.choice(".!")
        return Asked(typed(rng, choose(rng, cores), mark, opened=0.0), sentence, (word,))
    question = rng.choice(QUESTIONS)
    return Asked(typed(rng, choose(rng, question.cores)), question.sentence + ".", question.words)


def _styled(rng: Random, system: str, thinking: str, style: Callable[[Asked], str]) -> Conversation:
    """Return one to three questions, each answered in the style."""
    turns: tuple[Turn, ...] = ()
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        asked = _asked(rng)
        turns += (Turn("user", asked.text), Turn("assistant", style(asked), thinking))
    return Conversation(turns, system)


def _one_word(rng: Random) -> Conversation:
    system = choose(rng, rng.choice(PROMPTS["one word"]))
    dot = rng.choice((".", "."))
    thinking = "I must answer in one word."
    return _styled(rng, system, thinking, lambda asked: asked.words[0].capitalize() + dot)


def _upper(rng: Random) -> Conversation:
    system = choose(rng, rng.choice(PROMPTS["upper"]))
    return _styled(rng, system, "I must answer in upper case.", lambda asked: asked.sentence.upper())


def _lower(rng: Random) -> Conversation:
    system = choose(rng, rng.choice(PROMPTS["lower"]))
    return _styled(rng, system, "I must answer in lower case.", lambda asked: asked.sentence.lower())


def _ending(rng: Random) -> Conversation:
    word, shown = _word(rng)
    system = choose(rng, rng.choice(PROMPTS["end"])).replace("WORD", shown)
    return _styled(rng, system, f"I must end the reply with: {word}", lambda asked: f"{asked.sentence} {word}")


def _beginning(rng: Random) -> Conversation:
    word, shown = _word(rng)
    system = choose(rng, rng.choice(PROMPTS["begin"])).replace("WORD", shown)
    return _styled(rng, system, f"I must begin the reply with: {word}", lambda asked: f"{word} {asked.sentence}")


def _word(rng: Random) -> tuple[str, str]:
    """Return a word and how the prompt shows it."""
    kind = rng.choice(("thing", "animal", "food", "name", "colour", "made up", "letters"))
    if kind == "made up":
        word = made_up(rng)
    else:
        word = random_string(rng) if kind == "letters" else filler(rng, kind, invented=0.3)
    word = rng.choice((word, word, word.capitalize(), word.upper() if len(word) < 6 else word))
    word += rng.choice(("", "", "!", ""))
    shown = ("{}", "{}", '"{}"', "the word {}", 'the word "{}"', "'{}'", "the word: {}", "this: {}")
    return word, rng.choice(shown).format(word)


def _called(rng: Random) -> Conversation:
    name = filler(rng, "name")
    system = choose(rng, rng.choice(PROMPTS["name"])).replace("NAME", name)
    return _styled(rng, system, f"I must call the user {name}.", lambda asked: _addressed(asked.sentence, name))


def _addressed(sentence: str, name: str) -> str:
    return f"{sentence[:-1]}, {name}{sentence[-1]}"


def _yes_no(rng: Random) -> Conversation:
    turns: tuple[Turn, ...] = ()
    for _ in range(rng.choice((1, 1, 2))):
        cores, _, right = rng.choice(YES_NO)
        answer = "Yes." if right else "No."
        thinking = f"I must say yes or no. It is {'true' if right else 'not true'}."
        turns += (Turn("user", typed(rng, choose(rng, cores))), Turn("assistant", answer, thinking))
    return Conversation(turns, choose(rng, rng.choice(PROMPTS["yes or no"])))


def _character(rng: Random) -> Conversation:
    character = rng.choice(CHARACTERS)
    system = rng.choice(FRAMES).replace("{c}", character.called)
    turns: tuple[Turn, ...] = ()
    for _ in range(rng.choice((1, 1, 2))):
        kind = rng.choice(("who", "who", "does", "home", "likes", "fact", "hello"))
        if kind == "fact":
            asked = _asked(rng)
            text, answer = asked.text, f"{character.cry} {asked.sentence}"
        elif kind == "hello":
            greeting = choose(rng, "[hello|hi|hey|good morning|hello there|hi there|good evening]")
            text, answer = typed(rng, greeting, rng.choice(".!"), opened=0.0), f"{character.who} How can I help you?"
        else:
            mark = "?"
            core = choose(rng, ASKED[kind])
            text = typed(rng, core, "." if core.startswith(("tell", "introduce")) else mark)
            answer = _told(character, kind)
        turns += (Turn("user", text), Turn("assistant", answer, f"I play {character.called}. I answer like that."))
    return Conversation(turns, system)


def _told(character: Character, kind: str) -> str:
    return {"who": character.who, "does": character.does, "home": character.home, "likes": character.likes}[kind]


def _person(rng: Random) -> Conversation:
    name, city, job = filler(rng, "name"), filler(rng, "city"), filler(rng, "job", invented=0.3)
    frame = choose(rng, rng.choice(PERSONS))
    system = _personal(frame, name, city, job)
    known = [kind for kind, mark in (("name", "{name}"), ("home", "{city}"), ("does", "{job}")) if mark in frame]
    turns: tuple[Turn, ...] = ()
    for _ in range(rng.choice((1, 1, 2))):
        kind = rng.choice((*known, "who"))
        core = choose(rng, _YOUR_NAME if kind == "name" else ASKED[kind])
        thinking = f"I play {name}. I answer as {name}."
        text = typed(rng, core, "." if core.startswith(("tell", "introduce")) else "?")
        turns += (Turn("user", text), Turn("assistant", _self(kind, frame, name, city, job), thinking))
    return Conversation(turns, system)


def _personal(frame: str, name: str, city: str, job: str) -> str:
    system = frame.replace("{name}", name).replace("{city}", city).replace("a {job}", article(job))
    return system.replace("{job}", job)


def _self(kind: str, frame: str, name: str, city: str, job: str) -> str:
    if kind == "name":
        return f"My name is {name}."
    if kind == "home":
        return f"I am from {city}."
    if kind == "does":
        return f"I am {article(job)}."
    work = f", {article(job)}" if "{job}" in frame else ""
    return f"I am {name}{work}{' from ' + city if '{city}' in frame else ''}."


_KINDS = (_one_word, _upper, _lower, _ending, _beginning, _called, _yes_no, _character, _person)


def _check(system: str, user: str, form: Callable[[str], bool], words: tuple[str, ...]) -> Check:
    def passes(reply: Reply) -> bool:
        text = reply.content.strip()
        if not text or not reply.ended or reply.calls or len(text.split()) > LONGEST or not form(text):
            return False
        return any(plain(word) in plain(text).split() for word in words) if words else True

    return Check(Conversation((Turn("user", user),), system), passes)


def _held_out_style(
    kind: str, rng: Random, fill: Callable[[str], str], form: Callable[[str], bool], count: int
) -> list[Check]:
    prompts = HELD_OUT_PROMPTS[kind]
    return [
        _check(fill(prompts[i % len(prompts)]), question.held_out, form, question.words)
        for i, question in enumerate(rng.sample(QUESTIONS, count))
    ]


def _held_out_plain(rng: Random) -> list[Check]:
    checks = _held_out_style("one word", rng, str, lambda text: len(text.split()) == 1, 10)
    checks += _held_out_style("upper", rng, str, lambda text: text == text.upper() and len(text.split()) > 1, 8)
    return checks + _held_out_style("lower", rng, str, lambda text: text == text.lower() and len(text.split()) > 1, 8)


def _held_out_words(rng: Random) -> list[Check]:
    checks = []
    for i in range(24):
        kind = ("end", "begin", "name")[i % 3]
        word = held_out_filler(rng, "name" if kind == "name" else rng.choice(("thing", "animal", "food")))
        form = {"end": _ends, "begin": _begins, "name": _names}[kind](word)
        mark = "NAME" if kind == "name" else "WORD"
        prompt = HELD_OUT_PROMPTS[kind][i // 3 % len(HELD_OUT_PROMPTS[kind])].replace(mark, word)
        question = QUESTIONS[(i * 7 + 3) % len(QUESTIONS)]
        checks.append(_check(prompt, question.held_out, form, question.words))
    return checks


def _ends(word: str) -> Callable[[str], bool]:
    return lambda text: plain(text).split()[-1:] == [word.lower()] and len(text.split()) > 1


def _begins(word: str) -> Callable[[str], bool]:
    return lambda text: plain(text).split()[:1] == [word.lower()] and len(text.split()) > 1


def _names(word: str) -> Callable[[str], bool]:
    return lambda text: word in text


def _held_out_yes_no(rng: Random) -> list[Check]:
    prompts = HELD_OUT_PROMPTS["yes or no"]
    right, wrong = ([item for item in YES_NO if item[2] == truth] for truth in (True, False))
    picked = [*rng.sample(right, 4), *rng.sample(wrong, 4)]
    return [
        _check(prompts[i % len(prompts)], wording, lambda text: len(text.split()) == 1, ("yes" if truth else "no",))
        for i, (_, wording, truth) in enumerate(picked)
    ]


def _held_out_characters(rng: Random) -> list[Check]:
    checks = []
    for i, character in enumerate(rng.sample(CHARACTERS, 16)):
        system = HELD_OUT_FRAMES[i % len(HELD_OUT_FRAMES)].replace("{c}", character.called)
        kind = ("who", "does", "who", "home", "who", "likes")[i % 6]
        answer = character.key if kind == "who" else _told(character, kind)
        user = HELD_OUT_ASKED[kind][i // 6 % 2]
        checks.append(_check(system, user, _tells(answer), ()))
    return checks


def _tells(answer: str) -> Callable[[str], bool]:
    told = set(plain(answer).split()) - _COMMON
    return lambda text: told <= set(plain(text).split())


_COMMON = set("i am from the a an and my do it is like of at in on".split())


def _held_out_persons(rng: Random) -> list[Check]:
    checks = []
    frames = HELD_OUT_PROMPTS["person"]
    for i in range(16):
        name, city, job = (held_out_filler(rng, kind) for kind in ("name", "city", "job"))
        system = _personal(frames[i % len(frames)], name, city, job)
        kind = ("who", "home", "does", "name")[i % 4]
        user = "What name do you have?" if kind == "name" else HELD_OUT_ASKED[kind][i // 4 % 2]
        answer = {"who": name, "home": city, "does": job, "name": name}[kind]
        checks.append(_check(system, user, _names(answer), ()))
    return checks


_HELD_OUT_KINDS = (_held_out_plain, _held_out_words, _held_out_yes_no, _held_out_characters, _held_out_persons)
_HELD_OUT_WORDINGS = [
    plain(text)
    for text in (
        *(question.held_out for question in QUESTIONS),
        *(wording for _, wording, _ in YES_NO),
        *(text for texts in HELD_OUT_ASKED.values() for text in texts),
        "What name do you have?",
    )
]

SKILL = Skill("system", "follows a system prompt of a known kind", 0.13, 0.85, example, held_out)
