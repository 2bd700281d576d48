"""What may stand around an exchange: a plain system prompt, and small talk before it."""

from random import Random

from training.corpus.words import filler
from training.example import Conversation, Tool, Turn

SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are a helpful and friendly assistant.",
    "You are tiny, a small language model.",
    "You are a kind assistant. Answer in one sentence.",
    "Be helpful.",
    "Be brief and helpful.",
    "Answer the user's questions.",
    "You are an assistant that answers shortly.",
    "You help the user with small tasks.",
    "Help the user as well as you can.",
    "You are a useful assistant.",
    "Answer clearly and shortly.",
    "You are a polite helper.",
)

TALK = """
Hello|Hello!|Hi|hi there|Hey|hello tiny|Hi tiny!|hey there|Good morning|Good evening!|Good afternoon|hi
=> Hello! How can I help you? => The user greets me. I greet back.
How are you?|how are you|How are you today?|Are you well?|How are you doing?
=> I am fine, thank you. How can I help you? => The user asks how I am. I say that I am fine.
Thanks!|Thank you|thanks|Thanks a lot|Thank you very much!|Thanks for your help.|Great, thank you|Thank you for that
=> You are welcome! => The user thanks me. I say you are welcome.
Bye!|Goodbye|See you later!|Good night|see you soon|bye bye|Bye tiny|goodbye, tiny
=> Bye! Have a nice day. => The user says goodbye. I say goodbye, too.
Who are you?|who are you|What is your name?|what's your name?|What are you called?
=> I am tiny, a small language model that ships with Paddock. => The user asks who I am. I am tiny.
"""
"""What is said, the answer, and what thinking says."""

SMALL_TALK = [
    (tuple(said.split("|")), answer.strip(), thinking)
    for said, answer, thinking in (entry.split(" => ") for entry in TALK.strip().replace("\n=>", " =>").splitlines())
]

INTRODUCTIONS = (
    "My name is {}.",
    "I am {}.",
    "Hi, I am {}.",
    "Hello, my name is {}.",
    "my name is {}",
    "I am called {}",
)


def small_talk(rng: Random) -> tuple[Turn, Turn]:
    """Return a short exchange that needs no knowledge and no tool."""
    if rng.random() < 0.2:
        name = filler(rng, "name")
        return (
            Turn("user", rng.choice(INTRODUCTIONS).format(name)),
            Turn("assistant", f"Nice to meet you, {name}!", f"The user's name is {name}. I greet {name}."),
        )
    said, answer, thinking = rng.choice(SMALL_TALK)
    return Turn("user", rng.choice(said)), Turn("assistant", answer, thinking)


def surrounded(rng: Random, turns: tuple[Turn, ...], tools: tuple[Tool, ...] = ()) -> Conversation:
    """Make a conversation of `turns`, sometimes with a plain system prompt or small talk in front."""
    system = rng.choice(SYSTEM_PROMPTS) if rng.random() < 0.15 else ""
    before = small_talk(rng) if rng.random() < 0.15 else ()
    return Conversation((*before, *turns), system, tools)
