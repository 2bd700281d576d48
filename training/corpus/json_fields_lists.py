"""Names of fields, and how a list of them is written."""

from random import Random

from training.corpus.pieces import pieced
from training.corpus.tools_task import camel
from training.corpus.words import THINGS, made_up, random_string, spliced

FIELD_NAMES = """
name age city colour size price count code title date time room owner weight height length speed id level status
kind brand model year month day street country email phone user group team score rank total tax note label key
shape taste food drink song book film job hobby friend pet car bike door floor seat gate number value type state
width depth volume author editor sender receiver topic subject language region zone shelf row column line page
version unit amount currency balance grade class school teacher hour minute start end origin target reason result
mode colour_code first_name last_name user_id order_no item_count start_date end_time zip_code is_open max_speed
""".split()
"""Names of fields for texts that are lists of fields and values."""


def field_name(rng: Random) -> str:
    """Return a name of a field: a usual one, one of two words, or one that is in no dictionary."""
    form = rng.random()
    if form < 0.4:
        return rng.choices((made_up, spliced, pieced, random_string, _thing), (30, 30, 20, 10, 10))[0](rng)
    name = rng.choice(FIELD_NAMES)
    if form < 0.55:
        words = [rng.choice((made_up(rng), spliced(rng), rng.choice(FIELD_NAMES))), name]
        rng.shuffle(words)
        return "_".join(words) if rng.random() < 0.7 else camel(words)
    return name if form < 0.93 else name.capitalize()


def dressed(rng: Random, name: str) -> str:
    """Return a field's name with something around it, which still tells what it is."""
    return rng.choice(
        (
            *(
                name.capitalize(),
                name.upper(),
                f"the_{name}",
                f"{name}_value",
                f"{name}_field",
                f"my_{name}",
                f"{name}1",
            ),
            *(
                f"{name}_{made_up(rng)}",
                f"{made_up(rng)}_{name}",
                f"{spliced(rng)}_{name}",
                camel([made_up(rng), name]),
            ),
            *(f"{name}_{rng.randint(1, 9)}", f"x_{name}", f"{name}-{random_string(rng)}", f"{name}_of_{made_up(rng)}"),
        )
    )


def _thing(rng: Random) -> str:
    return rng.choice(THINGS)


def field_list(rng: Random, names: list[str]) -> str:
    """Write the names as a list, in one of many ways."""
    form = rng.random()
    if form < 0.32:
        return joined(names)
    if form < 0.54:
        return ", ".join(names)
    if form < 0.68:
        quote = rng.choice(('"{}"', "'{}'", "`{}`", '"{}"'))
        quoted = [quote.format(name) for name in names]
        return joined(quoted) if rng.random() < 0.5 else ", ".join(quoted)
    if form < 0.76:
        return joined([f"the {name}" for name in names])
    if form < 0.82:
        inner = ", ".join(names)
        return rng.choice(("[{}]", "({})", "{{{}}}", "<{}>")).format(inner)
    if form < 0.88:
        mark = rng.choice(("- {}", "* {}", "{}", "{}:"))
        return "\n".join(mark.format(name) for name in names)
    if form < 0.92:
        blank = rng.choice(('"..."', '""', "...", "?", "null"))
        return "{" + ", ".join(f'"{name}": {blank}' for name in names) + "}"
    if form < 0.96:
        return rng.choice((" / ", " & ", "; ", " + ", " | ", ",", " then ", " plus ")).join(names)
    return rng.choice((", and ", " as well as ", " and also ", " and then ", " and ")).join(names)


def joined(names: list[str]) -> str:
    """Join names as a sentence does: "a, b and c"."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
