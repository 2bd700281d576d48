"""Facts about planets, places, time and history, each with its own questions. The form is told in `facts_nature`."""

WORLD = """
@ number of planets: eight
? how many planets are there
? how many planets go around the sun
? what is the number of planets
> how many planets there are
: the number of planets
. number of planets
~ How many planets does our sun have?
= There are eight planets around the sun.
! eight/8

@ largest planet: Jupiter
? what is the largest planet
? which planet is the biggest
? what is the biggest planet
> which planet is the largest
: the largest planet
. largest planet
~ Of all the planets, which one is the largest?
= Jupiter is the largest planet.
! Jupiter

@ smallest planet: Mercury
? what is the smallest planet
? which planet is the smallest
? which planet is closest to the sun
? which planet is nearest to the sun
> which planet is the smallest
: the smallest planet
. smallest planet
~ Of all the planets, which one is the smallest?
= Mercury is the smallest planet and the closest to the sun.
! Mercury

@ hottest planet: Venus
? what is the hottest planet
? which planet is the hottest
? on which planet is it hottest
> which planet is the hottest
: the hottest planet
. hottest planet
~ Of all the planets, which one is the hottest?
= Venus is the hottest planet.
! Venus

@ red planet: Mars
? which planet is red
? which planet is called the red planet
? what is the red planet
> which planet is called the red planet
: the name of the red planet
. red planet
~ What is the name of the planet that is red?
= Mars is called the red planet.
! Mars

@ rings: Saturn
? which planet has rings
? which planet is known for its rings
? what is the planet with the rings
> which planet has big rings
: the planet with the rings
. planet with rings
~ What is the name of the planet that has rings?
= Saturn is the planet known for its big rings.
! Saturn

@ farthest planet: Neptune
? which planet is farthest from the sun
? what is the last planet
? which planet is the farthest away
> which planet is farthest from the sun
: the farthest planet
. farthest planet
~ Of all the planets, which one is the farthest?
= Neptune is the planet farthest from the sun.
! Neptune

@ year of the earth: 365 days
? how long does the earth take to go around the sun
? how many days does a year have
? how many days are in a year
? how long is a year
> how many days a year has
: the number of days in a year
. days in a year
~ How many days make a year?
= A year has 365 days, and a leap year has 366.
! 365

@ first on the moon: Neil Armstrong
? who was the first man on the moon
? who was the first person on the moon
? who walked on the moon first
> who was the first man on the moon
: the first man on the moon
. first man on the moon
~ Which man was the first to walk on the moon?
= Neil Armstrong was the first man on the moon, in 1969.
! Armstrong

@ first in space: Yuri Gagarin
? who was the first man in space
? who was the first person in space
? who flew into space first
> who was the first man in space
: the first man in space
. first man in space
~ Which man was the first to fly into space?
= Yuri Gagarin was the first man in space, in 1961.
! Gagarin

@ galaxy: the Milky Way
? what is the name of our galaxy
? in which galaxy do we live
? what is our galaxy called
> what our galaxy is called
: the name of our galaxy
. name of our galaxy
~ Which galaxy is the earth in?
= Our galaxy is called the Milky Way.
! Milky Way

@ highest mountain: Mount Everest
? what is the highest mountain
? which mountain is the highest in the world
? which of the mountains is the highest
? what is the tallest mountain
> which mountain is the highest
: the highest mountain
. highest mountain
~ Of all the mountains, which one is the highest?
= Mount Everest is the highest mountain in the world.
! Everest

@ largest ocean: the Pacific
? what is the largest ocean
? which ocean is the biggest
? what is the biggest ocean in the world
? which of the oceans is the biggest
> which ocean is the largest
: the largest ocean
. largest ocean
~ Of all the oceans, which one is the largest?
= The Pacific is the largest ocean in the world.
! Pacific

@ largest continent: Asia
? what is the largest continent
? which continent is the biggest
? what is the biggest continent in the world
> which continent is the largest
: the largest continent
. largest continent
~ Of all the continents, which one is the largest?
= Asia is the largest continent.
! Asia

@ largest country: Russia
? what is the largest country
? which country is the biggest
? what is the biggest country in the world
? which of the countries is the biggest
> which country is the largest
: the largest country
. largest country
~ Of all the countries, which one is the largest?
= Russia is the largest country in the world.
! Russia

@ longest river: the Nile
? what is the longest river
? which river is the longest in the world
? what is the longest river in Africa
> which river is the longest
: the longest river
. longest river
~ Of all the rivers, which one is the longest?
= The Nile is often called the longest river in the world.
! Nile

@ Eiffel Tower: Paris
? where is the Eiffel Tower
? in which city is the Eiffel Tower
? where can I see the Eiffel Tower
> where the Eiffel Tower is
. Eiffel Tower where
~ In what city will I find the Eiffel Tower?
= The Eiffel Tower is in Paris.
! Paris

@ Colosseum: Rome
? where is the Colosseum
? in which city is the Colosseum
? where can I see the Colosseum
> where the Colosseum is
. Colosseum where
~ In what city will I find the Colosseum?
= The Colosseum is in Rome.
! Rome

@ pyramids: the Egyptians
? who built the pyramids
? where are the pyramids
? which people built the pyramids
? what were the pyramids for
> who built the pyramids
. pyramids who
~ Which people made the pyramids?
= The old Egyptians built the pyramids in Egypt as tombs for their kings.
! Egypt

@ first president: George Washington
? who was the first president of the United States
? who was the first American president
? which man was the first president of the USA
> who was the first president of the United States
: the first president of the United States
. first American president
~ What was the name of the first president of the United States?
= George Washington was the first president of the United States.
! Washington

@ start of the First World War: 1914
? when did the First World War begin
? when did World War One start
? in which year did the First World War start
> when the First World War began
: the year in which the First World War began
. start of World War One
~ In what year did World War One begin?
= The First World War began in 1914.
! 1914

@ end of the Second World War: 1945
? when did the Second World War end
? when was World War Two over
? in which year did the Second World War end
> when the Second World War ended
: the year in which the Second World War ended
. end of World War Two
~ In what year did World War Two end?
= The Second World War ended in 1945.
! 1945

@ French Revolution: 1789
? when was the French Revolution
? in which year did the French Revolution begin
? when did the French Revolution start
> when the French Revolution was
: the year of the French Revolution
. French Revolution year
~ In what year did the French Revolution start?
= The French Revolution began in 1789.
! 1789

@ Berlin Wall: 1989
? when did the Berlin Wall fall
? in which year did the Berlin Wall fall
? when was the fall of the Berlin Wall
> when the Berlin Wall fell
: the year in which the Berlin Wall fell
. fall of the Berlin Wall
~ In what year did the Berlin Wall come down?
= The Berlin Wall fell in 1989.
! 1989

@ first month: January
? what is the first month of the year
? which month is the first
? with which month does the year begin
> which month is the first
: the first month of the year
. first month
~ In what month does the year start?
= January is the first month of the year.
! January

@ last month: December
? what is the last month of the year
? which month is the last
? with which month does the year end
> which month is the last
: the last month of the year
. last month
~ In what month is the year over?
= December is the last month of the year.
! December

@ shortest month: February
? what is the shortest month
? which month is the shortest
? which month has the fewest days
> which month is the shortest
: the shortest month of the year
. shortest month
~ Of all the months, which one is the shortest?
= February is the shortest month, with 28 or 29 days.
! February

@ weekend: Saturday and Sunday
? which days are the weekend
? what days are on the weekend
? when is the weekend
> which days are the weekend
: the days of the weekend
. weekend days
~ What are the two days of the weekend called?
= The weekend is Saturday and Sunday.
! Saturday, Sunday

@ days of the week: Monday to Sunday
? what are the days of the week
? what are the names of the days of the week
? what are the seven days called
> what the days of the week are
: the days of the week
. list the days of the week
~ What are the days of a week called?
= The days are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday.
! Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday

@ four seasons: spring to winter
? what are the four seasons
? what are the seasons of the year
? what are the names of the seasons
> what the four seasons are
: the four seasons
. list the seasons
~ What do we call the four seasons?
= The four seasons are spring, summer, autumn and winter.
! spring, summer, autumn/fall, winter

@ green from paint: yellow and blue
? how do you mix green
? which colours make green
? what do blue and yellow make
? how do I make green paint
> which colours make green
. mix green how
~ How can I get green from two colours?
= Blue and yellow paint mixed make green.
! blue, yellow

@ orange from paint: red and yellow
? how do you mix orange
? which colours make orange
? what do red and yellow make
? how do I make orange paint
> which colours make orange
. mix orange how
~ How can I get orange from two colours?
= Red and yellow paint mixed make orange.
! red, yellow
"""
