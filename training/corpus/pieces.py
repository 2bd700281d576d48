"""Pieces of words to make names of.

Nearly everywhere else these stand behind a space, where other tokens are used for them: the tokens of the bare pieces,
which names like `morning_alarm` are cut into, would hardly ever be learned, and what was never learned is not copied.
"""

from random import Random

PIECES = tuple(
    """
AI API Add Af And Answer Are Book Cap Change Check Com Compute Con Copy Could Count Cre Create Delete Dream Eng
English Ex Explain Fetch Find Fore Forest GPU Ge Ger Germany Give Happy Have Help Hey How IS Ind Ital Just Keep Let
List Little Make Model Modelfile Moon Next Now On One Op Opposite Our Paper Play Please Question Read Reply Res
Reserve Ret Return SON Say Sear Search Send Show So Sto Sub Sw Take Tell Tells Thanks That Tools Tr Un United Update
Whatever Where Which Who Wor World Write abase aces achine addock allest also andle angle anks another answers
anything apan ape aper appy area argu around asket asks assist assistant ated ature aves baby basket beans because
been beh behind between bic bicy bird blood boat bool boolean bot bread brie brief calendar cam candle cannot case
cause ces chool choose citi colours comes comm command commands commas computer cond costs could cour course created
cust dark data database definit definition destin dict dif disco discover discovered distance dock does duck dur each
early eight ello else enjoyed ere ery etch etwe etween evening ever exact exactly explain expression fav favour
favourite fiel fields files fin fine fore forgot four fri friendly frog game gave gine give given glad glove goes good
got gravity grees guitar hamster happy hard has have hear helf hello helpful here hey honey hope hours ices ider igin
ign imal ind init inte inted integer internet inven invented iny irst istance ital itar iti joy just keys larger
largest lean leaves legs leng letters lies like likes limit lin lish listens lives living lla loaded loc long lot love
loves made makes many marks mean meaning means meet ments mind mirror mistakes months more morning much music must
named names ndar next nice nothing odel odu ody older ollow ome ongs only ople opposite opy ould ource outside oxygen
pain painted painter peat perature percent ping places plain plate please plus ply pond pop posit posite pression
proble problem produ prom pute puzzle quare questions rand rase rav ream reason remember rency rent repeat replies
rich rote route runs sage said saved say says sco sea sent sentence serve seven she sheep ships shoe shopping short
shortly should side sim simple single sle small smaller smallest sna sock someone something soon sorry sound sounds
spider stand stands stat stem stin sunlight swer symb system tain takes tar taught telling than thank thanks that
there these they things this three times today told too tri triangle turns two uestion ught ull ulti ultiply useful
utes uthor valu ventor vert very want wants warm ways welcome wheels why wid will wolf wonder world would writ written
wrote young ype yth ython zzle
""".split()
)


def pieced(rng: Random) -> str:
    """Return two or three pieces in a row, mostly in small letters."""
    return "".join(rng.choice(PIECES) for _ in range(rng.choice((2, 2, 3))))
