"""Kinds of things that users tell: relations, favourites, codes, numbers, places; what acknowledges them; new words."""

from random import Random

from training.corpus.pieces import pieced
from training.corpus.words import ALL_POOLS, POOLS, made_up, random_string, spliced

RELATIONS = """
brother sister mother father friend neighbour boss teacher cousin aunt uncle son daughter wife husband doctor
colleague grandmother grandfather landlord
""".split()

FAVOURITES = (
    "book song film city game sport drink fruit band writer planet flower shop dish month tree team hobby".split()
)

CODES = (
    """
code word|secret word|password|user name|magic word|nickname|pass phrase|file name|street|school|company|village|ship|
project|login|safe word|team name
""".replace("\n", "")
    .strip("|")
    .split("|")
)

NUMBERS = (
    """
lucky number|pin|room number|table number|ticket number|favourite number|order number|house number|locker number|
seat number|customer number|code|door code|shoe size|bus number|flight number|postcode|score|member number
""".replace("\n", "")
    .strip("|")
    .split("|")
)

PLACES = (
    "box bag kitchen garden drawer cupboard car attic cellar table shelf bed chair sofa door desk basket room".split()
)

ACKNOWLEDGED = (
    "I will remember that.",
    "Thank you, I will remember that.",
    "Good to know.",
    "Thank you for telling me.",
    "OK, I will remember it.",
)

ORDINARY = """
above active advice almost amount answer archive arrive autumn bakery balance beauty begin behave believe bitter blossom
border bottom branch breathe bridge bright broken bubble captain careful castle centre chance change cheerful chimney
circle clever climate closed clothes coffee cold comfort common corner cotton country courage cradle credit curious
danger decide deliver desert detail diamond dinner direct distant double dream dusty eager early effort elbow empty
energy engine enough evening exact famous feather fellow festival fever figure finger flame follow forest freedom
fresh friendly future gallery gather gentle giant glance golden grateful ground guest habit handle harbour harvest
health heavy hidden hollow honest hotel humble hungry hurry idea imagine industry island jewel journey jungle justice
kernel kingdom kitchen ladder language laughter leather lively lonely lucky marble market meadow measure memory mighty
minute moment morning motive mountain mystery narrow native nature nearly nervous noble normal northern notice object
ocean offer often olden oldest only open opinion order origin oval over oxide oxygen package palace patient pepper
perfect pilgrim planet pleasant pocket poetry polite powder prince promise proud public pupil purpose puzzle quality
question quick quiet ragged rapid rather reason recipe remain rescue result ribbon river rocket rough royal rubber
sailing salty sample season secret sentence shadow shelter silence simple single sister slender smooth society solid
southern special spirit splendid spring square station steady story strange stream strong sudden sugar summer supper
surface sweet swift system talent temple tender theatre thunder timber tomorrow torch travel treasure tunnel twelve
ugly under uniform unit useful usual valley vessel village violent visit vivid voice voyage waltz warning weather whale
wheel whisper wicked wide winter wisdom wonder wooden worthy xylem yard yearly yeast youth zebra zigzag zone
""".split()
"""Words of all sorts, to be cut up: they have other beginnings and endings than names and things have."""

_TAKEN = frozenset(word.lower() for _, held_out in POOLS.values() for word in held_out)


def stitched(rng: Random) -> str:
    """Return the beginning of one ordinary word with the end of another: a word that nobody knows."""
    first, second = rng.choice(ORDINARY), rng.choice(ORDINARY)
    word = first[: rng.randint(1, min(5, len(first) - 1))] + second[-rng.randint(2, len(second) - 1) :]
    return word + rng.choice(("", "", "", "", "s", "es"))


def new_word(rng: Random) -> str:
    """Return a word in small letters that has no meaning, cut into all sorts of pieces; none that is held out."""
    while True:
        word = rng.choices((made_up, spliced, pieced, stitched, random_string), (20, 25, 20, 25, 10))[0](rng)
        if word not in _TAKEN:
            return word


def learned_value(rng: Random, kind: str) -> str:
    """Return a value for training: a word of its pool or list, or a new one."""
    if kind == "age":
        return str(rng.randint(1, 99))
    if kind == "digits":
        return str(rng.randint(0, 10 ** rng.randint(1, 5) - 1))
    if kind in LISTS:
        return new_word(rng) if rng.random() < NEW_KINDS.get(kind, 0) else rng.choice(LISTS[kind])
    if kind == "word":
        word = new_word(rng) if rng.random() < 0.6 else rng.choice(rng.choice(ALL_POOLS))
        word = word.capitalize() if rng.random() < 0.15 else word.lower() if rng.random() < 0.8 else word
        return word + (str(rng.randint(0, 999)) if rng.random() < 0.2 else "")
    if rng.random() >= NEW_WORDS.get(kind, 0.6):
        return rng.choice(POOLS[kind][0])
    word = new_word(rng)
    return word.capitalize() if kind in ("name", "city") else word


LISTS = {"relation": RELATIONS, "favourite": FAVOURITES, "code": CODES, "number": NUMBERS, "place": PLACES}
"""Values that are drawn from lists."""

NEW_KINDS = {"relation": 0.3, "favourite": 0.45, "code": 0.4, "number": 0.35, "place": 0.35}
"""How often a relation, or what has a value, is a new word."""

NEW_WORDS = {"colour": 0.45, "animal": 0.55, "job": 0.45}
"""How often a filler is a new word (of other kinds: 0.6)."""
