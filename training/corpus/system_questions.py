"""Simple questions for the skill `system`, with a sentence and one word as answers."""

from dataclasses import dataclass

COLOURS = """
grass green
the sky blue
snow white
coal black
blood red
a banana yellow
a carrot orange
milk white
a lemon yellow
a tomato red
a frog green
the sun yellow
a strawberry red
salt white
a crow black
chocolate brown
""".strip().split("\n")

OPPOSITES = """
hot cold
big small
up down
day night
left right
old young
good bad
fast slow
open closed
rich poor
happy sad
wet dry
black white
long short
early late
hard soft
light dark
full empty
""".strip().split("\n")

SOUNDS = """
dog barks
cat meows
cow moos
duck quacks
bird sings
horse neighs
lion roars
bee buzzes
snake hisses
wolf howls
""".strip().split("\n")

COUNTS = """
legs does a dog|A dog has four legs|four|4
legs does a spider|A spider has eight legs|eight|8
legs does a bird|A bird has two legs|two|2
legs does an ant|An ant has six legs|six|6
wheels does a bicycle|A bicycle has two wheels|two|2
wheels does a car|A car has four wheels|four|4
days does a week|A week has seven days|seven|7
months does a year|A year has twelve months|twelve|12
eyes does a cat|A cat has two eyes|two|2
fingers does a hand|A hand has five fingers|five|5
sides does a triangle|A triangle has three sides|three|3
corners does a square|A square has four corners|four|4
""".strip().split("\n")


@dataclass(frozen=True)
class Question:
    """A question in its wordings, one held out, and its answers. `words` are all that count as the one word."""

    cores: str
    held_out: str
    sentence: str
    words: tuple[str, ...]


def _questions() -> tuple[Question, ...]:
    found = []
    for line in COLOURS:
        thing, colour = line.rsplit(" ", 1)
        cores = f"[[what|which] COLOUR is {thing}|what is the COLOUR of {thing}|the COLOUR of {thing}]"
        cores = cores.replace("COLOUR", "[colour|color]")
        sentence = f"{thing[:1].upper()}{thing[1:]} is {colour}"
        found.append(Question(cores, f"Which colour does {thing} have?", sentence, (colour,)))
    for line in OPPOSITES:
        first, second = line.split()
        cores = f"[what is the opposite of|the opposite of|what's the opposite of|opposite of] {first}"
        held_out = f"Which word is the opposite of {first}?"
        found.append(Question(cores, held_out, f"The opposite of {first} is {second}", (second,)))
    for line in SOUNDS:
        animal, sound = line.split()
        verb = sound.removesuffix("s") if not sound.endswith(("zzes", "sses")) else sound.removesuffix("es")
        cores = f"[what does a {animal} do|which sound does a {animal} make|what sound does a {animal} make]"
        held_out = f"What is the sound of a {animal}?"
        found.append(Question(cores, held_out, f"A {animal} {sound}", (sound, verb, verb + "ing")))
    for line in COUNTS:
        asked, sentence, word, digits = line.split("|")
        noun, owner = asked.split(" does ")
        cores = f"[how many {noun} does {owner} have|how many {noun} has {owner}|how many {noun} are there on {owner}]"
        if noun in ("days", "months"):
            cores = f"[how many {noun} does {owner} have|how many {noun} are in {owner}|how many {noun} has {owner}]"
        held_out = f"How many {noun} would you say {owner} has?"
        found.append(Question(cores, held_out, sentence, (word, digits)))
    return tuple(found)


QUESTIONS = _questions()


def yes_no() -> tuple[tuple[str, str, bool], ...]:
    """Return questions in their wordings, one held out, with whether the answer is yes."""
    found = []
    for i, line in enumerate(COLOURS):
        thing, colour = line.rsplit(" ", 1)
        wrong = [other.rsplit(" ", 1)[1] for other in COLOURS if other.rsplit(" ", 1)[1] != colour]
        other = wrong[i * 5 % len(wrong)]
        for named, right in ((colour, True), (other, False)):
            cores = f"[is {thing} {named}|is it true that {thing} is {named}|{thing} is {named}, right]"
            found.append((cores, f"Would you say that {thing} is {named}?", right))
    for i, line in enumerate(OPPOSITES):
        first, second = line.split()
        other = OPPOSITES[(i + 3) % len(OPPOSITES)].split()[1]
        for named, right in ((second, True), (other, False)):
            cores = f"[is {named} the opposite of {first}|is it true that {named} is the opposite of {first}]"
            found.append((cores, f"The opposite of {first}, is that {named}?", right))
    for i, line in enumerate(SOUNDS):
        animal, sound = line.split()
        other = SOUNDS[(i + 3) % len(SOUNDS)].split()[1]
        for named, right in ((sound, True), (other, False)):
            verb = named.removesuffix("es") if named.endswith(("zzes", "sses")) else named.removesuffix("s")
            cores = f"[does a {animal} {verb}|can a {animal} {verb}|is it true that a {animal} {named}]"
            found.append((cores, f"Would you say that a {animal} {named}?", right))
    return tuple(found)


YES_NO = yes_no()
