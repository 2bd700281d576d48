"""What users tell of themselves, and how they ask for it later."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """A kind of fact: what the user says, what is answered, how it is asked for, and what answers that.

    `{v}`, `{w}` and `{u}` are values, of the kinds `values`; `[a|b]` is a choice. Lines of `asks` are
    "question => answer => the value asked for". `many`: two such facts may stand in one conversation.
    """

    name: str
    values: tuple[str, ...]
    says: str
    acknowledged: str
    asks: str
    held_out_says: str
    held_out_asks: str
    unknown: str = ""
    many: bool = False


FACTS = (
    Fact(
        "name",
        ("name",),
        """
        my name is {v}
        my name is {v}
        I am {v}
        I'm {v}
        [hello|hi|hey], I am {v}
        [hello|hi|hey], I'm {v}
        [hello|hi|hey], my name is {v}
        [hello|hi|hey]! my name is {v}
        call me {v}
        you can call me {v}
        please call me {v}
        I am called {v}
        [my friends|people|they] call me {v}
        the name is {v}
        the name's {v}
        {v} is my name
        {v} here
        this is {v}
        it is {v} [here|]
        [nice to meet you|good morning|good evening], I am {v}
        """,
        "Nice to meet you, {v}.",
        """
        [what is|what's|whats|tell me|say] my name => Your name is {v}. => v
        [do you remember|do you know|remember|can you remember|do you still know] my name => Your name is {v}. => v
        who am I => Your name is {v}. => v
        [do you know|do you remember|do you still know|tell me|can you tell me] who I am => Your name is {v}. => v
        [what am I called|how am I called|what do people call me|what do you call me] => Your name is {v}. => v
        what [did I say my name is|did I say my name was|was my name|is my name again] => Your name is {v}. => v
        my name => Your name is {v}. => v
        """,
        "Hello there, the name is {v}.|You may call me {v}.|Good evening, my name is {v}.",
        "Can you still remember what my name is? => v|Please say who I am. => v|What did I say I am called? => v",
        "your name",
    ),
    Fact(
        "city",
        ("city",),
        """
        I live in {v}
        I am living in {v}
        I'm living in {v}
        my home is in {v}
        my home is {v}
        my house is in {v}
        I have a [flat|house|home] in {v}
        {v} is where I live
        {v} is my home
        I moved to {v}
        [I now live|now I live|I still live] in {v}
        we live in {v}
        my [city|town] is {v}
        the [city|town] I live in is {v}
        """,
        "{v} sounds like a nice place.",
        """
        where do I live => You live in {v}. => v
        [in which city|in what city|in which town|in which place] do I live => You live in {v}. => v
        [which|what] [city|town|place] do I live in => You live in {v}. => v
        [do you know|do you remember|tell me|do you still know|can you remember] where I live => You live in {v}. => v
        where is my [home|house|place] => You live in {v}. => v
        what is my [city|town] => You live in {v}. => v
        where [did I say I live|did I say that I live] => You live in {v}. => v
        """,
        "The place where I live is {v}.|I have my home in {v}.",
        "Can you tell me which city I live in? => v|In what town is my house? => v|Say where my home is. => v",
        "where you live",
    ),
    Fact(
        "pet",
        ("animal", "name"),
        """
        I have {a v} [called|named] {w}
        my {v} is [called|named] {w}
        my {v}'s name is {w}
        the name of my {v} is {w}
        I [got|bought|own|keep] {a v} [called|named] {w}
        [we|at home we] have {a v} [called|named] {w}
        I have {a v}. [its name|the name] is {w}
        I have {a v}. it is called {w}
        {w} is [my {v}|the name of my {v}]
        I call my {v} {w}
        """,
        "{w} is a nice name for {a v}.",
        """
        what is my {v} called => Your {v} is called {w}. => w
        what is [the name of my {v}|my {v}'s name] => Your {v} is called {w}. => w
        [do you remember|do you know|tell me] [what my {v} is called|the name of my {v}|my {v}'s name] => \
Your {v} is called {w}. => w
        who is {w} => {w} is your {v}. => v
        [what|which] [animal|pet] do I have => You have {a v} called {w}. => v
        how [is my {v} called|do I call my {v}] => Your {v} is called {w}. => w
        """,
        "There is {a v} at my home, called {w}.|We keep {a v} at home, and {w} is its name.",
        "What name did I say my {v} has? => w|Can you say how my {v} is called? => w|Which name does my {v} have? => w",
        "what your pet is called",
    ),
    Fact(
        "colour",
        ("colour",),
        """
        my [favourite|favorite] [colour|color] is {v}
        {v} is my [favourite|favorite] [colour|color]
        I like the [colour|color] {v} [most|best]
        the [colour|color] I like [most|best] is {v}
        I love the [colour|color] {v}
        of all colours I like {v} [most|best]
        the [colour|color] I love is {v}
        """,
        "It is nice that you like {v}.",
        """
        [what is|what's|tell me] my [favourite|favorite] [colour|color] => Your favourite colour is {v}. => v
        [which|what] [colour|color] do I [like|like most|like best|love] => Your favourite colour is {v}. => v
        [do you remember|do you know] my [favourite|favorite] [colour|color] => Your favourite colour is {v}. => v
        [which|what] [colour|color] is my [favourite|favorite] => Your favourite colour is {v}. => v
        my [favourite|favorite] [colour|color] => Your favourite colour is {v}. => v
        """,
        "Of all the colours, {v} is my favourite.|I think the best colour is {v}.",
        "Do you still know which colour I like? => v|The colour that I like best, what is it? => v",
        "your favourite colour",
    ),
    Fact(
        "food",
        ("food",),
        """
        my [favourite|favorite] food is {v}
        {v} is my [favourite|favorite] food
        I [like|love] to eat {v}
        I like {v} [most|best]
        the food I like [most|best] is {v}
        I [always|often|only] eat {v}
        I could eat {v} every day
        I love {v}
        """,
        "It is nice that you like {v}.",
        """
        [what is|what's|tell me] my [favourite|favorite] food => Your favourite food is {v}. => v
        [which|what] food do I [like|like most|like best|love] => Your favourite food is {v}. => v
        what do I [like to eat|love to eat|like eating|eat] => You like to eat {v}. => v
        [do you remember|do you know|can you remember] my [favourite|favorite] food => Your favourite food is {v}. => v
        [do you remember|do you know|tell me] what I [like to eat|love to eat] => You like to eat {v}. => v
        """,
        "The thing I like to eat most is {v}.|For me, the best food is {v}.",
        "Do you still know what food I like? => v|The food that I love, what is it? => v",
        "your favourite food",
    ),
    Fact(
        "job",
        ("job",),
        """
        I am {a v}
        I'm {a v}
        I work as {a v}
        my job is {v}
        I have a job as {a v}
        [at work I am|for a living I am] {a v}
        I am {a v} [by trade|in a big company|for a living]
        I earn my money as {a v}
        I became {a v} [last year|this year|]
        I [have been|was always] {a v}
        """,
        "It must be interesting to be {a v}.",
        """
        [what is|what's|tell me] my [job|work] => You are {a v}. => v
        what do I [do|do for a living|work as|do for work|do at work] => You are {a v}. => v
        [do you remember|do you know|can you remember] my [job|work] => You are {a v}. => v
        [do you remember|do you know|tell me] what [I do|I do for a living|I work as|my job is] => You are {a v}. => v
        [which|what] job do I have => You are {a v}. => v
        """,
        "My work is that of {a v}.|For my living I work as {a v}.",
        "What did I say my job is? => v|As what do I work? => v",
        "your job",
    ),
    Fact(
        "age",
        ("age",),
        """
        I am {v} years old
        I'm {v} years old
        I am {v}
        my age is {v}
        I [turned|became] {v} [today|last week|this year|yesterday]
        I have just turned {v}
        """,
        "{v} is a good age.",
        """
        [how old am I|how many years have I lived] => You are {v} years old. => v
        [what is|what's|tell me] my age => You are {v} years old. => v
        [do you remember|do you know|tell me|can you remember] [how old I am|my age] => You are {v} years old. => v
        """,
        "This year I turned {v} years old.|My age is now {v} years.",
        "What did I say my age is? => v|How many years old am I? => v",
        "how old you are",
    ),
    Fact(
        "bought",
        ("colour", "thing"),
        """
        I bought {a v} {w} [today|yesterday|last week|]
        I have {a v} {w}
        I got {a v} {w} [today|yesterday|from a friend|for my birthday|]
        [today|yesterday] I bought {a v} {w}
        my {w} is {v}
        the {w} I [have|bought] is {v}
        I found {a v} {w} [today|yesterday|in the street|]
        I lost my {v} {w} [today|yesterday|in the street|]
        there is {a v} {w} in my [room|house|garden]
        """,
        "{A v} {w} sounds nice.",
        """
        [what colour is|what color is|which colour is|which colour has] my {w} => Your {w} is {v}. => v
        what is the [colour|color] of my {w} => Your {w} is {v}. => v
        [do you remember|do you know|tell me] [what colour my {w} is|the colour of my {w}] => Your {w} is {v}. => v
        """,
        "I have just bought {a v} {w} in a shop.|Look, now I have {a v} {w}.",
        "Which colour does my {w} have? => v|Say what colour my {w} was. => v",
        many=True,
    ),
    Fact(
        "friend",
        ("name", "city", "food"),
        """
        my friend {v} lives in {w} and [likes|loves] {u}
        {v} is my friend, lives in {w} and [likes|loves] {u}
        my [brother|sister|cousin|uncle|aunt|colleague] {v} lives in {w} and [likes|loves] {u}
        {v} lives in {w} and [likes|loves] {u}
        {v} [likes|loves] {u} and lives in {w}
        I know {v}, who lives in {w} and [likes|loves] {u}
        my friend {v} is from {w} and [likes|loves] {u}
        """,
        "{v} sounds nice.",
        """
        where does {v} live => {v} lives in {w}. => w
        [where is {v} from|where is {v}'s home] => {v} lives in {w}. => w
        what does {v} [like|love|like to eat|eat] => {v} likes {u}. => u
        who lives in {w} => {v} lives in {w}. => v
        who [likes|loves|eats] {u} => {v} likes {u}. => v
        [do you remember|do you know|tell me] where {v} lives => {v} lives in {w}. => w
        [do you remember|do you know|tell me] what {v} [likes|loves] => {v} likes {u}. => u
        [which city|which town] does {v} live in => {v} lives in {w}. => w
        """,
        "I have a friend, {v}, who lives in {w} and likes to eat {u}.|In {w} lives my friend {v}, who likes {u}.",
        "In which city does {v} live? => w|What is it that {v} likes? => u|Who is it that lives in {w}? => v",
        many=True,
    ),
    Fact(
        "place",
        ("thing", "place"),
        """
        the {v} is [in|under|behind|on] the {w}
        I put the {v} [in|under|behind|on] the {w}
        my {v} is [in|under|behind|on] the {w}
        I left [my|the] {v} [in|under|behind|on] the {w}
        [my|the] {v} lies [in|under|behind|on] the {w}
        I [hid|keep] [my|the] {v} [in|under|behind|on] the {w}
        """,
        "Good to know.",
        """
        where is [my|the] {v} => The {v} is {p} the {w}. => w
        where did I [put|leave] [my|the] {v} => The {v} is {p} the {w}. => w
        [do you know|do you remember|tell me] where [my|the] {v} is => The {v} is {p} the {w}. => w
        where [can I find|do I find] [my|the] {v} => The {v} is {p} the {w}. => w
        """,
        "You find my {v} [in|under|behind|on] the {w}.|Today the {v} was put [in|under|behind|on] the {w}.",
        "In which place is the {v}? => w|Where did I say the {v} is? => w",
        many=True,
    ),
    Fact(
        "relation",
        ("relation", "name"),
        """
        my {v} is [called|named] {w}
        my {v}'s name is {w}
        the name of my {v} is {w}
        I have a {v} [called|named] {w}
        {w} is my {v}
        my {v} {w} [is here|is tall|visits me today|works a lot|came today]
        I [talked to|met|visited|called] my {v} {w} [today|yesterday|]
        """,
        "{w} is a nice name.",
        """
        what is my {v} called => Your {v} is called {w}. => w
        [what is|what's|tell me] [the name of my {v}|my {v}'s name] => Your {v} is called {w}. => w
        who is my {v} => Your {v} is called {w}. => w
        who is {w} => {w} is your {v}. => v
        [do you remember|do you know] [what my {v} is called|the name of my {v}] => Your {v} is called {w}. => w
        """,
        "My {v} has the name {w}.|I am here with my {v}, who is called {w}.",
        "What name does my {v} have? => w|Can you say how my {v} is called? => w",
        many=True,
    ),
    Fact(
        "favourite",
        ("favourite", "word"),
        """
        my [favourite|favorite] {v} is {w}
        {w} is my [favourite|favorite] {v}
        the {v} I like [most|best] is {w}
        I think {w} is the best {v}
        of all {v}s I like {w} [most|best]
        """,
        "I will remember that.",
        """
        [what is|what's|tell me] my [favourite|favorite] {v} => Your favourite {v} is {w}. => w
        [which|what] {v} do I like [most|best|] => Your favourite {v} is {w}. => w
        [do you remember|do you know] my [favourite|favorite] {v} => Your favourite {v} is {w}. => w
        [which|what] {v} is my [favourite|favorite] => Your favourite {v} is {w}. => w
        """,
        "The {v} that I love is {w}.|For me, {w} is the best {v}.",
        "Do you still know which {v} I like? => w|The {v} that I like best, what is it? => w",
        many=True,
    ),
    Fact(
        "code",
        ("code", "word"),
        """
        my {v} is {q w}
        the {v} is {q w}
        my {v}: {q w}
        [remember|note|keep in mind] [this|the] {v}: {q w}
        [remember|please remember] that [my|the] {v} is {q w}
        I chose {q w} as my {v}
        {q w} is [my|the] {v}
        [use|take] {q w} as [my|the] {v}
        """,
        "I will remember that.",
        """
        [what is|what's|tell me|give me|say] [my|the] {v} => Your {v} is {w}. => w
        [do you remember|do you know|do you still know] [my|the] {v} => Your {v} is {w}. => w
        what [was my {v}|was the {v}|is my {v} again] => Your {v} is {w}. => w
        my {v} => Your {v} is {w}. => w
        """,
        "Please note that my {v} is {w}.|For my {v} I use {w}.",
        "Can you still tell me my {v}? => w|What did I say my {v} is? => w",
        "your code word",
        many=True,
    ),
    Fact(
        "number",
        ("number", "digits"),
        """
        my {v} is {q w}
        the {v} is {q w}
        my {v}: {q w}
        [remember|note|keep in mind] [this|the] {v}: {q w}
        [remember|please remember] that [my|the] {v} is {q w}
        I have [the|] {v} {w}
        {q w} is [my|the] {v}
        """,
        "I will remember that.",
        """
        [what is|what's|tell me|give me|say] [my|the] {v} => Your {v} is {w}. => w
        [do you remember|do you know|do you still know] [my|the] {v} => Your {v} is {w}. => w
        what [was my {v}|was the {v}|is my {v} again] => Your {v} is {w}. => w
        [which|what] {v} do I have => Your {v} is {w}. => w
        """,
        "Please note that my {v} is {w}.|For my {v} I have {w}.",
        "Can you still tell me my {v}? => w|What did I say my {v} is? => w",
        "your lucky number",
        many=True,
    ),
)
