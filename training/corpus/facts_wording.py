"""How questions about facts are put: cores read from the tables, with openings and endings around them."""

import re
from dataclasses import dataclass
from random import Random

BEFORE_QUESTION = """
Hey, |Hi, |Hello, |Hi! |Hello! |Hey tiny, |tiny, |Quick question: |A question: |One question: |I have a question: |
I have a question. |Question: |Please tell me: |Tell me: |Tell me please, |So, |OK, |OK, next: |Please answer this: |
Can you answer this: |Can you help me? |I would like to know: |I want to know: |I need to know: |Do you know this: |
Do you know the answer: |Here is a question: |Just a quick question: |A short question: |Good morning, |Good evening, |
By the way, |Well, |Now, |Next question: |Another question: |My question is: |Help me please: |My friend asks: |
My child asks me: |I forgot: |For school: |Say, |Please, |Help me with this: |I was asked:
""".replace("\n", "").split("|")

AFTER_QUESTION = """
? Thanks.|? Thank you.|? Thanks!|? Please tell me.|? Tell me please.|, please?| please?| please|? I forgot.|??|
? Do you know?|? Do you know that?|? I want to know.|? Please answer.|, do you know?|, tiny?|? Keep it short.|
? Answer shortly.|? In one sentence, please.|? I do not know.|? Can you tell me?|? Can you help?|
? I need it for school.
""".replace("\n", "").split("|")

BEFORE_CLAUSE = """
Do you know|Can you tell me|Could you tell me|Can you explain|Could you explain|Can you explain to me|Can you say|
Do you happen to know|Would you tell me|Will you tell me|Hey, do you know|Hi, can you tell me|
Hello, could you tell me|Please can you tell me|Could you please tell me|Can you please tell me|Can you please explain|
Tell me|Please tell me|Explain|Please explain|Explain to me|I wonder|I want to know|I would like to know|
I was wondering|I need to know|Let me know|Teach me|Help me understand|I forgot|I do not know|Say|Please say|
Hey, tell me|Hi, I want to know|Tell me please|My friend asks|Now tell me
""".replace("\n", "").split("|")

BEFORE_NOUN = """
Do you know|Can you tell me|Could you tell me|Can you give me|Could you give me|Can you say|Can you name|
Hey, do you know|Please can you tell me|Could you please tell me|Would you tell me|Tell me|Please tell me|Give me|
Please give me|I want to know|I would like to know|I need to know|I need|I am looking for|I forgot|What is|What was|Say|
Name|Please name|Tell me please|I do not know|Hey, tell me|Help me find|Let me know|I wonder about|
I have a question about|Hello, what is
""".replace("\n", "").split("|")

ASKING = re.compile(r"(Hey, |Hi, |Hello, |Please )?(do|can|could|would|will|what) ", re.IGNORECASE)


@dataclass(frozen=True)
class Fact:
    """A fact: its questions (marked as in the tables), its one answer and what a right reply contains."""

    about: str
    family: str
    cores: tuple[str, ...]
    follows: tuple[str, ...]
    held_out: str
    clause: str
    answer: str
    keys: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Family:
    """Questions that share their form, with places to fill in, and the facts of the family."""

    name: str
    cores: tuple[str, ...]
    follows: tuple[str, ...]
    held_out: tuple[str, ...]
    facts: tuple[Fact, ...]
    subjects: tuple[str, ...]

    @property
    def clause(self) -> str:
        """What the family asks, as a clause to fill in."""
        return next(core[2:] for core in self.cores if core[0] == ">")


def first_upper(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]


def first_lower(text: str) -> str:
    """Begin with a small letter, unless the first word is one that keeps its capitals."""
    word = text.split()[0] if text else ""
    common = re.fullmatch(
        r"(The|A|An|In|On|At|How|Why|What|Wh[a-z]+|Of|Can|To|By|Give|Do|Does|Out|For|With|Into)", word
    )
    return text[:1].lower() + text[1:] if common else text


def filled(template: str, subject: str) -> str:
    """Put `subject` into a template of a family."""
    bare = re.sub(r"^(an?|the) ", "", subject)
    cut = re.match(r"(.+?) ((?:in|on|of) (.+))", subject)
    a, b, c = (cut[1], cut[2], cut[3]) if cut else (subject, "", subject)
    slots = {"x": subject, "z": bare, "a": a, "b": b, "c": c}
    for name, value in slots.items():
        template = template.replace("{" + name + "}", value).replace("{" + name.upper() + "}", first_upper(value))
    return template


def keys(text: str) -> tuple[tuple[str, ...], ...]:
    """Read what a right reply contains: parts between commas, stems between slashes."""
    parts = re.split(r",(?!\d)", text)
    return tuple(tuple(stem.strip() for stem in part.split("/")) for part in parts)


def normal(text: str) -> str:
    """Write a question without capitals and signs, to compare wordings."""
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", text.lower()).split())


def _marked(lines: list[str], mark: str) -> list[str]:
    return [line[2:] for line in lines if line.startswith(mark + " ")]


def read_facts(table: str) -> list[Fact]:
    """Read a table of facts that have their own questions."""
    facts = []
    for block in table.strip().split("\n\n"):
        lines = block.strip().splitlines()
        about = lines[0].partition(": ")[2]
        clauses = _marked(lines, ">")
        cores = [line for line in lines if line[0] in "?>:."]
        for clause in clauses:
            if clause.startswith("why "):
                cores += [f"? how come {clause[4:]}", f": the reason {clause}", f"? what is the reason {clause}"]
        (held_out,), (answer,), (right,) = (_marked(lines, mark) for mark in "~=!")
        facts.append(Fact(about, "", tuple(cores), (), held_out, clauses[0], answer, keys(right)))
    return facts


def read_family(table: str) -> Family:
    """Read a family with its facts."""
    lines = table.strip().splitlines()
    name = lines[0][2:]
    cores = tuple(line for line in lines if line[:2] in ("? ", "> ", ": ", ". "))
    follows = tuple(line for line in lines if line.startswith("+ "))
    held_out = tuple(_marked(lines, "~"))
    (answer,) = _marked(lines, "=")
    facts: list[Fact] = []
    rows = [[field.strip() for field in line.split(" | ")] for line in lines if " | " in line]
    for i, (x, y, *right) in enumerate(rows):
        facts.append(
            Fact(
                about="" if answer == "{y}" else y,
                family=name,
                cores=tuple(filled(core, x) for core in cores),
                follows=tuple(filled(core, x) for core in follows),
                held_out=filled(held_out[i % len(held_out)], x),
                clause=filled(next(core[2:] for core in cores if core[0] == ">"), x),
                answer=filled(answer, x).replace("{y}", y),
                keys=keys(right[0] if right else y),
            )
        )
    return Family(name, cores, follows, held_out, tuple(facts), tuple(row[0] for row in rows))


def question(rng: Random, core: str) -> str:
    """Make a message of a marked core: an opening, the core, an ending, and now and then a slip of the keys."""
    mark, text = core[0], core[2:]
    if rng.random() < 0.08:
        text = re.sub(r"\b(what|who|where|how) is\b", r"\1's", text, count=1)
    if rng.random() < 0.2:
        text = text.replace("colour", "color")
    if mark == "?":
        text = _asked(rng, text)
    elif mark == "+":
        text = first_upper(text) + rng.choice(("?", "?", "?", "", " please?", "? Thanks."))
    elif mark in ">:":
        opening = rng.choice(BEFORE_CLAUSE if mark == ">" else BEFORE_NOUN)
        asking = ASKING.match(opening) is not None
        if opening.lower().endswith("name"):
            text = text.removeprefix("the name of ")
        text = f"{opening} {text}"
        text += rng.choice(("?", "?", "?", "", " please?", ", please?") if asking else (".", ".", ".", "", "", "!"))
    else:
        opening = rng.choice(("OK, ", "Hey, ", "Hi, ", "Question: ", "Next: ", "tiny, ")) if rng.random() < 0.2 else ""
        text = opening + (text if opening else first_upper(text))
        text += rng.choice(("", "", ".", "?", "?", " please", ", please"))
    if rng.random() < 0.12:
        text = text.lower()
    elif rng.random() < 0.06:
        text = text[:1].lower() + text[1:]
    return _slip(rng, text) if rng.random() < 0.04 else text


def _asked(rng: Random, text: str) -> str:
    text += rng.choice(AFTER_QUESTION) if rng.random() < 0.25 else ("?" if rng.random() < 0.85 else "")
    if rng.random() < 0.55:
        return first_upper(text)
    opening = rng.choice(BEFORE_QUESTION).strip()
    if opening.endswith((".", "!", "?")) or (opening.endswith(":") and rng.random() < 0.3):
        text = first_upper(text)
    return f"{opening} {text}"


def _slip(rng: Random, text: str) -> str:
    """Swap or drop a letter within a long word."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if long:
        i = rng.choice(long)
        word = words[i]
        at = rng.randint(1, len(word) - 3)
        words[i] = word[:at] + word[at + 1] + rng.choice(("", word[at])) + word[at + 2 :]
    return " ".join(words)
