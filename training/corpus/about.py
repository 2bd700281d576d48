"""Skill: small talk, what the model is, and Paddock's commands."""

import re
from random import Random

from training.corpus.about_chatting import CHATTING
from training.corpus.about_commands import MODELS
from training.corpus.about_paddock import CONCEPTS
from training.corpus.about_self import SELF
from training.corpus.about_surroundings import choose, plain, surrounded, typed
from training.corpus.about_talk import TALK
from training.corpus.skill import Skill
from training.corpus.words import made_up, random_string, spliced
from training.example import Check, Conversation, Reply, Turn

INTENTS = TALK + SELF + MODELS + CHATTING + CONCEPTS
WEIGHTS = [1.5] * len(TALK) + [1.2] * len(SELF) + [1.3] * len(MODELS) + [0.8] * len(CHATTING) + [0.8] * len(CONCEPTS)

MODEL_NAMES = """
llama3 llama3.2 mistral gemma3 gemma3:4b gemma3:1b qwen3 qwen3:0.6b qwen2.5 phi4 phi3 tiny stories mymodel llama2
codellama starcoder vicuna yi tinyllama smollm olmo2 mixtral llava test demo mario assistant helper base llama3:8b
deepseek-r1 command-r solar nemotron-mini qwen3:8b mistral:7b my-model model1 pirate
""".split()
HELD_OUT_MODEL_NAMES = """
granite4 zephyr falcon7 orca2 exaone:2b dolphin3 athene gemma4 marco-o1 reader2 bloom notes-bot
""".split()

NAME_ENDS = "r1 o2 v2 v3 mini small large bot chat instruct coder base pro x a1 k2 it max plus".split()
TAGS = "latest small q4 q8 instruct chat mini fp16 main test old new".split()
"""What names of models end with, after a dash and after a colon."""

FRAMES = (
    """
how do I P|how do I P|how do I P|how can I P|how can I P|how to P|how would I P|how do you P|how should I P|how may I P
what is the command to P|what's the command to P|what is the command to P|which command do I use to P
which command can I use to P|what command will P|what do I type to P|what should I type to P|what do I run to P
what can I run to P|what must I do to P|what do I have to do to P|can I P|can I P|can you P|is there a way to P
is there a command to P|can you tell me how to P|could you tell me how to P|do you know how to P|in what way can I P
is it possible to P|how is it possible to P|which command is there to P|what do I enter to P|what do I write to P
what is needed to P|what is the way to P|what is the best way to P|how would one P|how does one P|how do people P
what would I type to P|what would I run to P|which command would I need to P|would you tell me how to P|how might I P
what if I want to P|what do I do when I want to P|what do I type when I want to P|which command do I need to P
what happens to be the command to P|with which command can I P|by which command do I P|how am I supposed to P
P - how|P, how does that work|P, how do I do that|P, which command is it|I want to P, how|I need to P, what do I run
I'd like to P, how|I would like to P, what do I type|I have to P, which command do I use|to P, what do I type
""".strip()
    .replace("\n", "|")
    .split("|")
)
"""Questions around what a user wants to do, P."""

REQUESTS = (
    """
I want to P|I want to P|I would like to P|I'd like to P|I need to P|show me how to P|tell me how to P|explain how to P
help me P|P|P|please P|I don't know how to P|I forgot how to P|let me P|I am trying to P|the command to P|command to P
tell me the command to P|give me the command to P|I have to P|I wish to P|teach me how to P
I want to know how to P|I would like to know how to P|I'd like to learn how to P|I need the command to P|my plan is to P
I am looking for a way to P|I am looking for the command to P|it would be good to P|my aim is to P|I cannot P
I do not manage to P|I tried to P and failed|I have no idea how to P|I wonder how to P|now I want to P|next I want to P
it is time to P|somebody has to P|we need to P|we want to P|we would like to P|I was told to P|a way to P|how to P
""".strip()
    .replace("\n", "|")
    .split("|")
)

LONGEST = 40


def example(rng: Random) -> Conversation:
    """Return something said or asked, with its answer."""
    while True:
        conversation = _conversation(rng)
        said = plain(conversation.turns[0].content)
        if not any(wording in said for wording in _HELD_OUT_WORDINGS):
            return surrounded(rng, conversation)


def held_out() -> list[Check]:
    """Return each intent in wordings that training never has."""
    rng = Random(11)
    checks = []
    for intent in INTENTS:
        for line in _lines(intent.held_out):
            model, other = rng.sample(HELD_OUT_MODEL_NAMES, 2)
            fillers = {"m": model, "n": other, "t": str(rng.choice((0.15, 0.35, 0.65, 1.25)))}
            keys = tuple(_filled(key, fillers if re.search(r"\{[mt]\}", line) else _GENERIC) for key in intent.keys)
            checks.append(Check(Conversation((Turn("user", _filled(line, fillers)),)), _Has(keys)))
    return checks


class _Has:
    """Whether a reply has all keys; each names alternatives with "|", or with "-" first what must not stand there."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys

    def __call__(self, reply: Reply) -> bool:
        if not reply.ended or reply.calls or not 0 < len(reply.content.split()) <= LONGEST:
            return False
        return all(
            not _stands(key[1:], reply.content)
            if re.match("-[a-z]{2}", key)
            else any(_stands(part, reply.content) for part in key.split("|"))
            for key in self.keys
        )


def _stands(part: str, text: str) -> bool:
    # Not within a longer word: "no" is not in "know".
    before, after = (r"(?<!\w)" if part[0].isalnum() else ""), (r"(?!\w)" if part[-1].isalnum() else "")
    return re.search(before + re.escape(part) + after, text, re.IGNORECASE) is not None


def _conversation(rng: Random) -> Conversation:
    intent = rng.choices(INTENTS, WEIGHTS)[0]
    line = rng.choice(_lines(intent.cores))
    text = choose(rng, line.lstrip("?!"))
    if line.startswith("!"):
        text = typed(rng, text, rng.choice((".", "!", "")), opened=0.0)
    elif line.startswith("?"):
        text = typed(rng, text, "." if text.startswith(("tell", "explain", "describe", "define", "show")) else "?")
    else:
        ask = rng.random() < 0.6
        text = rng.choice(FRAMES if ask else REQUESTS).replace("P", text)
        if intent in MODELS and rng.random() < 0.15:
            text += rng.choice((" in Paddock", " with Paddock", " using Paddock", " on Paddock"))
        text = typed(rng, text, "?" if ask else ".")
    if rng.random() < 0.6:
        text = text.replace("paddock", "Paddock").replace("modelfile", "Modelfile")
    if rng.random() < 0.3:
        text = text.replace("ollama", "Ollama").replace("GGUF", "gguf").replace("python", "Python")
    user, answers = _fill(rng, text)
    return Conversation((Turn("user", user), Turn("assistant", _filled(intent.answer, answers), intent.thinking)))


def _fill(rng: Random, text: str) -> tuple[str, dict[str, str]]:
    """Put names of models into the text; return it and what the answer is to name."""
    said, answers = dict[str, str](), dict(_GENERIC)
    two = "{n}" in text
    if "{m}" in text:
        if two or rng.random() < 0.75:
            answers["m"] = _model_name(rng)
            said["m"] = rng.choice(("{}", "{}", "{}", "the model {}", "model {}", "`{}`", '"{}"')).format(answers["m"])
        else:
            said["m"] = rng.choice(("a model", "the model", "one of my models", "a model", "my model"))
    if two:
        while answers["n"] in (answers["m"], _GENERIC["n"]):
            answers["n"] = _model_name(rng)
        said["n"] = answers["n"]
    if "{t}" in text:
        answers["t"] = said["t"] = str(rng.choice((0, 1, 2, rng.randint(0, 20) / 10, rng.randint(0, 200) / 100)))
    text = _filled(text, said)
    return text[:1].upper() + text[1:] if rng.random() < 0.1 and "{" not in text[:1] else text, answers


def _model_name(rng: Random) -> str:
    while True:
        name = rng.choice(MODEL_NAMES) if rng.random() < 0.3 else _invented_model_name(rng)
        if name not in HELD_OUT_MODEL_NAMES:
            return name


def _invented_model_name(rng: Random) -> str:
    name = rng.choices((made_up, spliced, random_string), (45, 30, 25))[0](rng)
    if rng.random() < 0.35:
        name += rng.choice(("", "", "-", ".")) + str(rng.choice((rng.randint(1, 9), rng.randint(1, 99))))
        name += rng.choice(("", "", "", f".{rng.randint(0, 9)}"))
    if rng.random() < 0.2:
        name += rng.choice("--_") + rng.choice((made_up(rng), spliced(rng), rng.choice(NAME_ENDS), random_string(rng)))
    if rng.random() < 0.25:
        size = f"{rng.choice((rng.randint(1, 9), rng.randint(1, 99), rng.randint(1, 9) / 10))}b"
        name += ":" + rng.choice((size, size, rng.choice(TAGS), made_up(rng), f"v{rng.randint(1, 9)}"))
    return name.capitalize() if rng.random() < 0.03 else name


def _filled(text: str, fillers: dict[str, str]) -> str:
    for key, value in fillers.items():
        text = text.replace("{" + key + "}", value)
    return text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


_GENERIC = {"m": "NAME", "n": "NEW_NAME", "t": "0.5"}
_HELD_OUT_WORDINGS = [plain(line) for intent in INTENTS for line in _lines(intent.held_out)]

SKILL = Skill("about", "greets, says what it is, knows Paddock's commands", 0.15, 0.95, example, held_out)
