"""One use of a tool: the tool, a request for it, the call to make, a result, and the answer."""

from dataclasses import dataclass, field
from random import Random

from training.corpus.tools_words import other_word
from training.corpus.words import made_up, random_string
from training.example import Call, JsonValue, Tool


@dataclass(frozen=True)
class Task:
    """A request that `tool` serves with `arguments`; the tool returns `result`, from which `answer` follows.

    `told` is what thinking says about the result. `group` names the kind: two of one group are never on offer together.
    """

    tool: Tool
    request: str
    arguments: dict[str, JsonValue]
    result: str
    answer: str
    told: str
    group: str = ""
    near: tuple[Tool, ...] = field(default=())

    @property
    def call(self) -> Call:
        """The call that the request needs."""
        return Call(self.tool.name, self.arguments)


OPENINGS = (
    *("please ", "can you ", "could you ", "could you please ", "can you please ", "I need you to ", "I want you to "),
    *("hey, ", "hi, ", "now ", "would you ", "tiny, ", "tiny, please ", "hello, can you ", "I would like you to "),
    *("I have to ", "I want to ", "I need to ", "I'd like to ", "we need to ", "we want to ", "I would like to "),
    *("it is time to ", "let us ", "help me to ", "will you ", "will you please ", "be so kind and ", "just "),
    *("your task: ", "next, ", "first ", "then ", "and now ", "ok, ", "okay, now ", "I must ", "we have to ", "let's "),
)
"""What an order may begin with; those that ask get a question mark."""

QUESTION_OPENINGS = (
    *(
        "hey, ",
        "hi, ",
        "tell me, ",
        "please tell me, ",
        "hi tiny, ",
        "hello, ",
        "one question: ",
        "and ",
        "so ",
        "now ",
    ),
    *("I wonder: ", "quick question: ", "may I ask, ", "let me know: ", "I would like to know: ", "ok, ", "tiny, "),
    *("I want to know: ", "can you say ", "do you know ", "could you tell me ", "say, ", "I ask you: ", "please say "),
)
ENDINGS = (
    *(" please", " now", " for me", ", please", ", thanks", " for me please", " right now", ", thank you", " today"),
    *(" at once", " if you can", ", will you", ", ok", ", tiny", " for us", ", quickly", " soon", " then", " again"),
)
PRELUDES = (
    *("I am {} today", "we are {}", "it is {} here", "my friend is {}", "it is {}", "I have {}", "this is for {}"),
    *("I am going to {}", "I think of {}", "I was in {}", "I will visit {}", "I like {}", "{} is nice", "I see {}"),
)
"""What a user says before the request, about something else."""


def order(rng: Random, core: str, *, closed: bool) -> str:
    """Word an order; `closed` says that nothing may follow it, because it ends with free text."""
    opening = rng.choice(OPENINGS) if rng.random() < 0.45 else ""
    asks = opening.removeprefix("hello, ").startswith(("can", "could", "would", "will"))
    ending = rng.choice(ENDINGS) if not closed and "please" not in opening and rng.random() < 0.2 else ""
    mark = "" if closed else rng.choice(("?", "?", "")) if asks else rng.choice((".", "", ""))
    return prelude(rng) + _start(rng, opening + core + ending) + mark


def question(rng: Random, core: str) -> str:
    """Word a question."""
    opening = rng.choice(QUESTION_OPENINGS) if rng.random() < 0.2 else ""
    return prelude(rng) + _start(rng, opening + core) + rng.choice(("?", "?", "?", ""))


def prelude(rng: Random) -> str:
    """Return, seldom, a remark to say before a request."""
    if rng.random() > 0.08:
        return ""
    said = rng.choice(PRELUDES).format(other_word(rng))
    return (said if rng.random() < 0.2 else said[0].upper() + said[1:]) + rng.choice((", ", ". ", ", so ", "! ", ": "))


def _start(rng: Random, text: str) -> str:
    return text if rng.random() < 0.25 else text[0].upper() + text[1:]


def camel(words: list[str]) -> str:
    """Join words as camelCase."""
    return words[0] + "".join(word.capitalize() for word in words[1:])


def styled(rng: Random, words: list[str]) -> str:
    """Join words to a name in one of the usual styles."""
    words = [part for word in words for part in word.lower().split()]
    style = rng.random()
    if style < 0.6:
        name = "_".join(words)
    elif style < 0.8:
        name = camel(words)
    elif style < 0.9:
        name = "-".join(words)
    else:
        name = "".join(word.capitalize() for word in words)
    if rng.random() < 0.12:
        name += rng.choice(
            ("_v2", "_tool", "_api", "_now", "2", "_fn", f"_{random_string(rng, shortest=2, longest=4)}")
        )
    return name


def invented_name(rng: Random) -> str:
    """Return a name that tells nothing of what a tool does."""
    word = made_up(rng) if rng.random() < 0.6 else random_string(rng)
    tail = rng.choice(
        ("lookup", "tool", "run", "do", "get", "info", "call", "api", made_up(rng), str(rng.randint(1, 99)))
    )
    return word if rng.random() < 0.4 else rng.choice((f"{word}_{tail}", camel([word, tail]), f"{tail}_{word}"))


def numbered(arguments: dict[str, JsonValue]) -> str:
    """Write arguments as thinking names them: "city Paris and days 3"."""
    if not arguments:
        return "no arguments"
    return " and ".join(f"{name} {spoken(value)}" for name, value in arguments.items())


def spoken(value: JsonValue) -> str:
    """Write a value in a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(spoken(item) for item in value)
    return str(value)
