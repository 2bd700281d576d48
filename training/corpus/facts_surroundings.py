"""What may stand around a question of fact: a plain system prompt, and small talk before it."""

from random import Random

from training.corpus.words import filler
from training.example import Conversation, Turn

PLAIN_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful and friendly assistant.",
    "You are tiny, a small language model.",
    "You are an assistant that answers questions.",
    "You are a useful assistant. Keep it short.",
    "You are a good teacher.",
    "Be helpful.",
    "Be helpful and brief.",
    "Answer the user's questions.",
    "Answer in one sentence.",
    "Answer the question of the user.",
    "Help the user.",
    "You help the user with questions.",
)

TALK = (
    ("Hello|Hello!|Hi|hi there|Hey|Hi!|hello", "Hello! How can I help you?", "The user greets me. I greet back."),
    ("How are you?|how are you", "I am fine, thank you. How can I help you?", "The user asks how I am. I am fine."),
    ("Thanks!|Thank you|thanks", "You are welcome!", "The user thanks me. I answer politely."),
    (
        "Who are you?|who are you|What are you?",
        "I am tiny, a small language model that ships with Paddock.",
        "The user asks who I am. I am tiny.",
    ),
)


def talk(rng: Random) -> tuple[Turn, Turn]:
    """Return a short exchange that has nothing to do with what follows."""
    if rng.random() < 0.25:
        name = filler(rng, "name")
        said = rng.choice(("My name is {}.", "I am {}.", "Hi, I am {}.", "Hello, my name is {}.")).format(name)
        greeting = f"Nice to meet you, {name}!"
        return Turn("user", said), Turn("assistant", greeting, f"The user's name is {name}. I greet {name}.")
    said, answer, thinking = rng.choice(TALK)
    return Turn("user", rng.choice(said.split("|"))), Turn("assistant", answer, thinking)


def surrounded(rng: Random, turns: tuple[Turn, ...]) -> Conversation:
    """Make a conversation of `turns`, sometimes with a plain system prompt or small talk in front."""
    system = rng.choice(PLAIN_PROMPTS) if rng.random() < 0.15 else ""
    before = talk(rng) if rng.random() < 0.15 else ()
    return Conversation((*before, *turns), system)
