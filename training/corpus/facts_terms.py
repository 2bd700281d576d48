"""The family of terms: what words mean. The form is told in `facts_families`."""

TERMS = """
@ term
? what is {x}
? what is {x} in simple words
? what does {z} mean
? what does the word {z} mean
? what is the meaning of {z}
? what is the meaning of the word {z}
? what is meant by {z}
? what exactly is {x}
? how do you explain {x}
> what {x} is
> what {z} means
: the meaning of {z}
: the definition of {z}
. define {z}
. define {x}
. explain {x}
. explain {z}
. explain {x} in one sentence
. explain to me {x}
. describe {x}
. give a definition of {z}
. meaning of {z}
. {z} meaning
. {z} definition
. tell me about {x}
. {z}
. {x}
+ and {x}
+ and what is {x}
+ what about {x}
~ {Z}: what does it mean?
~ How do you define {x}?
~ What do people mean by {z}?
~ Give me the definition of {z}.
~ {X}, what is that?
~ How would you explain {x} to a child?
= {y}
a noun | A noun is a word that names a person, a place or a thing. | person, thing
a verb | A verb is a word for an action, such as run or eat. | action
an adjective | An adjective is a word that describes a noun, such as big or red. | describe
a synonym | A synonym is a word that means the same as another word. | same
a vowel | A vowel is one of the letters a, e, i, o and u. | a, e, i, o, u
an atom | An atom is the smallest piece of a chemical element. | small, element
a molecule | A molecule is a group of atoms that are joined together. | atoms
a cell | A cell is the smallest living part of a plant or an animal. | living
DNA | DNA is a molecule in cells that carries the plan of a living thing. | plan
gravity | Gravity is the force that pulls things towards each other. | force/pull
energy | Energy is the ability to do work, such as moving or heating things. | work
oxygen | Oxygen is a gas in the air that people and animals breathe. | gas
photosynthesis | Photosynthesis is how plants make sugar from sunlight, water and air. | plant, sugar/food, light/sun
a prime number | A prime number can be divided only by one and by itself. | divide, itself
a triangle | A triangle is a shape with three sides. | three/3
a square | A square is a shape with four equal sides and four right angles. | four/4, equal
an island | An island is land with water all around it. | land, water
a desert | A desert is a very dry place where little rain falls. | dry
a river | A river is a long stream of water that flows to a lake or the sea. | water, flow/stream
a volcano | A volcano is a mountain from which hot melted rock comes out. | rock
a planet | A planet is a big round body that travels around a star. | star
a star | A star is a huge ball of hot gas that gives light. | gas
a galaxy | A galaxy is a huge group of stars held together by gravity. | stars
a comet | A comet is a ball of ice and dust that travels around the sun. | ice
a black hole | A black hole is a place in space whose gravity is so strong that light cannot escape. | gravity/light
democracy | Democracy means that the people choose by voting who governs them. | vot/choose
inflation | Inflation means that prices rise over time. | price
a mammal | A mammal is an animal that has hair and feeds its young with milk. | milk
a reptile | A reptile is an animal with scales and cold blood, such as a snake. | scales/cold
a fossil | A fossil is what is left in stone of a plant or animal from long ago. | stone
a virus | A virus is a tiny germ that needs living cells to multiply. | germ/cells
Python | Python is a programming language that is easy to read. | language
JSON | JSON is a text format for data, made of names and values. | format, data
an API | An API is a set of rules by which programs talk to each other. | rules, programs
a GPU | A GPU is a chip that does many calculations at once, for graphics and AI. | chip, many
a CPU | A CPU is the main chip of a computer, which carries out programs. | main chip
RAM | RAM is the fast memory in which a computer works while it is on. | memory
an algorithm | An algorithm is a list of steps that solves a problem. | steps
a variable | A variable is a name for a value in a program. | name, value
a function | A function is a piece of a program that has a name and can be called. | called
a loop | A loop is a part of a program that runs again and again. | again
a string | A string is a piece of text in a program. | text
a bug | A bug is a mistake in a program. | mistake/error
a database | A database is a place where data is kept so that it can be found again. | data, found/kept/stored
a server | A server is a computer or program that answers requests from others. | request
HTML | HTML is the language in which web pages are written. | web
the internet | The internet is a network that connects computers all over the world. | network/connect
an operating system | An operating system is the program that runs a computer and its other programs. | runs
Linux | Linux is a free operating system for computers. | operating
Git | Git is a tool that keeps the history of changes to files. | history/change
a URL | A URL is the address of a page on the web. | address
a browser | A browser is a program for looking at web pages. | web
a byte | A byte is eight bits of data. | eight/8
open source | Open source means that everyone may read, use and change the code. | code
a compiler | A compiler is a program that turns code into instructions for the machine. | instruction/machine
recursion | Recursion means that a function calls itself. | itself
a pixel | A pixel is one tiny dot of a picture on a screen. | dot
"""
