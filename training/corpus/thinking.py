"""Skill: think first when asked to, and not when thinking is off.

The form is practised by every skill; here are small tasks whose steps are worth spelling out.
"""

import re
from collections.abc import Callable
from random import Random

from training.corpus.skill import Skill
from training.corpus.tools_surroundings import surrounded
from training.corpus.tools_values import held_out_number, whole
from training.corpus.words import ANIMALS, COLOURS, FOODS, JOBS, THINGS, made_up
from training.example import Check, Conversation, Reply, Turn

UNCLEAR = ("apple", "fish", "mouse")
"""Words that are of more than one kind."""

KINDS = {
    kind: [word for word in words if word not in UNCLEAR]
    for kind, words in (("colour", COLOURS), ("animal", ANIMALS), ("food", FOODS), ("job", JOBS))
}
"""What an item of a list may be."""

COUNTING = (
    *(
        "How many words are in: {}",
        "How many words are in this list: {}?",
        "Count the words: {}",
        "How many items: {}?",
    ),
    *("Count these: {}", "Count the items in the list: {}", "How many things are in this list: {}?", "count {}"),
    *("Tell me how many words there are: {}", "How many things are here: {}?", "Please count the words in: {}"),
    *("Can you count these things: {}?", "The list is {}. How many items has it?", "{}: how many words are that?"),
)
LARGER = (
    *("Which is {more}, {a} or {b}?", "Which number is {more}, {a} or {b}?", "which is {more}: {a} or {b}"),
    *(
        "Is {a} or {b} {more}?",
        "What is {more}, {a} or {b}?",
        "Tell me which is {more}: {a} or {b}.",
        "{more}: {a} or {b}?",
    ),
    *("Which of {a} and {b} is {more}?", "Compare {a} and {b}: which is {more}?", "Say which is {more}, {a} or {b}"),
    *("Which of these numbers is {more}: {a}, {b}?", "Can you tell me which is {more}, {a} or {b}?"),
)
CHOOSING = (
    *(
        "Which of these is {kind}: {list}?",
        "Which word is {kind}: {list}?",
        "Find {kind}: {list}",
        "which is {kind}: {list}",
    ),
    *("What in this list is {kind}: {list}?", "Choose {kind} from: {list}", "Pick {kind} from this list: {list}"),
    *("Tell me which one is {kind}: {list}.", "Which item is {kind}? {list}", "Name {kind} in this list: {list}"),
    *("One of these is {kind}: {list}. Which?", "The list is {list}. Which of them is {kind}?"),
)
ADDING = (
    *("What is {a} plus {b}?", "What is {a} + {b}?", "{a} + {b}", "Add {a} and {b}.", "How much is {a} plus {b}?"),
    *(
        "{a} plus {b}?",
        "How much is {a} + {b}?",
        "what's {a} + {b}",
        "Tell me the sum of {a} and {b}",
        "Please add {a} and {b}",
    ),
    *("Can you add {a} and {b}?", "Calculate {a} + {b}", "I have {a} and get {b} more. How many is that?"),
)
NEXT = (
    *("What number comes after {a}?", "Which number comes after {a}?", "What comes after {a}?", "{a}, and then?"),
    *(
        "What is the next number after {a}?",
        "Next number after {a}?",
        "Tell me the number after {a}.",
        "Count on from {a}",
    ),
    *("Which number follows {a}?", "Say the number that comes after {a}", "What is one more than {a}?"),
)


def example(rng: Random) -> Conversation:
    """Return a small task with its steps."""
    make = rng.choice((_counting, _larger, _choosing, _choosing, _adding, _next))
    asked, answer, thinking = make(rng)
    return surrounded(rng, (Turn("user", asked), Turn("assistant", answer, thinking)))


def _counting(rng: Random) -> tuple[str, str, str]:
    items = rng.sample(THINGS, rng.randint(2, 6))
    if rng.random() < 0.3:
        items[rng.randrange(len(items))] = made_up(rng)
    asked = rng.choice(COUNTING).format(rng.choice((", ", " ")).join(items))
    counted = ", ".join(f"{i} {item}" for i, item in enumerate(items, 1))
    return _upper(asked), f"There are {len(items)}.", f"I count: {counted}. That is {len(items)}."


def _larger(rng: Random) -> tuple[str, str, str]:
    high = rng.choice((9, 20, 99, 99, 999))
    one, other = whole(rng, 0, high), whole(rng, 0, high)
    if one == other:
        other = one + 1 if not held_out_number(one + 1) else one - 1
    wants_more = rng.random() < 0.65
    more = rng.choice(("larger", "bigger", "greater", "more")) if wants_more else rng.choice(("smaller", "less"))
    asked = rng.choice(LARGER).format(more=more, a=one, b=other)
    low, top = sorted((one, other))
    chosen, left = (top, low) if wants_more else (low, top)
    said = "larger" if wants_more else "smaller"
    order = f"The numbers in order are {low}, {top}."
    return _upper(asked), f"{chosen} is {said} than {left}.", f"{order} The {said} one is {chosen}."


def _choosing(rng: Random) -> tuple[str, str, str]:
    kind = rng.choice(list(KINDS))
    right = rng.choice(KINDS[kind])
    others = rng.sample([thing for thing in THINGS if thing not in UNCLEAR], rng.randint(2, 4))
    if rng.random() < 0.5:
        others[0] = rng.choice(KINDS[rng.choice([other for other in KINDS if other != kind])])
    items = [right, *others]
    rng.shuffle(items)
    asked = rng.choice(CHOOSING).format(kind=_a(kind), list=", ".join(items))
    thinking = f"The items are {', '.join(items)}. The {kind} is {right}."
    return _upper(asked), f"The {kind} is {right}.", thinking


def _adding(rng: Random) -> tuple[str, str, str]:
    one, other = rng.randint(0, 9), rng.randint(0, 9)
    asked = rng.choice(ADDING).format(a=one, b=other)
    if other == 0:
        return asked, f"{one} plus 0 is {one}.", f"{one} and nothing more stays {one}."
    steps = ", ".join(str(one + i) for i in range(other + 1))
    return (
        asked,
        f"{one} plus {other} is {one + other}.",
        f"I count {other} on from {one}: {steps}. That is {one + other}.",
    )


def _next(rng: Random) -> tuple[str, str, str]:
    number = whole(rng, 0, rng.choice((20, 99)))
    asked = rng.choice(NEXT).format(a=number)
    return asked, f"{number + 1} comes after {number}.", f"I count on by one: {number}, {number + 1}."


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


def _right(expected: list[str], think: bool) -> Callable[[Reply], bool]:
    def passes(reply: Reply) -> bool:
        form = reply.thought and bool(reply.thinking) if think else not reply.thought and not reply.thinking
        named = any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", reply.content, re.IGNORECASE) for word in expected)
        return reply.ended and form and not reply.calls and named

    return passes


SKILL = Skill("thinking", "thinks first when asked to, and not when thinking is off", 0.03, 0.95, example, held_out)
