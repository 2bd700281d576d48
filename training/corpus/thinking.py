"""Skill: think first when asked to, and not when thinking is off.

The form is practised by every skill; here are small tasks whose steps are worth spelling out.
"""

import re
from collections.abc import Callable
from functools import cache
from random import Random

from training.corpus.about_surroundings import choose, plain
from training.corpus.about_talk import TALK
from training.corpus.memory_values import new_word
from training.corpus.skill import Skill
from training.corpus.thinking_wording import (
    ADDING,
    CHOOSING,
    COUNTING,
    FAREWELLS,
    GLAD,
    GREETINGS,
    HOW_ARE_YOU,
    LARGER,
    NEXT,
    THANKS,
    lines,
)
from training.corpus.tools_surroundings import surrounded
from training.corpus.tools_values import whole
from training.corpus.words import ANIMALS, COLOURS, FOODS, JOBS, THINGS
from training.example import Check, Conversation, Reply, Turn

UNCLEAR = ("apple", "fish", "mouse")
"""Words that are of more than one kind."""

KINDS = {
    kind: [word for word in words if word not in UNCLEAR]
    for kind, words in (("colour", COLOURS), ("animal", ANIMALS), ("food", FOODS), ("job", JOBS))
}
"""What an item of a list may be."""

MORE = (
    *(("larger", "largest"), ("bigger", "biggest"), ("greater", "greatest")),
    *(("more", "largest"), ("higher", "highest")),
)
LESS = (("smaller", "smallest"), ("smaller", "smallest"), ("less", "smallest"), ("lower", "lowest"))
"""How the larger and the smaller number are asked for: of two, and as the one of all."""

WEIGHTS = (15, 24, 16, 28, 9, 8)
"""How often each task comes: counting, comparing, choosing, adding, the next number, small talk."""

Task = tuple[str, str, str]
"""What is asked, the answer, and the steps to it."""


def example(rng: Random) -> Conversation:
    """Return small tasks with their steps: one, or some one after the other."""
    makers = (_counting, _larger, _choosing, _adding, _next, _talking)
    turns: tuple[Turn, ...] = ()
    for make in rng.choices(makers, WEIGHTS, k=rng.choices((1, 2, 3, 4), (50, 22, 16, 12))[0]):
        asked, answer, thinking = _new(rng, make)
        turns += (Turn("user", asked), Turn("assistant", answer, thinking))
    return surrounded(rng, turns)


def _new(rng: Random, make: Callable[[Random], Task]) -> Task:
    """Return a task in a wording that is not held out."""
    while True:
        asked, answer, thinking = make(rng)
        if not any(wording.search(plain(asked)) for wording in _held_out_wordings()):
            return asked, answer, thinking


def _wording(rng: Random, block: str, **values: str) -> str:
    text = choose(rng, rng.choice(lines(block)))
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    if rng.random() < 0.12:
        text = rng.choice(("Hi! ", "Hello, ", "OK, ", "So, ", "Now: ", "Next: ", "One more: ", "A question: ")) + text
    return text[:1].lower() + text[1:] if rng.random() < 0.25 and not text.startswith("I ") else _upper(text)


def _counting(rng: Random) -> Task:
    items = rng.sample(THINGS, rng.choice((2, 3, 3, 4, 4, 5, 5, 6)))
    for i in range(len(items)):
        if rng.random() < 0.3:
            items[i] = new_word(rng)
    listed = rng.choice((", ", ", ", " ")).join(items)
    asked = _wording(rng, COUNTING).replace("{}", listed)
    counted = ", ".join(f"{i} {item}" for i, item in enumerate(items, 1))
    return _upper(asked), f"There are {len(items)}.", f"I count: {counted}. That is {len(items)}."


def _larger(rng: Random) -> Task:
    one, other = _two_numbers(rng)
    wants_more = rng.random() < 0.6
    more, most = rng.choice(MORE if wants_more else LESS)
    asked = _wording(rng, LARGER, more=more, most=most, a=str(one), b=str(other))
    low, top = sorted((one, other))
    chosen, left = (top, low) if wants_more else (low, top)
    said = "larger" if wants_more else "smaller"
    order = f"The numbers in order are {low}, {top}."
    return asked, f"{chosen} is {said} than {left}.", f"{order} The {said} one is {chosen}."


def _two_numbers(rng: Random) -> tuple[int, int]:
    """Return two numbers: of any size, with a different count of digits, or with the same first digit."""
    while True:
        way = rng.random()
        if way < 0.3:
            one, other = whole(rng, 0, 9), whole(rng, 0, 9)
        elif way < 0.55:
            one, other = whole(rng, 0, 9), whole(rng, 10, rng.choice((99, 99, 999)))
            if rng.random() < 0.5:
                one = int(rng.choice(str(other)))
        elif way < 0.75:
            high = rng.choice((20, 99, 999))
            one, other = whole(rng, 0, high), whole(rng, 0, high)
        else:
            tens = 10 * rng.randint(1, 9)
            one, other = whole(rng, tens, tens + 9), whole(rng, *rng.choice(((tens, tens + 9), (10, 99))))
        if one != other:
            return (one, other) if rng.random() < 0.5 else (other, one)


def _choosing(rng: Random) -> Task:
    kind = rng.choice(list(KINDS))
    right = rng.choice(KINDS[kind])
    others = rng.sample([thing for thing in THINGS if thing not in UNCLEAR], rng.randint(2, 4))
    for i in range(len(others)):
        if rng.random() < 0.35:
            others[i] = new_word(rng)
    if rng.random() < 0.4:
        others[0] = rng.choice(KINDS[rng.choice([other for other in KINDS if other != kind])])
    items = [right, *others]
    rng.shuffle(items)
    asked = _wording(rng, CHOOSING, kind=_a(kind)).replace("{list}", ", ".join(items))
    thinking = f"The items are {', '.join(items)}. The {kind} is {right}."
    return _upper(asked), f"The {kind} is {right}.", thinking


def _adding(rng: Random) -> Task:
    one, other = rng.randint(0, 9), rng.randint(0, 9)
    asked = _wording(rng, ADDING, a=str(one), b=str(other))
    if other == 0:
        return asked, f"{one} plus 0 is {one}.", f"{one} and nothing more stays {one}."
    steps = ", ".join(str(one + i) for i in range(other + 1))
    return (
        asked,
        f"{one} plus {other} is {one + other}.",
        f"I count {other} on from {one}: {steps}. That is {one + other}.",
    )


def _next(rng: Random) -> Task:
    number = whole(rng, 0, rng.choice((20, 99)))
    asked = _wording(rng, NEXT, a=str(number))
    return asked, f"{number + 1} comes after {number}.", f"I count on by one: {number}, {number + 1}."


def _talking(rng: Random) -> Task:
    greeting = choose(rng, rng.choice(lines(GREETINGS))) + rng.choice((".", "!", ",", ""))
    kind = rng.choice((GREETINGS, HOW_ARE_YOU, HOW_ARE_YOU, GLAD, GLAD, THANKS, FAREWELLS))
    said = choose(rng, rng.choice(lines(kind)))
    said += "" if said.endswith("?") else rng.choice((".", "!", ""))
    if kind is GLAD or (kind is HOW_ARE_YOU and rng.random() < 0.7):
        said = f"{greeting} {said}"
    if kind is HOW_ARE_YOU:
        return said, "I am fine, thank you. How can I help you?", "The user asks how I am. I say that I am fine."
    if kind is THANKS:
        return said, "You are welcome!", "The user thanks me. I say you are welcome."
    if kind is FAREWELLS:
        return said, "Bye! Have a nice day.", "The user says goodbye. I say goodbye, too."
    return said, "Hello! How can I help you?", "The user greets me. I greet back."


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


HELD_OUT = """
Hello there, tiny! How are you? => hello/fine/well
Good morning! I am glad to be here. => hello/good morning/glad
Thanks for all your help today! => welcome
Bye bye, see you tomorrow! => goodbye/bye
Hi, my name is Thomas. => thomas
Please tell me who you are. => tiny
I want to know why the sky is so blue. => light/sunlight
So what makes the whole sky look blue? => light/sunlight
I want to know the capital city of France. => paris
Now tell me what Italy has as its capital. => rome
And the capital of Japan, what is it? => tokyo
Which of these words is a colour: towel, red, vase? => red
Which one here is a colour: helmet, green, flute? => green
Please find the colour in this list: yellow, wallet, oven. => yellow
Which of these words is an animal: anchor, horse, barrel? => horse
Please find the animal in this list: cat, jar, magnet. => cat
Which one here is an animal: mop, urn, lion? => lion
Which of these words is a food: compass, bread, lantern? => bread
Please find the job in this list: nurse, globe, towel. => nurse
Which number of the two is larger, 9 or 3? => 9 is/is 9
Tell me what is bigger, 5 or 51? => 51 is/is 51
Tell me what is larger, 74 or 7? => 74 is/is 74
Which number of the two is smaller, 8 or 2? => 2 is/is 2
Please count these words for me: towel, vase => 2/two
Please count these words for me: jar, wallet, flute => 3/three
How many words does this list have: oven, anchor, globe, mop => 4/four
Please tell me what 2 plus 3 is. => 5/five
Please tell me what 4 + 4 is. => 8/eight
Which number is next after 6? => 7/seven
Which number is next after 11? => 12/twelve
"""
"""Simple questions, each with one of what the content has to have (as a whole word)."""


def held_out() -> list[Check]:
    """Return every question with thinking on and with thinking off."""
    rows = [line.split(" => ") for line in HELD_OUT.strip().splitlines()]
    return [
        Check(Conversation((Turn("user", asked),)), _right(expected.split("/"), think), think)
        for asked, expected in rows
        for think in (True, False)
    ]


@cache
def _held_out_wordings() -> tuple[re.Pattern[str], ...]:
    """Return what is held out, here and as small talk, as patterns: any numbers, nothing that stands after a colon."""
    rows = [line.split(" => ")[0].split(":")[0] for line in HELD_OUT.strip().splitlines()]
    rows += [line for intent in TALK for line in intent.held_out.strip().splitlines()]
    said = map(plain, rows)
    return tuple(re.compile(r"\b" + re.sub(r"\d+", r"\\d+", text) + r"\b") for text in said)


def _right(expected: list[str], think: bool) -> Callable[[Reply], bool]:
    def passes(reply: Reply) -> bool:
        form = reply.thought and bool(reply.thinking) if think else not reply.thought and not reply.thinking
        named = any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", reply.content, re.IGNORECASE) for word in expected)
        return reply.ended and form and not reply.calls and named

    return passes


SKILL = Skill("thinking", "thinks first when asked to, and not when thinking is off", 0.05, 0.95, example, held_out)
