"""Kinds of things that users tell: relations, favourites, codes, numbers, places; and what acknowledges them."""

RELATIONS = """
brother sister mother father friend neighbour boss teacher cousin aunt uncle son daughter wife husband doctor
colleague grandmother grandfather landlord
""".split()

FAVOURITES = (
    "book song film city game sport drink fruit band writer planet flower shop dish month tree team hobby".split()
)

CODES = (
    """
code word|secret word|password|user name|magic word|nickname|pass phrase|file name|street|school|company|village|ship|
project|login|safe word|team name
""".replace("\n", "")
    .strip("|")
    .split("|")
)

NUMBERS = (
    """
lucky number|pin|room number|table number|ticket number|favourite number|order number|house number|locker number|
seat number|customer number|code|door code|shoe size|bus number|flight number|postcode|score|member number
""".replace("\n", "")
    .strip("|")
    .split("|")
)

PLACES = (
    "box bag kitchen garden drawer cupboard car attic cellar table shelf bed chair sofa door desk basket room".split()
)

ACKNOWLEDGED = (
    "I will remember that.",
    "Thank you, I will remember that.",
    "Good to know.",
    "Thank you for telling me.",
    "OK, I will remember it.",
)
