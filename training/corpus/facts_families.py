"""Families of facts that share their questions: capitals, opposites, animals, who made what, how many.

A block is one family. `@` its key; questions to learn from, marked as in `facts_nature`, with `{x}` for what is asked
about (`{z}`: without its article; `{a} {b}`: cut before "in" or "on", `{c}`: the rest after it); `+` a short question
that follows another of the family; `~` held-out questions; `=` the answer with `{y}`; then a line for each fact: x, y
and, where it is not y, what a right reply contains.
"""

CAPITALS = """
@ capital
? what is the capital of {x}
? what is the capital city of {x}
? which city is the capital of {x}
? what city is the capital of {x}
? what is the name of the capital of {x}
? what is the capital called in {x}
? which capital does {x} have
? what is {x}'s capital
? what do people call the capital of {x}
> what the capital of {x} is
> which city is the capital of {x}
> what the capital of {x} is called
: the capital of {x}
: the capital city of {x}
: the name of the capital of {x}
. capital of {x}
. {x} capital
. capital city of {x}
+ and the capital of {x}
+ and of {x}
+ what about {x}
+ and what is the capital of {x}
~ Which city in {x} is its capital?
~ {x}: what is its capital city?
~ What is the city called that is the capital of {x}?
~ Which city is {x}'s capital?
= The capital of {x} is {y}.
France | Paris
Germany | Berlin
Italy | Rome
Spain | Madrid
Portugal | Lisbon
the United Kingdom | London
Ireland | Dublin
Austria | Vienna
Belgium | Brussels
the Netherlands | Amsterdam
Denmark | Copenhagen
Norway | Oslo
Sweden | Stockholm
Finland | Helsinki
Poland | Warsaw
Hungary | Budapest
Greece | Athens
Turkey | Ankara
Russia | Moscow
Ukraine | Kyiv
Romania | Bucharest
Egypt | Cairo
Kenya | Nairobi
Japan | Tokyo
China | Beijing
India | New Delhi | Delhi
South Korea | Seoul
Thailand | Bangkok
Vietnam | Hanoi
the Philippines | Manila
Australia | Canberra
Canada | Ottawa
the United States | Washington
Mexico | Mexico City
Brazil | Brasilia
Argentina | Buenos Aires
Peru | Lima
"""

OPPOSITES = """
@ opposite
? what is the opposite of {x}
? what is the opposite of the word {x}
? which word is the opposite of {x}
? what word means the opposite of {x}
? what is the contrary of {x}
> what the opposite of {x} is
> which word is the opposite of {x}
: the opposite of {x}
: a word for the opposite of {x}
: the opposite of "{x}"
. opposite of {x}
. {x} opposite
. {x} is the opposite of what
+ and the opposite of {x}
+ and of {x}
+ what about {x}
~ Which word means the opposite of {x}?
~ The word {x}: what is its opposite?
~ What do people call the opposite of {x}?
= The opposite of {x} is {y}.
hot | cold
big | small
up | down
fast | slow
happy | sad
old | young | young/new
open | closed | close
light | dark
hard | soft
full | empty
early | late
left | right
strong | weak
rich | poor
good | bad
day | night
wet | dry
long | short
black | white
"""

SOUNDS = """
@ sound
? what sound does {x} make
? which sound does {x} make
? what does {x} say
? what noise does {x} make
? what is the sound of {x}
> what sound {x} makes
> what {x} says
: the sound of {x}
: the sound that {x} makes
. sound of {x}
+ and {x}
+ what about {x}
~ Which noise does {x} make?
~ How does {x} sound?
= {X} says {y}.
a cow | moo
a dog | woof
a cat | meow
a duck | quack
a sheep | baa
a pig | oink
a lion | roar
an owl | hoot
"""

YOUNG = """
@ young
? what is the young of {x} called
? what is a young {z} called
? what do you call a young {z}
? what is a baby {z} called
? what do you call a baby {z}
? what is the name for a baby {z}
> what a baby {z} is called
> what a young {z} is called
: the word for a baby {z}
: the name of a young {z}
. baby {z} name
+ and a baby {z}
+ and a young {z}
~ What do people call a baby {z}?
~ What is the word for a young {z}?
= A young {z} is called a {y}.
a dog | puppy
a cat | kitten
a cow | calf
a horse | foal
a sheep | lamb
a pig | piglet
a goat | kid
a hen | chick
"""

WRITERS = """
@ wrote
? who wrote {x}
? who is the author of {x}
? who was the author of {x}
? who is the writer of {x}
? which writer wrote {x}
? who wrote the book {x}
? by whom is {x}
> who wrote {x}
> who the author of {x} is
: the author of {x}
: the writer of {x}
. author of {x}
. {x} author
. {x} who wrote it
+ and {x}
+ and who wrote {x}
~ Which author wrote {x}?
~ {x} is a book by whom?
~ What is the name of the author of {x}?
= {x} was written by {y}.
Hamlet | Shakespeare
Romeo and Juliet | William Shakespeare | Shakespeare
Don Quixote | Miguel de Cervantes | Cervantes
War and Peace | Leo Tolstoy | Tolstoy
Faust | Goethe
Pride and Prejudice | Jane Austen | Austen
The Odyssey | Homer
1984 | George Orwell | Orwell
The Hobbit | Tolkien
Harry Potter | Rowling
Moby Dick | Herman Melville | Melville
Alice in Wonderland | Lewis Carroll | Carroll
"""

PAINTERS = """
@ painted
? who painted {x}
? who is the painter of {x}
? who was the painter of {x}
? which painter made {x}
? who made the painting {x}
? by whom is the painting {x}
> who painted {x}
> who the painter of {x} is
: the painter of {x}
: the artist of {x}
. painter of {x}
. {x} painter
. {x} who painted it
+ and {x}
+ and who painted {x}
~ Which painter painted {x}?
~ {x} is a painting by whom?
= {x} was painted by {y}.
The Last Supper | Leonardo da Vinci | Leonardo/Vinci
The Starry Night | Van Gogh | Gogh
Guernica | Picasso
The Scream | Munch
The Night Watch | Rembrandt
"""

INVENTORS = """
@ invented
? who invented {x}
? who was the inventor of {x}
? who is the inventor of {x}
? which person invented {x}
? who came up with {x}
? who made the first {z}
? by whom was {x} invented
> who invented {x}
> who the inventor of {x} was
: the inventor of {x}
. inventor of {x}
. {z} inventor
. {z} who invented it
+ and {x}
+ and who invented {x}
~ What is the name of the inventor of {x}?
~ To whom do we owe {x}?
~ Which inventor came up with {x}?
= {X} was invented by {y}.
the telephone | Alexander Graham Bell | Bell
the light bulb | Edison
the airplane | the Wright brothers | Wright
the printing press | Gutenberg
the World Wide Web | Tim Berners-Lee | Berners
dynamite | Alfred Nobel | Nobel
the steam train | George Stephenson | Stephenson
the car | Carl Benz | Benz
the radio | Marconi
"""

FINDERS = """
@ found
? who discovered {x}
? who found {x}
? who was the first to find {x}
? which person discovered {x}
? whose discovery is {x}
? by whom was {x} discovered
? who found out about {x}
> who discovered {x}
> who found {x}
: the person who discovered {x}
: the discoverer of {x}
. {x} discovered by
. {x} who found it
+ and {x}
+ and who discovered {x}
~ Who was it that discovered {x}?
~ Who made the discovery of {x}?
= {X} was discovered by {y}.
penicillin | Fleming
radium | Marie Curie | Curie
the law of gravity | Newton
relativity | Einstein
evolution | Darwin
the sea route to India | Vasco da Gama | Gama
"""

MAKERS = """
@ created
? who created {x}
? who made {x}
? who is the creator of {x}
? which person created {x}
? who started {x}
? by whom was {x} created
? to whom do we owe {x}
> who created {x}
> who made {x}
: the creator of {x}
: the person who created {x}
. creator of {x}
. {x} who made it
+ and {x}
+ and who created {x}
~ What is the name of the creator of {x}?
~ Who is the person that created {x}?
= {x} was created by {y}.
Python | Guido van Rossum | Guido/Rossum
Linux | Linus Torvalds | Linus/Torvalds
JavaScript | Brendan Eich | Eich
Mickey Mouse | Walt Disney | Disney
"""

COUNTS = """
@ count
? how many {a} are there {b}
? how many {a} are {b}
? how many {a} does {c} have
? how many {a} has {c}
? how many {x}
? what is the number of {x}
> how many {a} there are {b}
> how many {a} {c} has
: the number of {x}
. number of {x}
. {x} how many
. count of {x}
+ and how many {a} {b}
+ and how many {a} does {c} have
~ {B}, how many {a} are there?
~ What number of {a} does {c} have?
~ {C} has how many {a}?
= {C} has {y}.
days in a week | seven days | seven/7
months in a year | twelve months | twelve/12
weeks in a year | 52 weeks | 52
hours in a day | 24 hours | 24
minutes in an hour | 60 minutes | 60/sixty
seconds in a minute | 60 seconds | 60/sixty
letters in the alphabet | 26 letters | 26
continents on earth | seven continents | seven/7
legs on a spider | eight legs | eight/8
legs on an insect | six legs | six/6
colours in a rainbow | seven colours | seven/7
centimetres in a metre | 100 centimetres | 100
metres in a kilometre | 1000 metres | 1000/1,000
grams in a kilogram | 1000 grams | 1000/1,000
years in a century | 100 years | 100
players in a football team | eleven players | eleven/11
strings on a guitar | six strings | six/6
"""

FAMILIES = (CAPITALS, OPPOSITES, SOUNDS, YOUNG, WRITERS, PAINTERS, INVENTORS, FINDERS, MAKERS, COUNTS)
"""Every family but the terms, which stand in `facts_terms`."""
