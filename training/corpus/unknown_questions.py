"""Questions about what is not taught. A block is one kind of question, marked as in `facts_nature`; the first `>` says
what is asked, of all questions of the block where its first line has `=`. `&` there: one would have to look it up.
Slots stand in braces.
"""

QUESTIONS = """
@&=
? what is the weather like in {city}
? what is the weather in {city} today
? how is the weather in {city}
? will it rain in {city} tomorrow
? how warm is it in {city}
? is it raining in {city} now
> what the weather is like in {city}
: the weather in {city}
. weather {city}
. {city} weather today
~ Does it rain in {city} today?
~ How cold is it in {city} now?

@&
? what is the weather today
? will it rain today
? will it be warm tomorrow
? what is the weather like
? is it cold outside
> what the weather is like
: the weather of today
. weather today
~ Is it warm outside now?

@&
? what time is it
? what is the time now
? what is the date today
? which day is it today
? what year is it
? what day is it
> what time it is
: the date of today
. time now
~ Which year is it now?
~ How late is it?

@&=
? how much does {a thing} cost
? what is the price of {a thing}
? how expensive is {a thing}
? what does {a thing} cost in {city}
? how much is {a thing}
> how much {a thing} costs
: the price of {a thing}
. price of {a thing}
. {thing} price
~ How much money do I need for {a thing}?
~ How much must I pay for {a thing}?

@&
? what is the news today
? what is the news from {city}
? what happened in {city} today
? what happened yesterday in {city}
? what is new in {city}
? is there any news about {full}
> what the news is
: the news from {city}
. news today
. news {city}
~ What has happened in {city} this week?
~ Do you have the news of today?

@&
? who won the game yesterday
? who won the match between {city} and {city2}
? what was the score of the game in {city}
? which team won in {city}
? who is the champion in {sport}
? did {city} win the {sport} game
> who won the game
: the score of the {sport} game
. {sport} score {city}
~ Which team won the {sport} match in {city}?
~ Did {city} win against {city2}?

@
? how old is {name}
? what is the age of {full}
? when is the birthday of {name}
? in which year was {full} born
? how old is {full}
> how old {name} is
: the age of {full}
: the birthday of {name}
. {full} age
~ When was {full} born?
~ Which age does {full} have?

@
? who is {full}
? who is {name}
? what is {full} known for
? what did {full} do
? do you know {full}
> who {full} is
. tell me about {full}
. {full}
~ Who was {full}?
~ What can you tell me about {full}?

@
? where does {name} live
? where is {name} from
? what does {full} do for a living
? what is the phone number of {name}
? what is the address of {full}
? what does {name} like
> where {name} lives
: the address of {name}
: the phone number of {full}
. {name} phone number
~ In what city does {full} live?
~ What number do I call to reach {full}?

@
? how many people live in {place}
? what is the population of {place}
? how big is {place}
? how old is {place}
> how many people live in {place}
: the population of {place}
. population of {place}
. {place} people
~ What is the number of people in {place}?
~ How large is {place}?

@
? which language do people speak in {any country}
? what is the money of {any country} called
? who is the president of {any country}
? what is the flag of {any country}
? who is the king of {any country}
? what do people eat in {any country}
? who will be the next president of {any country}
> who the president of {any country} is
> which language people speak in {any country}
: the president of {any country}
. president of {any country}
~ What is the language of {any country}?
~ By whom is {any country} governed?

@
? what is the longest river in {country}
? which mountain is the highest in {country}
? what is the largest city of {country}
? which lake is the biggest in {country}
? what is the second city of {country}
> which city is the largest in {country}
: the longest river of {country}
: the highest mountain of {country}
. biggest lake of {country}
~ Of all the rivers in {country}, which one is the longest?
~ Of all the cities of {country}, which one is the largest?

@
? where is {place}
? in which country is {place}
? how far is it from {city} to {city2}
? how long does it take to go from {city} to {city2}
? where can I find {place}
> where {place} is
> how far it is from {city} to {city2}
. {place} where
. distance from {city} to {city2}
~ In what country will I find {place}?
~ How many kilometres is it from {city} to {city2}?

@
? when was the battle of {place}
? in which year did the war of {place} begin
? who won the war of {place}
? when was {place} built
? who was the king of {country} in {year}
? what happened in {year}
? what happened in {place} in {year}
? who built {place}
> when the battle of {place} was
> what happened in {year}
: the year of the battle of {place}
. battle of {place} year
~ In what year was the battle of {place}?
~ When did the war of {place} end?
~ Which things happened in the year {year}?

@=
? why is {the thing} {quality}
? what makes {the thing} {quality}
? how come {the thing} is {quality}
? why does {the thing} look {quality}
> why {the thing} is {quality}
: the reason why {the thing} is {quality}
. {the thing} {quality} why
~ What is the cause of {the thing} being {quality}?
~ For what reason is {the thing} {quality}?

@
? why do {animals} {verb}
? how do {animals} {verb}
? when do {animals} {verb}
? what does it mean when {an animal} starts to {verb}
> why {animals} {verb}
: the reason why {animals} {verb}
. {animals} {verb} why
~ For what reason do {animals} {verb}?
~ How come {an animal} can {verb}?

@
? how many teeth does {an animal} have
? how fast is {an animal}
? how heavy is {an animal}
? how long do {animals} live
? how big is {an animal}
? where do {animals} live
> how fast {an animal} is
> how long {animals} live
. {animal} weight
~ How old does {an animal} get?
~ In what countries do {animals} live?

@
? how does {a made thing} work
? how do I repair {a thing}
? how is {a thing} made
? how do I cook {food}
? what is the recipe for {food}
? what is {food} made of
> how {a made thing} works
> how to cook {food}
: the recipe for {food}
. recipe {food}
~ How can I make {food} at home?
~ How can I repair {a thing} that does not work?

@
? what is {n} times {m}
? what is {n} plus {m}
? what is {n} minus {m}
? what is {n} divided by {m}
? how much is {n} times {m}
? how much is {n} + {m}
? what is {n} * {m}
? what is the square root of {n}
? what is the sum of {n} and {m}
> what {n} times {m} is
: the sum of {n} and {m}
. calculate {n} times {m}
. {n} + {m}
. {n} * {m}
. {n} minus {m}
~ What do I get for {n} times {m}?
~ How much do {n} and {m} make?
~ If I divide {n} by {m}, what is it?

@
? what is {word} in {language}
? how do you say {word} in {language}
? what does {made} mean in {language}
? what is the word for {word} in {language}
> how to say {word} in {language}
> what {word} is in {language}
. translate {word} into {language}
. translate {word} to {language}
. {word} in {language}
~ Which {language} word means {word}?
~ How do people say {word} in {language}?

@
? what is the book {title} about
? how does {title} end
? what is {title} about
? who is the hero of {title}
? how many pages does {title} have
> what {title} is about
. tell me about the book {title}
~ What happens in the book {title}?
~ Which person is the hero of {title}?

@
? who sings {title}
? who made the film {title}
? who plays in the film {title}
? when did the film {title} come out
? which band made the song {title}
> who sings {title}
. {title} singer
~ In what year did the film {title} come out?
~ By whom is the song {title}?

@
? how many moons does {world} have
? how far away is {world}
? how big is {world}
? how hot is it on {world}
? how long is a day on {world}
? who was the first man on {far world}
> how many moons {world} has
: the number of moons of {world}
. moons of {world}
~ What number of moons does {world} have?
~ Which man was the first to walk on {far world}?

@
? what is the formula of {stuff}
? at what temperature does {stuff} boil
? when does {stuff} freeze
? what is {stuff} made of
? how hot must {stuff} be to melt
? what is the boiling point of {stuff}
> what {stuff} is made of
: the formula of {stuff}
. formula of {stuff}
~ Out of which atoms is {stuff} made?
~ How hot must {stuff} be to boil?

@
? who was the first president of {country}
? who was the first king of {country}
? who was the first queen of {country}
? who founded {place}
? who was the first person in {place}
> who the first president of {country} was
: the first president of {country}
. first president of {country}
~ What was the name of the first president of {country}?
~ Which king was the first in {country}?
"""
