"""How users ask for JSON: instructions put together of many parts, around a text and a list of fields."""

from random import Random

from training.corpus.about_surroundings import choose, plain
from training.corpus.json_fields_held_out import SYSTEM_WORDINGS, WORDINGS
from training.corpus.json_fields_lists import field_list
from training.corpus.words import made_up, spliced

OPENINGS = (
    *("", "", "", "", "", "", "", "please ", "please ", "now ", "hey, ", "hi, ", "tiny, ", "can you ", "could you "),
    *("would you ", "can you please ", "hello! ", "then ", "okay, ", "just ", "next, ", "kindly ", "I ask you to "),
    *("your task is to ", "you have to ", "you should ", "I want you to ", "help me: ", "be so kind and ", "go and "),
    *("your job: ", "let us ", "first ", "quick: ", "try to ", "now please ", "I need you to ", "it is time to "),
)
"""What an order in the imperative may begin with."""

_MAKE = "[give me|return|write|produce|build|make|output|create|send me|send back|reply with|respond with|answer with"
_MAKE += "|print|show me|generate|prepare|form|compose|hand me|get me|deliver|bring me|put together|fill in|write down]"
_NEED = "[I need|I want|I'd like|we need|we want|let me have|let me see|I am looking for|I wish for|I have to get"
_NEED += "|there should be|it has to be|my program needs|my script expects|the result is|the answer must be]"
_JSON = "[JSON|JSON|JSON|a JSON object|a JSON object|one JSON object|valid JSON|plain JSON|only JSON|just JSON|raw JSON"
_JSON += "|nothing but JSON|an object in JSON|JSON data|a JSON record|the JSON|the JSON object|a small JSON object"
_JSON += "|a JSON answer|a JSON reply|a JSON map|short JSON|a single JSON object|an answer in JSON|a piece of JSON]"
_WITH = "[with|with|with|with|that has|containing|holding|which contains|made of|for|that holds|consisting of|having"
_WITH += "|with exactly|with only|that includes|including|which has|showing|that names|that tells|about|that lists]"
_NOUN = "[||||the keys|the fields|keys|fields|these keys:|these fields:|the properties|properties|the attributes"
_NOUN += "|the entries|entries|the members|the columns|the values of|the values for|the key names|the names|key"
_NOUN += "|field|the following fields:|the following keys:|as keys|as fields|what I call]"
_FIND = "[extract|find|get|pull out|pick out|take|read|collect|look up|note|gather|fetch|determine|identify|list"
_FIND += "|select|name|tell me|show|write|put down|give me|copy out|spot|detect|report|grab|work out|choose]"
_AS = "[as JSON|as JSON|in JSON|in JSON form|in JSON format|as a JSON object|and answer in JSON|and write JSON"
_AS += "|and return them as JSON|formatted as JSON|and make JSON of it|and put it into JSON|, JSON only|, as JSON"
_AS += "|and reply with JSON|in a JSON object|and give me the JSON|using JSON|and print JSON|as one JSON object]"
_BARE = (
    "[answer in JSON|answer with JSON only|reply in JSON|use JSON|JSON please|JSON only|turn it into JSON|write JSON"
)
_BARE += (
    "|make it JSON|convert it to JSON|respond with nothing but JSON|I need JSON|I want JSON|give me JSON|output JSON"
)
_BARE += (
    "|only JSON, no words|the answer must be JSON|put it into JSON|return a JSON object|your reply is one JSON object"
)
_BARE += "|make a JSON object of it|a JSON object, please|format: JSON|write the answer as JSON|parse it to JSON]"
_LABEL = "[fields|keys|the keys|properties|names|required|wanted|columns|key names|list of fields|entries|attributes"
_LABEL += "|only|include|needed|field names|take|use|its keys|to find|schema|contents|items|for|find|give]"
_SHALL = "[its keys shall be|it must have|use the keys|I need|name the fields|the keys should be|nothing but|include"
_SHALL += "|the fields to use:|it should contain|it has|with|only|take the keys|I care for|I want to know|use only"
_SHALL += "|look for|the keys I need:|keep|it needs|we store|put in|as keys take|my table has|the form asks for"
_SHALL += "|for the keys|the record has|it holds|there is room for|the columns are called|the object has]"
_VALUES = "[which values have|what values do you see for|what does it say about|what are the values of|what stands for"
_VALUES += "|what do you find for|can you find|do you see|what can you tell about|what is said about|what is given for"
_VALUES += "|what belongs to|what would you fill in for|how would you fill in|what should stand for|what is there on"
_VALUES += "|what is|which are|what would be|what may be|tell me what you find for|who or what is|what about"
_VALUES += "|and what is]"

ORDERS = (
    *(f"{_MAKE} {_JSON} {_WITH} {_NOUN} {{f}}", f"{_MAKE} {_JSON} {_WITH} {_NOUN} {{f}}"),
    *(f"{_FIND} {_NOUN} {{f}} {_AS}", f"{_FIND} {{f}} {_AS}", f"{_FIND} [the values of|the fields|its|] {{f}} {_AS}"),
    f"{_MAKE} {_JSON}[: | from it: |, keys |, fields |; keys: | (|, with ]{{f}}",
    "[answer|reply|respond] [in|with|as] [JSON|only JSON] [and use|, using|; take|: put in|, I need] {f}",
)
"""Orders in the imperative with the fields in them."""

WISHES = (
    *(f"{_NEED} {_JSON} {_WITH} {_NOUN} {{f}}", f"{_NEED} {{f}} {_AS}", f"{_JSON} {_WITH} {_NOUN} {{f}}"),
    *(f"{{f}} {_AS}", "{f} - JSON", "[JSON|JSON|object|JSON keys|JSON fields|to JSON]: {f}", f"{_LABEL}: {{f}}"),
    "[JSON|JSON object] ({f})",
)
"""What asks with the fields in it, but takes no opening."""

PAIRS = (
    *(f"{_BARE}[. |. |; |, |! |\n]{_LABEL}[: |: |: | = | - |:\n]{{f}}", f"{_BARE}[. |. |; |: |! ]{_SHALL} {{f}}"),
    *(f"{_SHALL} {{f}}[. |; |! |.\n]{_BARE}", f"{_LABEL}[: |: | = |:\n]{{f}}[. |\n|; ]{_BARE}"),
    *(f"{_VALUES} {{f}}? {_BARE}", f"{_BARE}: {_VALUES} {{f}}?", f"{_BARE}. {_VALUES} {{f}}?"),
    *(f"{{f}} [are the keys|are what I need|should be in it]. {_BARE}", f"[use|take] {{f}} as [keys|fields]. {_BARE}"),
)
"""Two sentences, or two halves of one: one asks for JSON, the other for the fields."""

SPLIT = (
    *(f"{_BARE}~{_LABEL}: {{f}}", f"{_BARE}~{_SHALL} {{f}}", f"{_LABEL}: {{f}}~{_BARE}", f"{_SHALL} {{f}}~{_BARE}"),
    *(f"{_BARE}~{_VALUES} {{f}}?", f"{_VALUES} {{f}}?~{_BARE}", f"{_BARE}~{{f}}", f"{{f}}~{_BARE}"),
)
"""What stands before the text and what after it, with a tilde for the text."""

LINKS = (
    *(": ", ": ", ": ", ":\n", "\n", "\n\n", ". ", ". ", ".\n", " from: ", " from ", " for: ", " from this: ", " - "),
    *(" [out of|of|from|for|taken from|based on|using|given] [this|the] [text|sentence|note|line|message|words]: ",)
    * 3,
    ". [text|input|sentence|note|the text|source|message|data|content|entry|record|line|document]: ",
    ".\n[text|input|sentence|note|the text|source|message|data|content|entry|record|line|document]:[ |\n]",
    ". [it reads|it goes like this|I have this|the text follows|the note says|somebody wrote|take this|look]: ",
)
"""What stands between an order and the text after it."""

INTRODUCED = (
    *("{t}", "{t}", "{t}", "{t}", "{t}", "{t}", '"{t}"', "'{t}'", "<text>{t}</text>", "({t})", "> {t}", "[[{t}]]"),
    "[text|input|sentence|note|source|message|data|content|entry|record|line|document|story|report|letter]:[ |\n]{t}",
    '[the note says|somebody wrote|I read this|a friend told me|my paper says|it says|they write|we got this]: "{t}"',
    "[look at this|take this|I have this|consider this|see this|it begins|it goes like this|we have]:[ |\n]{t}",
    *("---\n{t}\n---", "```\n{t}\n```", "### [text|input|note]\n{t}\n###", "{t} [(end)|-- end|###|/]"),
)
"""How a text is shown."""

BETWEEN = ("\n", "\n", "\n\n", " ", " ", " -> ", "\n---\n", " | ", " // ")

BEFORE = (
    "[I have a small task|I am working on a list|my boss sent me this|let us begin|this is for my notes|a new one"
    "|one more|we fill a table|I keep records|you are good at this|it is for a form|I test a program|I have a question"
    "|here comes the next|this is easy|I write a program|read with care|I hope you can help|it is about some facts].",
    "[task|rule|job|step|number|case|exercise|ticket|request|part] [1|2|3|4|7|9|12|30|b|c|x][:|.|)]",
    "[hello|hi|hey|good morning|good day|dear tiny|dear model][.|!|,]",
)
AFTER = (
    "[thanks|thank you|no other words|nothing else|no explanation|that is all|keep it short|do not explain|be exact"
    "|no comments|one line please|I need it soon|take your time|be careful|no text around it|just the object"
    "|copy the words as they are|thanks a lot|go ahead|without any talk|leave out the rest|ignore the rest].",
)
"""Sentences that ask for nothing, before everything and after it."""

_USERS = (
    "[take|parse|study|look at|go through|use|note|look into|turn|change|make|convert] [the user's|the user's next|each"
    "|every user's|my|any|whatever the user gives you, a] [text|message|words|sentence|input|note|line]"
)
USERS = (
    f"{_USERS} [and|, then|; then|. now] [write|produce|give|make|print|build] {_JSON} {_WITH} {_NOUN} {{f}}",
    f"{_USERS} [into|to] {_JSON} {_WITH} {_NOUN} {{f}}",
    f"{_USERS}[: |. |; ]{_BARE}[: |, |; ]{{f}}",
)
"""Orders of a system prompt about what the user will say."""

_HELD_OUT = [plain(wording) for wording in WORDINGS + SYSTEM_WORDINGS]


def asked(rng: Random, text: str, names: list[str]) -> tuple[str, str]:
    """Word what asks for the fields `names` of `text` in JSON: what the user says, and the system prompt."""
    while True:
        user, system = _system(rng) if rng.random() < 0.25 else (_around(rng), "")
        if not any(wording in plain(user + " " + system) for wording in _HELD_OUT):
            break
    fields = field_list(rng, names)
    return _filled(user, text, fields), _filled(system, text, fields)


def _filled(shape: str, text: str, fields: str) -> str:
    # A list of lines stands on lines of its own.
    if "\n" in fields and "{f}" in shape:
        before, _, after = shape.partition("{f}")
        shape = f"{before.rstrip(' ')}\n{{f}}\n{after.lstrip(' .;!?:,')}" if after else f"{before.rstrip(' ')}\n{{f}}"
    return shape.replace("{f}", fields).replace("{t}", text).strip()


def _instruction(rng: Random) -> str:
    form = rng.random()
    if form < 0.5:
        return _sentence(rng, rng.choice(OPENINGS) + _chosen(rng, rng.choice(ORDERS)))
    return _sentence(rng, _chosen(rng, rng.choice(WISHES if form < 0.7 else PAIRS)))


def _around(rng: Random) -> str:
    """Return a message with `{t}` for the text and `{f}` for the fields."""
    form = rng.random()
    shown = _sentence(rng, _chosen(rng, rng.choice(INTRODUCED))) if rng.random() < 0.55 else "{t}"
    if form < 0.5:
        message = _instruction(rng) + _chosen(rng, rng.choice(LINKS)) + (shown if rng.random() < 0.6 else "{t}")
    elif form < 0.82:
        message = shown + rng.choice(BETWEEN) + _instruction(rng) + rng.choice((".", ".", "", "", "!", " please"))
    else:
        before, after = (_sentence(rng, _chosen(rng, part)) for part in rng.choice(SPLIT).split("~"))
        message = before + _chosen(rng, rng.choice(LINKS)) + shown + rng.choice(BETWEEN) + after
    message = message.replace("?.", "?").replace("..", ".").replace("?:", "?").replace("!.", "!").replace("?!", "?")
    if rng.random() < 0.15:
        message = _sentence(rng, _chosen(rng, rng.choice(BEFORE))) + rng.choice((" ", " ", "\n")) + message
    elif rng.random() < 0.06:
        message = rng.choice((made_up, spliced))(rng) + rng.choice((": ", ". ", "\n", " - ", ", ")) + message
    if rng.random() < 0.12:
        end = "" if message.endswith((".", "!", "?", "\n", "please")) else "."
        message += end + rng.choice((" ", "\n")) + _sentence(rng, _chosen(rng, rng.choice(AFTER)))
    return message


def _system(rng: Random) -> tuple[str, str]:
    """Return what the user says and a system prompt, which asks for the fields."""
    ask = _instruction(rng) if rng.random() < 0.6 else _sentence(rng, _chosen(rng, rng.choice(USERS)))
    ask += rng.choice((".", ".", ""))
    before = ("", "", "", "You read texts. ", "You are a helpful assistant. ", "The user sends a text. ", "Be exact. ")
    after = ("", "", "", " Write nothing else.", " No other words.", " The user's message is the text.")
    whenever = rng.choice(("", "", "", "", "For each message: ", "Whatever the user says: ", "With every text: "))
    system = rng.choice(before) + whenever + ask + rng.choice(after)
    return rng.choice(("{t}", "{t}", "{t}", _chosen(rng, rng.choice(INTRODUCED)))), system.replace("?.", "?")


def _chosen(rng: Random, shape: str) -> str:
    """Choose among the parts in brackets, and keep what `choose` would strip or join: ends and line breaks."""
    shape = shape.replace("[[", "\x01").replace("]]", "\x02").replace("{f}", "\x03")
    start, end = shape[: len(shape) - len(shape.lstrip(" "))], shape[len(shape.rstrip(" ")) :]
    breaks = "\n" if shape.startswith("\n") else ""
    if not shape.strip():
        return shape
    core = choose(rng, shape.replace("\n", "\x04")).replace("\x04", "\n")
    core = core.replace("\x01", "[").replace("\x02", "]").replace("\x03", "{f}")
    return (
        start
        + (breaks if not core.startswith("\n") else "")
        + core
        + end
        + (")" if core.count("(") > core.count(")") else "")
    )


def _sentence(rng: Random, text: str) -> str:
    return text[0].upper() + text[1:] if text and rng.random() < 0.6 else text
