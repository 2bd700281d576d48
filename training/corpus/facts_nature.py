"""Facts about the sky, the weather, the earth, plants and space, each with its own questions.

A block is one fact. `@` its key and what the answer turns on; then questions to learn from: `?` a question, `>` a
clause ("Tell me" + it), `:` a noun phrase ("Do you know" + it), `.` any other text. `~` is the held-out question, `=`
the answer, `!` what a right reply contains: all of the parts between commas, of each part any of the stems between
slashes.
"""

NATURE = """
@ blue sky: scattered light
? why is the sky blue
? what makes the sky blue
? why does the sky look blue
? where does the blue colour of the sky come from
> why the sky is blue
> what makes the sky look blue
: the reason for the blue sky
. sky blue why
~ What is the cause of the blue colour of the sky?
= The sky is blue because the air scatters sunlight, and blue light most of all.
! scatter, light/sunlight

@ red sunset: a long way through the air
? why is the sunset red
? why is the sky red in the evening
? what makes a sunset red
? why does the sky turn red when the sun sets
> why the sunset is red
: the reason for red sunsets
. red sunset why
~ Where does the red colour of the sunset come from?
= A sunset is red because its light goes a long way through the air and loses its blue.
! air, blue/long

@ salty sea: salt from rocks
? why is the sea salty
? why is sea water salty
? where does the salt in the sea come from
? what makes the ocean salty
> why the sea is salty
> where the salt in the ocean comes from
. salt in the sea why
~ How did the salt get into the sea?
= The sea is salty because rivers wash salt out of the rocks into it.
! river, rock

@ rain: drops in clouds
? why does it rain
? how does rain form
? where does rain come from
? what makes it rain
> how rain forms
> where rain comes from
: the cause of rain
~ How is rain made?
= It rains when small drops of water in the clouds join and grow too heavy to stay up.
! drop, heavy/join

@ rainbow: sunlight in raindrops
? what makes a rainbow
? how does a rainbow form
? why do we see a rainbow
? where do the colours of a rainbow come from
> how a rainbow forms
: the cause of a rainbow
. rainbow how
~ How is a rainbow made?
= A rainbow forms when sunlight bends in drops of rain and spreads into its colours.
! light/sunlight, drop/rain, bend/spread

@ lightning: electricity in clouds
? what is lightning
? what causes lightning
? how does lightning form
? where does lightning come from
> what lightning is
: the cause of lightning
. lightning what is it
~ What makes lightning?
= Lightning is a huge spark of electricity in a storm cloud.
! electric/spark

@ thunder: air heated by lightning
? what is thunder
? what causes thunder
? why is thunder so loud
? where does the sound of thunder come from
> what thunder is
: the cause of thunder
. thunder what is it
~ What makes the sound of thunder?
= Thunder is the sound of air that lightning heats so fast that it bursts apart.
! air, heat/burst/expand

@ wind: warm and cold air
? what causes wind
? why does the wind blow
? how does wind form
? where does the wind come from
> why the wind blows
: the cause of wind
. wind why
~ What makes the wind blow?
= Wind blows because warm air rises and cooler air moves in to take its place.
! air, rise/cool/warm

@ seasons: the tilt of the earth
? why do we have seasons
? what causes the seasons
? why are there seasons
? why is it warm in summer and cold in winter
> why we have seasons
: the cause of the seasons
. seasons why
~ What is the reason for summer and winter?
= We have seasons because the earth is tilted as it travels around the sun.
! tilt

@ day and night: the earth turns
? why is there day and night
? what causes day and night
? why does the sun rise and set
? why does it get dark at night
> why there is day and night
: the cause of day and night
. day and night why
~ How do day and night come about?
= We have day and night because the earth turns around itself once a day.
! turn/spin/rotat

@ tides: the pull of the moon
? what causes the tides
? why are there tides
? why does the sea rise and fall each day
? where do tides come from
> why there are tides
: the cause of the tides
. tides why
~ What makes the sea rise and fall?
= Tides come from the gravity of the moon, which pulls the water of the sea.
! moon, gravity/pull

@ snow: frozen water in clouds
? how does snow form
? why does it snow
? what is snow made of
? where does snow come from
> how snow forms
: the cause of snow
. snow how
~ How is snow made?
= Snow forms when water in cold clouds freezes into small crystals of ice.
! ice/crystal, cloud/freez

@ floating ice: lighter than water
? why does ice float
? why does ice float on water
? why does ice not sink
? what makes ice float
> why ice floats
: the reason why ice floats
. ice float why
~ For what reason does ice float?
= Ice floats because water takes more room when it freezes, so ice is lighter than water.
! lighter/more room

@ green leaves: chlorophyll
? why are leaves green
? why is grass green
? what makes leaves green
? why are plants green
> why leaves are green
: the reason for green leaves
. green leaves why
~ Where does the green colour of plants come from?
= Leaves and grass are green because of chlorophyll, which plants use to catch light.
! chlorophyll

@ autumn leaves: the green goes away
? why do leaves change colour in autumn
? why do leaves turn red and yellow
? what makes leaves change colour
? why do leaves turn yellow in autumn
> why leaves change colour in autumn
. autumn leaves colour why
~ What happens to the green of the leaves in autumn?
= In autumn trees break down the green chlorophyll, and the yellow and red colours show.
! yellow/break, red/chlorophyll

@ growing plants: light, water and air
? what do plants need to grow
? what does a plant need
? what do plants need to live
? how do plants grow
> what plants need to grow
: the things that plants need
. plants need what
~ What must a plant have to grow?
= Plants need light, water, air and minerals from the soil to grow.
! light, water

@ volcano eruption: melted rock
? why do volcanoes erupt
? what makes a volcano erupt
? how does a volcano erupt
? what comes out of a volcano
> why volcanoes erupt
: the reason why volcanoes erupt
. volcano why
~ What causes a volcano to erupt?
= A volcano erupts when hot melted rock rises from deep in the earth and breaks through.
! rock

@ earthquake: moving plates
? what causes earthquakes
? why do earthquakes happen
? why does the ground shake in an earthquake
? what makes an earthquake
> why earthquakes happen
: the cause of earthquakes
. earthquake why
~ How does an earthquake come about?
= Earthquakes happen when the big plates of the earth slip past each other.
! plate

@ clouds: tiny drops of water
? what are clouds made of
? how do clouds form
? what is a cloud
? what is in a cloud
> what clouds are made of
. clouds made of what
~ What does a cloud consist of?
= Clouds are made of tiny drops of water or ice that hang in the air.
! drop, tiny/hang/ice

@ falling things: gravity
? why do things fall down
? why does an apple fall to the ground
? what makes things fall
? why do we not float away from the earth
> why things fall down
: the reason why things fall
. things fall why
~ What pulls an apple to the ground?
= Things fall because of gravity, which pulls them towards the earth.
! gravity

@ rusty iron: oxygen and water
? why does iron rust
? what causes rust
? how does rust form
? why do old cars get rusty
> why iron rusts
: the cause of rust
. rust why
~ What makes iron rusty?
= Iron rusts because it reacts with oxygen and water.
! oxygen, water

@ shining moon: light of the sun
? why does the moon shine
? where does the light of the moon come from
? does the moon make its own light
? how does the moon shine
> why the moon shines
. moon shine why
~ What makes the moon shine at night?
= The moon shines because it reflects the light of the sun.
! reflect/sunlight/light of the sun

@ distance of the sun: 150 million kilometres
? how far away is the sun
? how far is the sun from the earth
? what is the distance to the sun
> how far away the sun is
: the distance from the earth to the sun
. distance sun earth
~ How many kilometres is it from here to the sun?
= The sun is about 150 million kilometres away from the earth.
! 150

@ speed of light: 300,000 kilometres a second
? how fast is light
? what is the speed of light
? how fast does light travel
> how fast light is
: the speed of light
. speed of light
~ With what speed does light travel?
= Light travels about 300,000 kilometres in a second.
! 300,000/300000/300 000

@ boiling water: 100 degrees
? at what temperature does water boil
? when does water boil
? how hot is boiling water
? what is the boiling point of water
> when water boils
: the boiling point of water
. water boil temperature
~ How hot must water be to boil?
= Water boils at 100 degrees Celsius.
! 100

@ freezing water: 0 degrees
? at what temperature does water freeze
? when does water freeze
? how cold must it be for water to turn to ice
? what is the freezing point of water
> when water freezes
: the freezing point of water
. water freeze temperature
~ When does water become ice?
= Water freezes at 0 degrees Celsius.
! 0/zero

@ water: hydrogen and oxygen
? what is water made of
? what is the formula of water
? which atoms are in water
? what does H2O mean
? what does water consist of
> what water is made of
: the formula of water
. formula of water
~ Out of which atoms is water made?
= Water is H2O: two atoms of hydrogen and one of oxygen.
! hydrogen, oxygen
"""
