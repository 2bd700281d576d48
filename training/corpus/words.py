"""Fillers: names, places, things and made-up words. Those held out never occur in training."""

from random import Random

CONSONANTS = "bcdfghjklmnprstvwxz"
VOWELS = "aeiou"

NAMES = """
Anna Ben Carla David Emma Felix Grace Henry Iris Jack Kate Liam Maria Noah Olivia Paul Rosa Sam Tina Victor
Wendy Alice Bob Clara Daniel Eva Frank Gina Hugo Ida Jonas Karen Leo Mia Nina Oscar Petra Ruth Simon Tom Uma
Vera Will Yara Zoe Adam Bella Chris Dora Erik Fiona George Hannah Ivan Julia Kevin Laura Mark Nora Otto Peter
Rita Sofia Theo Amir Beatriz Chen Deepa Elif Farid Giulia Hiro Ingrid Jorge Kofi Lena Mateo Naomi Omar Priya
Rashid Sanjay Tariq Yuki Zara Pedro Lucia Marta Ravi Anil Fatima Hassan Leila Mei Akira Sven Olga Dmitri Katya
Bruno Celine
""".split()

HELD_OUT_NAMES = """
Arthur Bianca Cedric Diana Edgar Flora Gustav Helen Isaac Jasmine Kurt Lydia Martin Nadia Oliver Pamela Quentin
Robert Stella Thomas Ursula Vincent Walter Xenia Yvonne Zachary Aisha Boris Camille Dario Esther Fabio Greta
Hamid Irena Joel Kiran Lorenzo Mona Niels
""".split()

CITIES = """
Paris London Rome Berlin Madrid Vienna Lisbon Dublin Oslo Stockholm Helsinki Warsaw Prague Athens Cairo Tokyo
Beijing Delhi Sydney Toronto Chicago Boston Denver Miami Austin Dallas Lima Bogota Quito Nairobi Lagos Accra
Mumbai Seoul Bangkok Hanoi Jakarta Manila Istanbul Moscow Kyiv Zurich Geneva Milan Naples Turin Lyon Nice
Hamburg Munich Cologne Porto Seville Bergen Gdansk Krakow Ghent Antwerp Leeds York Bristol Glasgow Cork Perth
""".split()

HELD_OUT_CITIES = """
Valencia Bordeaux Dresden Utrecht Malmo Tampere Brno Salzburg Verona Bologna Marseille Bilbao Edinburgh
Liverpool Houston Seattle Phoenix Montreal Vancouver Osaka Kyoto Busan Pune Chennai Karachi Dakar Tunis Rabat
Havana Caracas Santiago Brisbane Wellington Riga Vilnius Tallinn Zagreb Split Basel Bern
""".split()

THINGS = """
apple book chair lamp table bicycle guitar camera hat coat shoe cup plate spoon clock mirror pencil pen notebook
bag bottle box candle carpet pillow blanket phone laptop keyboard mouse printer ball kite drum violin piano
knife fork bowl kettle ladder hammer rope bucket broom basket ring watch ticket map flag tent boat train car bus
umbrella scarf glove belt shirt dress jacket sock button needle stamp coin letter card puzzle doll robot
""".split()

HELD_OUT_THINGS = """
towel cushion trumpet flute wallet helmet shovel vase teapot curtain magnet compass lantern backpack scooter
skateboard tripod globe whistle anchor barrel canoe easel funnel hammock jar kettlebell locket mop napkin oven
paddle quilt razor saddle thermos urn visor wagon xylophone
""".split()

COLOURS = """
red green blue yellow black white orange purple pink brown grey gold silver
""".split()
HELD_OUT_COLOURS = """
turquoise crimson beige violet
""".split()

ANIMALS = """
dog cat horse cow pig sheep goat duck hen rabbit mouse fox wolf bear lion tiger parrot turtle frog fish hamster
pony snake eagle owl
""".split()
HELD_OUT_ANIMALS = """
ferret lizard canary donkey hedgehog otter badger pigeon
""".split()

FOODS = """pizza pasta rice bread cheese soup salad cake chocolate apples bananas noodles curry pancakes tacos sushi
beans eggs fish honey ice cream""".replace("ice cream", "icecream").split()
HELD_OUT_FOODS = """
lasagna waffles mangoes dumplings risotto olives
""".split()

JOBS = """
teacher doctor nurse baker farmer driver painter singer writer cook pilot lawyer gardener plumber dentist
engineer tailor waiter clerk judge
""".split()
HELD_OUT_JOBS = """
carpenter librarian butcher sailor barber florist
""".split()

POOLS: dict[str, tuple[list[str], list[str]]] = {
    "name": (NAMES, HELD_OUT_NAMES),
    "city": (CITIES, HELD_OUT_CITIES),
    "thing": (THINGS, HELD_OUT_THINGS),
    "colour": (COLOURS, HELD_OUT_COLOURS),
    "animal": (ANIMALS, HELD_OUT_ANIMALS),
    "food": (FOODS, HELD_OUT_FOODS),
    "job": (JOBS, HELD_OUT_JOBS),
}
"""Each kind of filler: what training uses, and what is held out."""


ALL_POOLS = tuple(learned for learned, _ in POOLS.values())
"""What `spliced` takes words from: those that training uses."""


def made_up(rng: Random, syllables: int = 0) -> str:
    """Return a pronounceable word that is in no dictionary, in small letters."""
    word = ""
    for _ in range(syllables or rng.choice((2, 2, 3))):
        word += rng.choice(CONSONANTS) + rng.choice(VOWELS) + rng.choice(("", "", rng.choice(CONSONANTS)))
    return word


def random_string(rng: Random, letters: str = "abcdefghijklmnopqrstuvwxyz", shortest: int = 3, longest: int = 8) -> str:
    """Return letters drawn at random: nothing but copying gets them right."""
    return "".join(rng.choice(letters) for _ in range(rng.randint(shortest, longest)))


def spliced(rng: Random) -> str:
    """Return the beginning of one word of the pools with the end of another, in small letters.

    It is cut into the tokens that real words are cut into, which made-up syllables hardly ever are: so these are copied
    in training too.
    """
    first, second = (rng.choice(rng.choice(ALL_POOLS)).lower() for _ in range(2))
    return first[: rng.randint(2, max(2, len(first) - 1))] + second[-rng.randint(2, max(2, len(second) - 1)) :]


def filler(rng: Random, kind: str, *, invented: float = 0.5) -> str:
    """Return a filler for training: of the pool of `kind`, or made up (with probability `invented`).

    Names and cities begin with a capital. What is held out never comes.
    """
    pool, held_out = POOLS[kind]
    if rng.random() >= invented:
        return rng.choice(pool)
    while True:
        word = rng.choices((made_up, spliced, random_string), (45, 40, 15))[0](rng)
        word = word.capitalize() if kind in ("name", "city") else word
        if word not in held_out:
            return word


def held_out_filler(rng: Random, kind: str) -> str:
    """Return a filler that training never sees."""
    return rng.choice(POOLS[kind][1])
