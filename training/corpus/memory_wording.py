"""More ways to tell and to ask for the facts of `memory_facts`, put together from openings and clauses.

For each kind of fact: what is said; clauses ("where I live"), names of the value ("my home town") and whole questions,
each a line "words => answer".
"""

from random import Random

from training.corpus.memory_facts import Fact

CLAUSE = """
[do you recall|have you noted|did you note|are you able to say|could you say] {}
[remind me|tell me again|tell me|let me know|show me that you know] {}
[I forgot|I do not remember|I would like to know|I want to hear|I wonder|I need to know] {}
[do you still have in mind|you surely know|have I told you|did I mention] {}
from what I told you, {}
"""
"""What may stand in front of a clause; the clause in place of the braces."""

NOUN = """
[what was|what's|what is|and what is] {}
[tell me|give me|repeat|name|write down|recall] {}
[remind me of|I forgot|I would like to hear|I ask for|look up] {}
[do you recall|have you noted|did you note|can you repeat|could you give me] {}
{} was what
{} [again|, which was it]
I [told|gave] you {}, what was it
what have you noted as {}
"""
"""What may stand around the name of a value."""

MORE: dict[str, tuple[str, str, str, str]] = {
    "name": (
        """
        [let me introduce myself, I am|I introduce myself as|people know me as|everyone calls me] {v}
        [at home they|my parents|my colleagues|at school they] [call|called|named] me {v}
        I go by [the name of|the name|] {v}
        I was [born|named|given the name] {v}
        {v} [is what I am called|is how people know me|is speaking|is writing to you]
        """,
        "[by what name I go|how people call me|which name is mine] => Your name is {v}.",
        "[the name I gave you|my own name|my first name] => Your name is {v}.",
        "[who is writing to you|who am I talking as|by what name do I go|which name is mine] => Your name is {v}.",
    ),
    "city": (
        """
        [I have lived|I settled|my family lives|I rent a room|I have a small flat|I stay] in {v}
        I [come|write to you] from {v} [, where I live|where my home is|and live there]
        {v} [is my home town|is the city of my home|has been my home for years]
        [every evening I go home to|I feel at home in] {v}
        """,
        "[which town is my home|where I settled|in which town I live|where I am at home] => You live in {v}.",
        "[my home town|the town I live in|the name of my city] => You live in {v}.",
        "[where am I at home|which town is my home|where have I settled|where do I stay] => You live in {v}.",
    ),
    "pet": (
        """
        [at our house lives|with us lives|next to me sits|I look after] {a v} [called|named|with the name] {w}
        {w} is the {v} [that I have|I look after|that lives with us]
        [our|my] {v} [listens to the name|answers to|goes by] {w}
        [I named my {v}|I gave my {v} the name|the name I gave my {v} is] {w}
        [my {v}, {w}, is asleep|here comes {w}, my {v}|{w}, my {v}, is hungry]
        """,
        """
        [which name I gave my {v}|by what name my {v} goes] => Your {v} is called {w}.
        what my {v} is called => Your {v} is called {w}.
        [what animal {w} is|who {w} is] => {w} is your {v}.
        """,
        "[the name of my {v}|the name I gave my {v}|what my {v} answers to] => Your {v} is called {w}.",
        """
        [what do I call my {v}|by what name does my {v} go|which name did I give my {v}] => Your {v} is called {w}.
        [what kind of animal is {w}|what is {w}|and who is {w}] => {w} is your {v}.
        """,
    ),
    "colour": (
        """
        [nothing is as beautiful as|no colour is as nice as|my eyes love] the colour {v}
        I [paint|would paint] everything {v} [because I love it|, it is my favourite colour]
        the [colour|color] that pleases me most is {v}
        [if I may choose a colour, I take|my colour of choice is] {v}
        """,
        "[which colour pleases me most|what my favourite colour is] => Your favourite colour is {v}.",
        "[the colour that pleases me|my colour of choice|my favourite colour] => Your favourite colour is {v}.",
        "[which colour pleases me most|what colour would I choose|what is my colour] => Your favourite colour is {v}.",
    ),
    "food": (
        """
        [nothing tastes as good as|no food is as good as|no meal is complete without] {v}
        [for lunch I always want|I never get enough of|my plate is always full of] {v}
        the [food|meal|dish] that [pleases me|makes me happy] is {v}
        [if I may choose a food, I take|what tastes best to me is] {v}
        """,
        """
        [which food makes me happy|what my favourite food is] => Your favourite food is {v}.
        [what I like eating|what tastes good to me] => You like to eat {v}.
        """,
        "[the food that makes me happy|my food of choice|my favourite food] => Your favourite food is {v}.",
        """
        [which food makes me happy|what food would I choose|which food is my favourite] => Your favourite food is {v}.
        [what tastes good to me|what do I enjoy eating] => You like to eat {v}.
        """,
    ),
    "job": (
        """
        [I was hired|I am employed|they pay me|I make my money] as {a v}
        [every day I work|since last year I work|I have always worked] as {a v}
        my [profession|trade|occupation] is {v}
        I learned the trade of {a v}
        """,
        "[how I earn my money|what my profession is|which trade I have] => You are {a v}.",
        "[my profession|my trade|my occupation|what I am by trade] => You are {a v}.",
        "[how do I earn my money|what am I by trade|which profession do I have] => You are {a v}.",
    ),
    "age": (
        """
        I [celebrated|had] my birthday and am {v} years old [now|]
        [since my birthday I am|at last I am|I feel young, but I am|soon I will not be] {v} years old
        [I have lived for|I can look back on] {v} years
        """,
        "[what age I have|how long I have lived] => You are {v} years old.",
        "[my age|my age in years] => You are {v} years old.",
        "[what age am I|what age do I have|how long have I lived] => You are {v} years old.",
    ),
    "bought": (
        """
        [on my desk lies|with me I carry|I was given|my aunt gave me|next to me is] {a v} {w}
        [I painted my {w}|they painted my {w}|my {w} has become|I wanted my {w}] {v}
        I [ordered|chose|borrowed|need|repaired] {a v} {w} [this morning|last month|]
        the colour of my {w} is {v}
        """,
        "[in which colour my {w} is|what colour I wanted my {w}|how my {w} is coloured] => Your {w} is {v}.",
        "[the colour of my {w}|the colour my {w} is] => Your {w} is {v}.",
        "[in what colour is my {w}|my {w} has what colour|how is my {w} coloured] => Your {w} is {v}.",
    ),
    "friend": (
        """
        {v} [comes|is] from {w}, lives there and [likes|loves|eats a lot of] {u}
        [my neighbour|my boss|a friend called|a man called|a woman called|my old friend] {v} lives in {w} \
and [likes|loves|enjoys] {u}
        {v} [likes|loves|enjoys|is fond of] {u} and [has a house|has a flat|stays] in {w}
        [there is {v}, who|I met {v}, who|I wrote to {v}, who] [likes|loves] {u} and lives in {w}
        {u} is what {v} [likes|loves], and {w} is where {v} lives
        [from|over in] {w} comes {v}, a friend who [likes|loves] {u}
        """,
        """
        [in which place {v} lives|where {v} stays|where {v} has a home] => {v} lives in {w}.
        [what {v} likes to eat|which food {v} enjoys|what {v} is fond of] => {v} likes {u}.
        [who has a home in {w}|who stays in {w}] => {v} lives in {w}.
        [who is fond of {u}|who enjoys {u}] => {v} likes {u}.
        """,
        """
        [the home of {v}|the city of {v}|the town {v} lives in] => {v} lives in {w}.
        [the food {v} likes|{v}'s favourite food] => {v} likes {u}.
        """,
        """
        [where does {v} stay|where has {v} a home|what is {v}'s city|{v} lives where] => {v} lives in {w}.
        [which food does {v} like|what does {v} enjoy|what is {v} fond of|{v} likes what] => {v} likes {u}.
        [who has a home in {w}|who stays in {w}|which friend lives in {w}] => {v} lives in {w}.
        [who is fond of {u}|who enjoys {u}|which friend likes {u}] => {v} likes {u}.
        """,
    ),
    "place": (
        """
        [somebody placed|we stored|they found|I see|my sister put] [my|the] {v} {p} the {w}
        {p} the {w} [is|lies|you can see] [my|the] {v}
        [my|the] {v} [has been|stands|was left|must be] {p} the {w}
        for [my|the] {v}, look {p} the {w}
        """,
        "[where [my|the] {v} lies|where to look for [my|the] {v}|where [my|the] {v} was left] \
=> The {v} is {p} the {w}.",
        "[the place of [my|the] {v}|the spot where [my|the] {v} lies] => The {v} is {p} the {w}.",
        """
        [where does [my|the] {v} lie|where must I look for [my|the] {v}|where has [my|the] {v} been] \
=> The {v} is {p} the {w}.
        [where was [my|the] {v} left|I need [my|the] {v}, where is it] => The {v} is {p} the {w}.
        """,
    ),
    "relation": (
        """
        [this is my {v}, and the name is|I have a {v} who goes by|they call my {v}|everybody calls my {v}] {w}
        [here comes|there goes|next to me sits|I live with] my {v} {w}
        {w}, [that is|who is] my {v} [, is nice|, sends greetings|]
        my {v} [goes by|answers to] {w}
        the {v} I have is [named|called] {w}
        """,
        """
        [by what name my {v} goes|who my {v} is|what my {v} is called] => Your {v} is called {w}.
        who {w} is => {w} is your {v}.
        """,
        "[the name of my {v}|my {v}'s name] => Your {v} is called {w}.",
        """
        [what do they call my {v}|by what name does my {v} go|and my {v}, who is that] => Your {v} is called {w}.
        [what is {w} to me|and who is {w}] => {w} is your {v}.
        """,
    ),
    "favourite": (
        """
        [no {v} is as good as|there is no better {v} than|if I may choose a {v}, I take] {w}
        my {v} of choice is {w}
        {w} is the {v} [I enjoy most|that pleases me|I would choose]
        [as for the {v}, I prefer|when it comes to a {v}, I like] {w} [most|best]
        """,
        "[which {v} pleases me most|which {v} I would choose|which {v} I prefer] => Your favourite {v} is {w}.",
        "[my {v} of choice|the {v} that pleases me|my favourite {v}] => Your favourite {v} is {w}.",
        "[which {v} pleases me|what {v} would I choose|which {v} do I prefer] => Your favourite {v} is {w}.",
    ),
    "code": (
        """
        [I set|I changed|they changed] my {v} to {q w}
        [as my {v} I have|as the {v} we took|the new {v} is|my {v} shall be|from now on my {v} is] {q w}
        {q w} [shall be|will be|was chosen as|serves as] my {v}
        [write down|you should know|keep this]: my {v} is {q w}
        I [use|have|need] {q w} [for my|as my|as the] {v}
        """,
        "[which {v} I have|what my {v} is|which {v} I set] => Your {v} is {w}.",
        "[my {v}|the {v}|the {v} that I have] => Your {v} is {w}.",
        "[which {v} do I have|which {v} did I set|how does my {v} go|and my {v}] => Your {v} is {w}.",
    ),
    "number": (
        """
        [I set|I changed|they changed] my {v} to {q w}
        [they gave me the {v}|as my {v} I have|the new {v} is|from now on my {v} is|I was given the {v}] {q w}
        {q w} [shall be|will be|serves as] my {v}
        [write down|you should know|keep this]: my {v} is {q w}
        """,
        "[which {v} I have|what my {v} is|which {v} they gave me] => Your {v} is {w}.",
        "[my {v}|the {v}|the {v} that I have] => Your {v} is {w}.",
        "[which {v} is mine|which {v} did I get|how does my {v} go|and my {v}] => Your {v} is {w}.",
    ),
}


def more_said(rng: Random, fact: Fact) -> str:
    """Return one more way to tell a fact, choices left open."""
    return rng.choice(_lines(MORE[fact.name][0]))


def more_asked(rng: Random, fact: Fact) -> tuple[str, str]:
    """Return one more question for a fact, choices left open, and its answer."""
    _, clauses, nouns, questions = MORE[fact.name]
    frames, words = rng.choice((("", questions), (CLAUSE, clauses), (NOUN, nouns)))
    core, answer = rng.choice(_lines(words)).split(" => ")
    return (rng.choice(_lines(frames)).replace("{}", core) if frames else core), answer


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]
