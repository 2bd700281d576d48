"""What stands around an example: how people type, neutral system prompts and unrelated exchanges before."""

import re
from dataclasses import replace
from random import Random

from training.example import Conversation, Turn

SYSTEMS = """
You are a helpful assistant.
You are a helpful, friendly assistant.
You are a useful assistant. Keep answers short.
You are tiny, a small language model.
You are tiny, the model that ships with Paddock.
You are an assistant. Answer the user.
Be helpful and brief.
Be kind and helpful.
Answer the user's questions.
Help the user.
Answer in one sentence.
You are an AI assistant.
You are a chat assistant that gives short answers.
You chat with a user.
""".strip().split("\n")

REMARKS = """
[It is|It's] [cold|warm] [today|here|now|outside] => I see. [Thank you for telling me.|How can I help you?]
[It is|It's] [hot|sunny|windy] [today|here|now|outside] => I see. [Thank you for telling me.|How can I help you?]
[It is|It's] [rainy|dark] [today|here|now|outside] => I see. [Thank you for telling me.|How can I help you?]
[It is|It's] [quiet|late|early] [today|here|now|outside] => I see. [Thank you for telling me.|How can I help you?]
I [just had|am having|had] [lunch|dinner|breakfast|tea|a coffee|a break] => I hope you enjoyed it.
I am [tired|sleepy|bored|hungry|busy|thirsty] [today|now|again] => I am sorry to hear that.
I am [happy|glad|well|fine|in a good mood] [today|now|again] => I am glad to hear that.
[The weather is|The day was|My day was] [nice|good|lovely|great] => I am glad to hear that.
[My day was|The weather is|The day was] [bad|awful|terrible|boring] => I am sorry to hear that.
I [slept|worked|ran|walked] [a lot|too long|well|all day] [today|yesterday] => I see. Thank you for telling me.
I will [go for a walk|cook|read|clean the house|work|go shopping] [later|soon|tomorrow|tonight] => I hope you enjoy it.
[The coffee|The tea|My lunch|My breakfast] was [good|great|cold|too hot] => I see. Thank you for telling me.
[Wait a moment|One moment|Hold on|Just a second] [please|] => Of course. Take your time.
[OK|Okay|Good|Fine|Great|All right|I see|Nice|Cool] => [Good.|All right.] Is there anything else?
""".strip().split("\n")

EXCHANGES = """
[Hello|Hi|Hey|Hello there|Hi there|Good morning|Good evening|Hi tiny] => Hello! How can I help you?
[How are you|How are you today|How is it going] => I am fine, thank you. How can I help you?
[Thanks|Thank you|Thanks a lot|Thank you so much] => You are welcome!
[Who are you|What are you|What is your name] => I am tiny, a small language model that ships with Paddock.
[How do I list my models|How can I list my models] => Run `paddock list` to see your models.
[Which port does Paddock use|What is the port] => Paddock listens on port 11434.
""".strip().split("\n")

OPENINGS = (
    *("Hi, ", "Hello, ", "Hey, ", "Hey tiny, ", "Hi tiny! ", "Hello! ", "tiny, ", "Please tell me: "),
    *("Tell me: ", "Tell me, ", "Please, ", "Can you tell me: ", "So, ", "OK, ", "I would like to know: "),
    *("Question: ", "And ", "Could you tell me, ", "I have a question: ", "Now tell me: ", "Well, "),
)

ENDINGS = (" please", ", please", " Thanks.", " Thank you!", " now", ", tiny")


def choose(rng: Random, text: str) -> str:
    """Replace each `[a|b|c]` by one of its parts (they may be nested)."""
    while found := re.search(r"\[([^\[\]]*)\]", text):
        text = text[: found.start()] + rng.choice(found[1].split("|")) + text[found.end() :]
    return re.sub(" ([.,?!])", r"\1", re.sub(" +", " ", text)).strip()


def typed(rng: Random, text: str, mark: str = "?", *, opened: float = 0.2) -> str:
    """Write a sentence without its end as somebody types it: openings, case, `mark` or none, slips.

    Words with braces are left as they are.
    """
    if rng.random() < opened:
        opening = rng.choice(OPENINGS)
        # Not "Please tell me: tell me my name".
        if not (re.search("tell|know|uestion", opening) and re.match("tell|say|give|show|explain|describe", text)):
            text = opening + small(text)
    if rng.random() < 0.06:
        text = _slip(rng, text)
    if rng.random() < 0.08:
        ending = rng.choice(ENDINGS)
        text += mark + ending if ending.endswith((".", "!")) else ending + mark
    elif rng.random() < 0.75:
        text += mark
    if rng.random() < 0.25:
        return small(text)
    return text[:1].upper() + text[1:]


def small(text: str) -> str:
    """Begin with a small letter, unless with "I" or a placeholder."""
    return text if re.match(r"I\b|\{", text) else text[:1].lower() + text[1:]


def plain(text: str) -> str:
    """Return text in small letters without punctuation, to compare wordings."""
    return " ".join(re.findall(r"[a-z0-9{}]+", text.lower().replace("'", "")))


def article(word: str) -> str:
    """Put "a" or "an" before a word."""
    return f"an {word}" if word[:1].lower() in "aeiou" else f"a {word}"


def exchange(rng: Random, lines: list[str] | None = None) -> tuple[Turn, Turn]:
    """Return a short exchange about nothing that matters."""
    said, answer = rng.choice(lines or (EXCHANGES if rng.random() < 0.6 else REMARKS)).split(" => ")
    mark = "?" if re.match(r"\[?(How|Who|What|Which)", said) else rng.choice(".!")
    user = typed(rng, choose(rng, said), mark, opened=0.0)
    return Turn("user", user), Turn("assistant", choose(rng, answer), "The user makes small talk. I answer in brief.")


def surrounded(rng: Random, conversation: Conversation) -> Conversation:
    """Put a neutral system prompt and an unrelated exchange in front, each sometimes."""
    if not conversation.system and rng.random() < 0.15:
        conversation = replace(conversation, system=rng.choice(SYSTEMS))
    if rng.random() < 0.15:
        conversation = replace(conversation, turns=exchange(rng) + conversation.turns)
    return conversation


def _slip(rng: Random, text: str) -> str:
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if places:
        i = rng.choice(places)
        word = words[i]
        at = rng.randrange(1, len(word) - 1)
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        words[i] = rng.choice((word[:at] + word[at + 1 :], swapped, word[:at] + word[at] + word[at:]))
    return " ".join(words)
