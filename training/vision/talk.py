"""Conversations about drawings: what is asked, and what the model is to answer."""

from dataclasses import dataclass
from random import Random

from training.vision.drawings import COLOURS, SHAPES, Figure, some_figure

SEE = (
    *("What do you see?", "What is this?", "Describe the picture.", "What is in the picture?", "Describe this image."),
    *("What is on this picture?", "What does the picture show?", "Tell me what you see.", "What is shown here?"),
    *("What's in this image?", "Name the figure.", "Which figure is this?", "Look at this.", "What have I drawn?"),
    *("Describe the drawing in a few words.", "Please describe what you see", "what is this", "What can you see here?"),
    "Name the colour and the shape.",
)
COLOUR = (
    *(
        "Which colour is it?",
        "What colour is it?",
        "What is the colour?",
        "Name the colour.",
        "What colour do you see?",
    ),
    *("Which colour has the figure?", "Tell me the colour.", "What color is this?", "colour?", "Which colour is this?"),
)
SHAPE = (
    *("Which shape is it?", "What shape is it?", "What is the shape?", "Name the shape.", "What shape do you see?"),
    *("Which shape has the figure?", "Tell me the shape.", "What shape is this?", "shape?", "Which form is it?"),
)
BOTH = (
    *(
        "What do you see?",
        "What are these?",
        "Describe the pictures.",
        "What is in the pictures?",
        "Name both figures.",
    ),
    *("What do these images show?", "Describe both images.", "Which figures are these?", "What are the two figures?"),
)
GREETINGS = ("Hello!", "Hi", "Hello", "hi there", "Good morning!", "Hey!", "Who are you?", "What can you do?")
GREETING = "Hello! I am tiny-vision. Show me a drawing of a circle, a square or a triangle."
NOTHING = "I see no picture."


@dataclass(frozen=True)
class Message:
    """What a user says, beside figures that come before it, and the answer."""

    asked: str
    answer: str
    figures: tuple[Figure, ...] = ()


def conversation(rng: Random) -> tuple[Message, ...]:
    """Return one to three exchanges, all about the same pictures."""
    form = rng.random()
    if form < 0.03:
        return (Message(rng.choice(GREETINGS), GREETING),)
    if form < 0.06:
        return (Message(rng.choice((*SEE, *COLOUR, *SHAPE)), NOTHING),)
    if form < 0.22:
        one, other = some_figure(rng), some_figure(rng)
        return (Message(rng.choice(BOTH), f"A {one.name} and a {other.name}.", (one, other)),)
    figure = some_figure(rng)
    first = _asked(rng, figure)
    more = [_asked(rng, figure) for _ in range(rng.choice((0, 0, 0, 1, 2)))]
    return (Message(first.asked, first.answer, (figure,)), *more)


def _asked(rng: Random, figure: Figure) -> Message:
    form = rng.random()
    if form < 0.4:
        return Message(rng.choice(SEE), f"A {figure.name}.")
    if form < 0.6:
        return Message(rng.choice(COLOUR), f"It is {figure.colour}.")
    if form < 0.8:
        return Message(rng.choice(SHAPE), f"It is a {figure.shape}.")
    return _guessed(rng, figure)


def _guessed(rng: Random, figure: Figure) -> Message:
    true = rng.random() < 0.5
    if rng.random() < 0.5:
        guess = figure.colour if true else rng.choice([c for c in COLOURS if c != figure.colour])
        asked = rng.choice(("Is it {}?", "Is this {}?", "Is the figure {}?")).format(guess)
    else:
        guess = figure.shape if true else rng.choice([s for s in SHAPES if s != figure.shape])
        asked = rng.choice(("Is it a {}?", "Is this a {}?", "Do you see a {}?")).format(guess)
    return Message(asked, f"{'Yes' if true else 'No'}, it is a {figure.name}.")
