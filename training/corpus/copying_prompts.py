"""Wordings that ask to copy. `TEXT` is what is copied or looked at, `QTEXT` the same perhaps in quotes."""

REPEAT = """
[repeat|say|write|copy|reply with|answer with|send back|type|print] [this|the following|the text|exactly this]: TEXT
[repeat|say|write|copy|echo|give back] [these words|this line|the words|what stands here|the line]: TEXT
[repeat|say|write|copy|echo] [after me|it|this text|it exactly|this word for word|this back to me]: TEXT
[repeat|say|write|copy|echo|type|print]: TEXT
[repeat|say|write|copy|echo|type|print] TEXT
[please|] [repeat|say|write|copy|echo] QTEXT
[can|could] you [repeat|say|write|copy|echo|type] QTEXT
[can|could] you [repeat|say|write|copy] [this|the following|the text]: TEXT
[I want you to|you must|you should|now|just|only] [repeat|say|write|copy|type]: TEXT
[I want you to|now|just|only] [repeat|say|write|copy|type] QTEXT
[just|only] [answer|reply] with [this|the words|the text]: TEXT
QTEXT - [repeat|say|copy|write] [this|that|it]
QTEXT: [repeat|say|copy|write] [this|that|it]
[the text is|here is a text:|my text is|the words are] QTEXT. [repeat it|say it|copy it|write it|repeat that]
after me: TEXT
""".strip().split("\n")

TIMES = """
[write|say|repeat|type|print|give me] QTEXT COUNT times
[write|say|repeat|type|print] the word QTEXT COUNT times
COUNT times the word QTEXT
[can|could] you [write|say|repeat] QTEXT COUNT times
[write|say|repeat] COUNT times: TEXT
[repeat|say|write] this COUNT times: TEXT
I want QTEXT COUNT times
""".strip().split("\n")

PLACED = """
[what is|what's|give me|tell me|say|write|find|show me|which is] the WHICH word [of|in]: TEXT
[what is|what's|give me|tell me|say|write|find] the WHICH word [of|in] QTEXT
the WHICH word [of|in]: TEXT
WHICH word: TEXT
[which|what] word [is|comes|stands] WHICH [in|in the text|in this]: TEXT
[list|here are some words|look at this|text]: TEXT. [what is the WHICH word|which word is WHICH|the WHICH word]
[take|pick|copy] the WHICH word [of|in|from]: TEXT
[which|what] word is in WHICH place [in|here]: TEXT
""".strip().split("\n")

AFTER = """
[which|what] word [comes|stands|is|follows] [after|right after|directly after] QWORD in: TEXT
[what comes|what stands|what is|what follows] [after|right after] QWORD in: TEXT
TEXT. [what comes|which word comes|what is|which word stands] after QWORD
in TEXT, [which word comes|what comes|which word stands|what is] after QWORD
[give me|say|tell me|write] the word after QWORD in: TEXT
the word after QWORD in: TEXT
[which|what] word follows QWORD: TEXT
""".strip().split("\n")

INSIDE = """
[what is|what's|what stands|what do you see] between the MARKS: TEXT
[give me|tell me|write|copy|say|find|show me] [what is|the text] between the MARKS: TEXT
[what is|what's|what stands|which word is|which text is] [in|inside|between|within] the MARKS in: TEXT
[copy|write|repeat|say|give me] [only|just|] the [text|words|part] [in|inside|between] the MARKS: TEXT
TEXT - [what is|what stands|which word is] [in|inside|between] the MARKS
[read|find] the MARKS [and say|and write|and copy] what is [in|inside|between] them: TEXT
""".strip().split("\n")

WHICH = """
[which|which one] of these is KIND: TEXT
[which|what] is KIND: TEXT
[find|pick|name|give me|tell me|say|write] the NOUN: TEXT
[which word|which one] is KIND: TEXT
TEXT - [which|which one|which of these|which word] is KIND
[there is|I see] KIND in this list: TEXT. [which is it|which one|name it|what is it]
[one word here|one of them] is KIND: TEXT
the NOUN in: TEXT
""".strip().split("\n")

COMMAS = """
[put|write|set] commas between [the words|these words|these]: TEXT
[join|separate|write|list] [the words|these words|these] with commas: TEXT
[make|write] a list with commas [of|from]: TEXT
[add|insert] commas [between the words|to this|to these words|here]: TEXT
""".strip().split("\n")

HELD_OUT = {
    "repeat": (
        "Please write these words back to me: TEXT",
        "I want you to echo exactly this text: TEXT",
        "Just copy the words of this line: TEXT",
        "Could you say after me: TEXT",
        "Answer only with this text: TEXT",
    ),
    "times": ("I want you to say COUNT times the word QTEXT", "Please type this word for me COUNT times: TEXT"),
    "placed": ("Which word stands in the WHICH place: TEXT", "Look at this text and find the WHICH word: TEXT"),
    "after": ("Find the word that follows QWORD in: TEXT", "What comes directly after the word QWORD in: TEXT"),
    "inside": ("Which words do you see between the MARKS: TEXT", "Please copy just what is inside the MARKS: TEXT"),
    "which": ("One of these words is KIND. Which one: TEXT", "Look at the words and find the NOUN: TEXT"),
    "commas": ("Make a list of these words with commas: TEXT", "Please write commas between these words: TEXT"),
}
"""Wordings that training never has."""
