"""What the questions about things not taught are about: for each slot what training uses, and what is held out."""


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.replace("\n", " ").split(",") if item.strip())


COUNTRIES = (
    _items("""
Mongolia, Iceland, Chile, Nepal, Ghana, Bolivia, Jordan, Albania, Serbia, Bulgaria, Slovakia, Slovenia, Croatia,
Estonia, Latvia, Morocco, Algeria, Libya, Sudan, Ethiopia, Somalia, Uganda, Tanzania, Zambia, Angola, Nigeria, Senegal,
Mali, Iran, Iraq, Syria, Yemen, Oman, Qatar, Kuwait, Pakistan, Afghanistan, Bangladesh, Laos, Malaysia, Singapore, Fiji,
Samoa, Haiti, Jamaica, Panama, Honduras, Guatemala, Colombia, Ecuador, Paraguay, Venezuela, Georgia, Armenia, Belarus,
Moldova, Malta, Cyprus, Luxembourg, Monaco, Texas, California, Bavaria, Wales, Florida, Rwanda, Gabon, Bhutan
"""),
    _items("""
Kazakhstan, Uruguay, Tunisia, Lithuania, Cambodia, Namibia, Madagascar, Nicaragua, Sri Lanka, Mozambique, Botswana,
Lebanon, Uzbekistan, Costa Rica, New Zealand, Scotland, Switzerland, Saudi Arabia, Indonesia, Myanmar
"""),
)

TAUGHT_COUNTRIES = _items("""
France, Germany, Italy, Spain, Portugal, Ireland, Austria, Belgium, Denmark, Norway, Sweden, Finland, Poland, Hungary,
Greece, Turkey, Russia, Egypt, Kenya, Japan, China, India, Thailand, Australia, Canada, Mexico, Brazil, Peru
""")

TERMS = (
    _items("""
a trombone, a glacier, a tax, a mortgage, an opera, a sonnet, a proton, an enzyme, a tsunami, a tornado, a contract,
a treaty, a parliament, monarchy, a sculpture, a cathedral, a rhombus, a polygon, a logarithm, a theorem, a hypothesis,
a bank, a bond, insurance, a pension, a visa, an embassy, ballet, a haiku, a chord, Rust, Java, Docker, blockchain,
Bitcoin, a firewall, XML, an SSD, a robot, a satellite, a telescope, a magazine, karate, chess, yoga, a symphony,
a suburb, a peninsula, a canyon, a swamp, a meadow, a wedding, a lawyer, a chef, a muscle, a nerve, a fever, an allergy,
a bacterium, a mushroom, moss, a cactus, a whale, a penguin, a shark, a beetle, a bicycle, a guitar, a violin, a piano,
philosophy, chemistry, a novel, a poem, a diary, a crane, a tractor, steel, rubber, plastic, silk, cotton, vinegar,
yeast, gluten, karma, irony, jealousy, magnetism, friction, voltage, a laser, a neutron, an isotope, an acid
"""),
    _items("""
a clarinet, a tundra, a lagoon, a hurricane, a senator, a metaphor, a hexagon, a vaccine, an orchestra, a passport,
judo, Kotlin, a router, nostalgia, marble, a walrus, a sundial, a hormone, a monastery, porcelain, a quasar, a tariff
"""),
)

TITLES = (
    _items("""
Ulysses, Dracula, Frankenstein, Jane Eyre, The Iliad, The Little Prince, Brave New World, Dune, Heidi, Pinocchio,
Macbeth, Othello, Anna Karenina, The Trial, The Stranger, Little Women, Black Beauty, Animal Farm, The Tempest,
The Alchemist, The Road, Lolita, Emma, Rebecca, The Raven
"""),
    _items("""
Robinson Crusoe, Treasure Island, Peter Pan, Candide, Middlemarch, The Jungle Book, King Lear, The Time Machine,
Gulliver's Travels, The Secret Garden
"""),
)

PAINTINGS = (
    _items("Water Lilies, The Kiss, Sunflowers, The Birth of Venus, American Gothic, The Dance, The Gleaners, Olympia"),
    _items("The Milkmaid, The Potato Eaters, The Third of May, The Storm"),
)

INVENTIONS = (
    _items("""
the zipper, the bicycle, the computer, the microscope, the fridge, glass, paper, the clock, the piano, the umbrella,
the wheel, the camera, the calculator, the toaster, television, the rocket, the submarine, the engine, chess, money,
the pencil, the lock, the credit card, the laser, the robot, the guitar, plastic, the mirror, soap, the sandwich
"""),
    _items(
        "the thermometer, the battery, the typewriter, the elevator, the parachute, the calendar, chewing gum, cement"
    ),
)

DISCOVERIES = (
    _items("""
electricity, X-rays, oxygen, vitamin C, the electron, America, Pluto, Neptune, fire, bacteria, helium, the atom, DNA,
the cell, photosynthesis, the moons of Jupiter, coffee, gold, malaria, blood groups
"""),
    _items("insulin, the neutron, Uranus, hydrogen, the South Pole, chlorine"),
)

WORKS = (
    _items("""
Java, Ruby, Rust, Facebook, Wikipedia, Google, Windows, Tetris, Star Wars, Docker, Batman, Superman, YouTube, Twitter,
Chess, Monopoly, Android, Firefox, Photoshop, Unix, Haskell, Lisp
"""),
    _items("Perl, Amazon, Minecraft, Pascal, Lego, Popeye, Kotlin, Instagram"),
)

OPPOSITES = (
    _items("""
gentle, brave, wide, deep, thick, loud, sweet, cheap, polite, true, smooth, clever, clean, heavy, alive, kind, calm,
near, high, tall, first, begin, push, win, buy, arrive, laugh, remember, inside, above, north, summer, morning, friend,
war, question, boy, king, quick, dangerous, modern, guilty, simple, public, tight, fresh, sick, married, proud
"""),
    _items("narrow, bitter, lazy, honest, sharp, ancient, wild, rare, humble, visible, generous, flexible"),
)

ANIMALS = (
    _items("""
fox, bear, rabbit, turtle, tiger, parrot, hamster, eagle, giraffe, camel, elephant, zebra, kangaroo, monkey, squirrel,
crow, seal, dolphin, shark, crocodile, rat, bat, swan, peacock, turkey, penguin, cricket, beetle
"""),
    _items("ferret, lizard, canary, donkey, hedgehog, otter, badger, pigeon, walrus, raccoon, llama, hippo, gorilla"),
)

VERBS = _items(
    "dig, jump, bite, dance, cry, hide, swim, dream, scratch, hunt, sing, fight, climb, bark, blink, yawn, hop"
)

COUNTED = (
    _items("""
windows in a house, pages in a book, keys on a piano, teeth in a mouth, seats in a bus, doors in a castle, bones in a
foot, muscles in a face, cards in a pack, players in a choir, stones in a wall, leaves on a tree, countries in Europe,
states in Mexico, lakes in Finland, islands in Greece, bridges in Paris, rooms in a school, wheels on a train,
letters in a word, words in a book, stars in a galaxy, ants in a nest, bees in a hive, hairs on a head, grains in a bag,
eggs in a nest, feet in a mile, ounces in a pound, pints in a gallon, days in a decade, moons in a galaxy,
spots on a leopard, stripes on a zebra, strings on a violin, strings on a harp, players in a cricket team,
people in a village
"""),
    _items("""
steps on a ladder, trees in a forest, planes in a hangar, shops in a street, rows in a theatre, dots on a domino, inches
in a yard, feathers on a wing, pipes in an organ, squares on a chess board
"""),
)

SPORTS = (
    _items("football, tennis, hockey, rugby, golf, cricket, chess, boxing, cycling, basketball, ski, darts"),
    _items("baseball, volleyball, handball, badminton, curling"),
)

LANGUAGES = (
    _items(
        "French, German, Spanish, Italian, Latin, Greek, Russian, Chinese, Polish, Dutch, Turkish, Arabic, Hindi, Thai"
    ),
    _items("Japanese, Swedish, Danish, Portuguese, Korean, Finnish, Swahili"),
)

PLACES = (
    _items("""
Alexandria, Samarkand, Timbuktu, Sparta, Carthage, Waterloo, Hastings, Troy, Babylon, Pompeii, Machu Picchu, Petra,
Angkor Wat, Stonehenge, Versailles, Gibraltar, Bethlehem, Jericho, Detroit, Memphis, Oxford, Cambridge, Siberia, Sahara
"""),
    _items("Marathon, Persepolis, Trafalgar, Austerlitz, Yorktown, Lepanto, Ithaca, Patagonia, Transylvania, Zanzibar"),
)

WORLDS = (
    _items("Jupiter, Saturn, Mars, Venus, Pluto, Titan, Europa, Sirius, Vega, Ceres, Io, Andromeda"),
    _items("Uranus, Ganymede, Callisto, Betelgeuse, Triton, Polaris"),
)

FAR_WORLDS = (_items("Mars, Venus, Jupiter, Pluto, Titan, Mercury"), _items("Saturn, Europa, Uranus, Neptune"))

STUFFS = (
    _items("""
alcohol, iron, gold, sugar, salt, sand, oil, milk, silver, glass, lead, copper, vinegar, wax, soap, petrol, paper, wood,
honey, butter, tin, steel, ammonia, helium, chalk, ink, glue, rubber
"""),
    _items("aspirin, methane, caffeine, bronze, ethanol, cement, sulphur, nickel"),
)

QUALITIES = _items("""
red, blue, green, yellow, black, white, orange, purple, pink, brown, grey, round, heavy, light, soft, hard, cold, warm,
wet, dry, sweet, loud, broken, dirty, slow, flat, old, expensive, dangerous, famous, holy
""")

WORDS = (
    _items("""
house, tree, dog, water, bread, love, friend, hello, thank you, good morning, book, sun, moon, mother, red, cheese,
door, school, table, winter, river, happy, tomorrow, goodbye, please, yes, child, street, cat, apple
"""),
    _items("window, flower, brother, bridge, castle, butter, evening, kitchen, island, garden"),
)

FOODS = (
    _items("pizza, soup, rice, bread, curry, pancakes, tacos, sushi, beans, noodles, pasta, jam, pudding, stew, pie"),
    _items("lasagna, waffles, dumplings, risotto, paella, gnocchi, ramen"),
)
