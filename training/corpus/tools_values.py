"""Values of arguments and results: how the user writes them, and what they are in JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from training.corpus.words import POOLS, filler, held_out_filler, made_up, random_string
from training.example import JsonValue

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
ROOMS = ("kitchen", "bedroom", "bathroom", "hall", "garage", "office", "garden", "living room", "cellar", "attic")
LANGUAGES = "French German Spanish Italian Dutch Polish Swedish Greek Latin Turkish Danish Finnish English".split()
CURRENCIES = "USD EUR GBP JPY CHF SEK NOK CAD AUD PLN euros dollars pounds yen".split()
COUNTRIES = "France Germany Spain Italy Poland Sweden Greece Japan China India Brazil Canada Egypt Kenya".split()
SKIES = "sunny cloudy rainy windy foggy snowy stormy clear cold warm hot wet dry mild".split()
DONE = ("ok", "done", "success", "sent", "saved", "finished", "yes", "completed", "accepted", "confirmed")
ENDINGS = "txt md csv pdf json py jpg log".split()
MESSAGES = (
    """
see you soon|I am late|call me back|good luck|happy birthday|the meeting is over|I will be there at noon|come home
dinner is ready|buy milk|buy bread and milk|water the plants|I miss you|thank you for the help|where are you
see you tomorrow|the train is late|I am on my way|bring the keys|please wait for me|feed the cat|clean the car
call the doctor|pay the bill|the door is open|I have the tickets|meet me at the station|good morning|well done
pick up the cake|read the book|write the report|send the letter|wash the shirt|take the bus|it is raining here
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
TITLE_WORDS = """
Blue River Night Morning Star Moon Silver Road Garden Winter Summer Ocean Fire Rain Wind Golden Dream Light Shadow
House Green Forest Island Mountain Little Last First Long Song Dance Heart Stone Glass Paper Red Lonely Happy
""".split()
TOPICS = (
    """
cats|black holes|old castles|train times|bread recipes|cheap flights|new phones|solar power|chess rules|wild birds
jazz music|football news|garden tools|running shoes|used cars|space travel|green tea|local news|maths games|rain
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


@dataclass(frozen=True)
class Value:
    """A value: as the text of a request or an answer writes it, and in JSON."""

    text: str
    json: JsonValue


def held_out_number(number: int) -> bool:
    """Return whether a number never occurs in training."""
    return number > 20 and number % 23 == 5


def whole(rng: Random, low: int, high: int) -> int:
    """Return a whole number for training."""
    while True:
        number = rng.randint(low, high)
        if not held_out_number(number):
            return number


def _integer(low: int, high: int) -> Callable[[Random], Value]:
    def make(rng: Random) -> Value:
        number = whole(rng, low, high)
        return Value(str(number), number)

    return make


def _any_integer(rng: Random) -> Value:
    number = whole(rng, 0, rng.choice((9, 20, 99, 99, 999, 9999)))
    return Value(str(number), number)


def _decimal(rng: Random) -> Value:
    if rng.random() < 0.5:
        return _any_integer(rng)
    number = float(f"{whole(rng, 0, rng.choice((9, 99, 999)))}.{rng.randint(1, 9)}")
    return Value(str(number), number)


def _word(kind: str) -> Callable[[Random], Value]:
    def make(rng: Random) -> Value:
        text = filler(rng, kind)
        return Value(text, text)

    return make


def _one_of(words: tuple[str, ...] | list[str], invented: float = 0.0) -> Callable[[Random], Value]:
    def make(rng: Random) -> Value:
        text = rng.choice(words)
        if rng.random() < invented:
            text = made_up(rng)
            text = text.capitalize() if words[0][0].isupper() else text
        return Value(text, text)

    return make


def _text(write: Callable[[Random], str]) -> Callable[[Random], Value]:
    def make(rng: Random) -> Value:
        text = write(rng)
        return Value(text, text)

    return make


def _message(rng: Random) -> str:
    if rng.random() < 0.45:
        return rng.choice(MESSAGES)
    words = [filler(rng, rng.choice(("thing", "food", "animal", "colour"))) for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.4:
        words.insert(0, rng.choice(("buy", "the", "my", "bring", "call", "find", "I like", "your", "see", "no", "fix")))
    return " ".join(words)


def _title(rng: Random) -> str:
    words = [rng.choice(TITLE_WORDS) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.4:
        words[rng.randrange(len(words))] = made_up(rng).capitalize()
    return " ".join(words)


def _topic(rng: Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(TOPICS)
    return " ".join(filler(rng, rng.choice(("thing", "food", "animal", "job"))) for _ in range(rng.randint(1, 3)))


def _path(rng: Random, with_file: bool) -> str:
    parts = [filler(rng, "thing", invented=0.6) for _ in range(rng.randint(1, 2))]
    return "/".join(parts) + (f".{rng.choice(ENDINGS)}" if with_file else "")


def _time(rng: Random) -> str:
    return rng.choice(
        (f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}", f"{rng.randint(1, 12)} {rng.choice(('am', 'pm'))}")
    )


def _date(rng: Random) -> str:
    day = rng.randint(1, 28)
    return rng.choice(
        (
            rng.choice(DAYS),
            f"{day} {rng.choice(MONTHS)}",
            f"{rng.choice(MONTHS)} {day}",
            f"20{rng.randint(10, 40)}-{rng.randint(1, 12):02}-{day:02}",
        )
    )


def _email(rng: Random) -> str:
    return f"{filler(rng, 'name').lower()}@{made_up(rng)}.{rng.choice(('com', 'org', 'net', 'de'))}"


def _code(rng: Random) -> str:
    letters = random_string(rng, UPPER, 1, 4)
    return rng.choice((f"{letters}{whole(rng, 1, 999)}", f"{letters}-{whole(rng, 10, 9999)}", letters))


def _phone(rng: Random) -> str:
    return f"{rng.randint(100, 999)}-{rng.randint(1000, 9999)}"


def _expression(rng: Random) -> str:
    text = f"{whole(rng, 1, 99)} {rng.choice('+-*')} {whole(rng, 1, 99)}"
    return text if rng.random() < 0.7 else text.replace(" ", "")


def _switch(rng: Random) -> Value:
    on = rng.random() < 0.5
    return Value("on" if on else "off", on)


def _list(item: Callable[[Random], str]) -> Callable[[Random], Value]:
    def make(rng: Random) -> Value:
        items = [item(rng) for _ in range(rng.randint(1, 3))]
        return Value(listed(items), list(items))

    return make


def listed(items: list[str]) -> str:
    """Join items as a sentence does: "a, b and c"."""
    return ", ".join(items) if len(items) < 2 else ", ".join(items[:-1]) + " and " + items[-1]


MAKERS: dict[str, Callable[[Random], Value]] = {
    "integer": _any_integer,
    "number": _decimal,
    "small": _integer(1, 60),
    "percent": _integer(0, 100),
    "few": _integer(1, 9),
    "id": _integer(1, 99999),
    "degrees": _integer(-12, 39),
    "year": _integer(1900, 2030),
    "name": _word("name"),
    "city": _word("city"),
    "thing": _word("thing"),
    "animal": _word("animal"),
    "food": _word("food"),
    "colour": _word("colour"),
    "job": _word("job"),
    "room": _one_of(ROOMS, 0.3),
    "language": _one_of(LANGUAGES, 0.2),
    "currency": _one_of(CURRENCIES),
    "country": _one_of(COUNTRIES, 0.4),
    "sky": _one_of(SKIES, 0.2),
    "done": _one_of(DONE),
    "word": _text(lambda rng: made_up(rng) if rng.random() < 0.4 else filler(rng, "thing")),
    "message": _text(_message),
    "title": _text(_title),
    "topic": _text(_topic),
    "file": _text(lambda rng: _path(rng, True)),
    "folder": _text(lambda rng: _path(rng, False)),
    "time": _text(_time),
    "date": _text(_date),
    "email": _text(_email),
    "symbol": _text(lambda rng: random_string(rng, UPPER, 3, 4)),
    "code": _text(_code),
    "phone": _text(_phone),
    "expression": _text(_expression),
    "switch": _switch,
    "true": lambda rng: Value("true", True),
    "unit": _one_of(("celsius", "fahrenheit", "kelvin")),
    "files": _list(lambda rng: _path(rng, True)),
    "names": _list(lambda rng: filler(rng, "name")),
    "titles": _list(_title),
}
"""What makes a value of each kind, for training."""

FREE_TEXT = ("message", "topic", "title", "expression")
"""Kinds whose values are several words, so that a request that ends with one must not go on with other words."""


def value(rng: Random, kind: str) -> Value:
    """Return a value of a kind, for training."""
    return MAKERS[kind](rng)


def held_out_value(rng: Random, kind: str) -> Value:
    """Return a value that training does not use: a filler or a number held out, or a made-up word of four syllables."""
    if kind in POOLS:
        text = held_out_filler(rng, kind)
        return Value(text, text)
    if kind in ("integer", "small", "percent", "id"):
        number = 23 * rng.randint(1, 4 if kind in ("small", "percent") else 40) + 5
        return Value(str(number), number)
    if kind in ("few", "degrees", "number", "switch", "currency", "time", "date"):
        return MAKERS[kind](rng)
    text = made_up(rng, 4)
    text = text.capitalize() if kind in ("title", "country", "language") else text
    return Value(text, text)


def calculated(kind: str, arguments: list[Value]) -> Value:
    """Return what a tool that calculates gives for its arguments."""
    numbers = [a.json for a in arguments if isinstance(a.json, int | float)]
    if kind == "=evaluate":
        text = arguments[0].text.replace(" ", "")
        sign = next(sign for sign in "+*-" if sign in text)
        numbers = [int(part) for part in text.split(sign)]
        kind = {"+": "=sum", "-": "=difference", "*": "=product"}[sign]
    first, second = numbers[0], numbers[1]
    between = min(first, second) + (max(first, second) - min(first, second)) // 3
    results = {"=sum": first + second, "=difference": first - second, "=product": first * second, "=between": between}
    result = round(results[kind], 2)
    return Value(str(result), result)
