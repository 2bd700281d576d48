"""Skill: to repeat what it is told."""

import re
from random import Random

from training.corpus.about_surroundings import choose, plain, surrounded
from training.corpus.copying_prompts import AFTER, COMMAS, HELD_OUT, INSIDE, PLACED, REPEAT, TIMES, WHICH
from training.corpus.pieces import pieced
from training.corpus.skill import Skill
from training.corpus.words import ANIMALS, COLOURS, FOODS, filler, held_out_filler, made_up, random_string
from training.example import Check, Conversation, Reply, Turn

KINDS = ("thing", "animal", "food", "colour", "name", "city", "job")
COUNTS = {2: "[two|2]", 3: "[three|3]", 4: "[four|4]", 5: "[five|5]"}
PLACES = {"first": 0, "second": 1, "third": 2, "last": -1}
MARKS = {
    "[brackets|square brackets]": "[{}]",
    "[brackets|round brackets|parentheses]": "({})",
    "[quotes|quotation marks]": '"{}"',
    "stars": "*{}*",
    "[curly brackets|braces]": "{{{}}}",
    "[angle brackets|angles]": "<{}>",
}
SORTS = {
    "colour": ("a [colour|color]", "[colour|color]", COLOURS),
    "animal": ("an animal", "animal", ANIMALS),
    "food": ("[food|a food|something to eat]", "food", FOODS),
    "number": ("a number", "number", []),
}
DOUBTFUL = {"apple", "mouse", "fish", "honey", "duck", "hen", "orange", "cow", "lily", "violet"}
"""What may be of two kinds."""

SENTENCES = """
[the|my|a|this] {thing} is [in|on|under|near] [the|my|a] {thing}
[the|my|a|this] {colour} {thing} is [in|on|under|near] [the|my|a] {thing}
{name} [lives in|goes to|comes from|works in|likes] {city}
{name} has a {colour} {thing}
{name} [likes|eats|buys|cooks|sells] {food}
{name} and {name} [like|eat|buy|cook] {food}
I [like|see|have|want|know] [the|a|my] {animal} and [the|a|my] {thing}
the {animal} [sees|likes|follows] the {animal}
{name} is a {job} [in|from] {city}
we [meet|stay|live] in {city} with {name}
""".strip().split("\n")

Task = tuple[str, str, str]
"""What the user says, the answer, and what to think."""


class Maker:
    """Makes tasks, for training or held out (then with words and wordings of their own)."""

    def __init__(self, rng: Random, held_out: bool = False) -> None:
        self.rng, self.held_out = rng, held_out

    def repeat(self) -> Task:
        """Repeat a text."""
        text = self._text()
        return self._put("repeat", REPEAT, text), text, "The user wants me to repeat a text. I copy it exactly."

    def times(self) -> Task:
        """Write a word several times."""
        count, word = self.rng.choice(tuple(COUNTS)), self._word()
        user = self._put("times", TIMES, word, COUNT=COUNTS[count])
        return user, " ".join([word] * count), f"I must write {word} {count} times."

    def placed(self) -> Task:
        """Find the first, second, third or last word."""
        words = self._words(self.rng.randint(3, 7))
        which = self.rng.choice(("first", "first", "last", "last", "second", "third"))
        word = words[PLACES[which]]
        return self._put("placed", PLACED, " ".join(words), WHICH=which), word, f"The {which} word is {word}."

    def after(self) -> Task:
        """Find the word after another."""
        words = self._words(self.rng.randint(3, 7))
        at = self.rng.randrange(len(words) - 1)
        user = self._put("after", AFTER, " ".join(words), words[at])
        return user, words[at + 1], f"After {words[at]} comes {words[at + 1]}."

    def inside(self) -> Task:
        """Find what stands within marks."""
        marks = self.rng.choice(tuple(MARKS))
        words, inner = self._words(self.rng.randint(2, 6)), " ".join(self._words(self.rng.choice((1, 1, 2, 3))))
        words.insert(self.rng.randint(0, len(words)), MARKS[marks].format(inner))
        user = self._put("inside", INSIDE, " ".join(words), MARKS=marks)
        return user, inner, f"Between the marks stands: {inner}"

    def which(self) -> Task:
        """Find the one word of a kind."""
        sort = self.rng.choice(tuple(SORTS))
        kind, noun, pool = SORTS[sort]
        word = self.rng.choice(pool) if pool else str(self.rng.randint(0, 10 ** self.rng.randint(1, 5) - 1))
        others: list[str] = []
        for _ in range(self.rng.randint(2, 4)):
            other = self.rng.choice([one for one in ("thing", "name", "city", "job", *SORTS) if one != sort])
            if other == "number":
                others.append(str(self.rng.randint(0, 999)))
            else:
                others.append(self._filler(other))
        words = [other for other in others if other not in DOUBTFUL] + [word]
        self.rng.shuffle(words)
        text = self.rng.choice((" ", ", ", ", ")).join(words)
        return self._put("which", WHICH, text, KIND=kind, NOUN=noun), word, f"The {sort} is {word}."

    def commas(self) -> Task:
        """Put commas between words."""
        words = self._words(self.rng.randint(2, 6))
        return self._put("commas", COMMAS, " ".join(words)), ", ".join(words), "I write the words with commas between."

    def _word(self) -> str:
        rng, roll = self.rng, self.rng.random()
        if roll < 0.15:
            return str(rng.randint(0, 10 ** rng.randint(1, 5) - 1))
        if roll < 0.3:
            word = random_string(rng)
            return word.upper() if len(word) < 4 and rng.random() < 0.3 else word
        if roll < 0.5:
            word = made_up(rng) if self.held_out or rng.random() < 0.5 else pieced(rng)
            return word.capitalize() if rng.random() < 0.3 else word
        return self._filler(rng.choice(KINDS))

    def _filler(self, kind: str) -> str:
        return held_out_filler(self.rng, kind) if self.held_out else filler(self.rng, kind, invented=0.35)

    def _words(self, count: int) -> list[str]:
        """Return words that differ."""
        words: list[str] = []
        while len(words) < count:
            word = self._word()
            if word.lower() not in (other.lower() for other in words):
                words.append(word)
        return words

    def _text(self) -> str:
        """Return words or a sentence."""
        rng = self.rng
        if rng.random() < 0.3:
            text = re.sub(r"\{(\w+)\}", lambda found: self._filler(found[1]), choose(rng, rng.choice(SENTENCES)))
            return text[:1].upper() + text[1:] + rng.choice((".", ".", "", "!")) if rng.random() < 0.7 else text
        words = self._words(rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8)))
        return rng.choice((" ", " ", " ", ", ")).join(words)

    def _put(self, kind: str, wordings: list[str], text: str, word: str = "", **choices: str) -> str:
        """Fill a wording; what is copied goes in last, so that no choice is made within it."""
        template = self.rng.choice(HELD_OUT[kind] if self.held_out else wordings)
        for mark, choice in choices.items():
            template = template.replace(mark, choice)
        template = choose(self.rng, template)
        if self.held_out or self.rng.random() < 0.7:
            template = template[:1].upper() + template[1:]
        values = {"QTEXT": self._quoted(text), "TEXT": text, "QWORD": self._quoted(word)}
        if text.endswith((".", "!")):
            template = re.sub(r"(?<!Q)TEXT\.", "TEXT", template)
        elif not self.held_out and template.endswith(("word", "times", "it", "that", "MARKS", "QWORD")):
            template += self.rng.choice(("", "?" if re.match("(?i)wh|can|could", template) else "."))
        return re.sub("QTEXT|QWORD|TEXT", lambda found: values[found[0]], template)

    def _quoted(self, text: str) -> str:
        shapes = ("{}",) if self.held_out else ("{}", "{}", '"{}"', "'{}'", "*{}*", "`{}`")
        return self.rng.choice(shapes).format(text)


def example(rng: Random) -> Conversation:
    """Return something to copy, with the copy."""
    maker = Maker(rng)
    tasks = (maker.repeat, maker.times, maker.placed, maker.inside, maker.after, maker.which, maker.commas)
    while True:
        user, answer, thinking = rng.choices(tasks, (40, 8, 14, 12, 12, 9, 5))[0]()
        if not any(held.search(plain(user)) for held in _HELD_OUT_WORDINGS):
            return surrounded(rng, Conversation((Turn("user", user), Turn("assistant", answer, thinking))))


def held_out() -> list[Check]:
    """Return texts to copy, and wordings, that training never has."""
    maker = Maker(Random(41), held_out=True)
    tasks = (
        maker.repeat,
        maker.placed,
        maker.repeat,
        maker.inside,
        maker.repeat,
        maker.after,
        maker.times,
        maker.which,
    )
    checks = []
    for i in range(64):
        user, answer, _ = maker.commas() if i % 16 == 2 else tasks[i % len(tasks)]()
        checks.append(Check(Conversation((Turn("user", user),)), _Copies(answer)))
    return checks


class _Copies:
    """Whether a reply is a text exactly, but for a dot at its end or quotes around it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, reply: Reply) -> bool:
        shapes = (self.text, self.text + ".", f'"{self.text}"')
        return reply.ended and not reply.calls and reply.content.strip() in shapes


def _wording(text: str) -> re.Pattern[str]:
    text = re.sub("QTEXT|TEXT|QWORD|MARKS|WHICH|KIND|NOUN|COUNT", " VALUE ", text)
    return re.compile(r"\b" + re.escape(plain(text)).replace("value", ".+") + r"\b")


_HELD_OUT_WORDINGS = [_wording(text) for texts in HELD_OUT.values() for text in texts]

SKILL = Skill("copying", "repeats what it is told", 0.08, 0.90, example, held_out)
