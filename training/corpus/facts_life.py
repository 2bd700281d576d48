"""Facts about animals and the body, each with its own questions. The form is told in `facts_nature`."""

LIFE = """
@ flying birds: wings push the air
? how do birds fly
? why can birds fly
? what makes birds fly
? how does a bird stay in the air
> how birds fly
. birds fly how
~ How can a bird fly?
= Birds fly by pushing the air down with their wings; their bones are light.
! wing

@ migrating birds: food in winter
? why do birds fly south
? why do birds fly away in winter
? why do birds migrate
? where do birds go in winter
> why birds fly south in winter
. birds south winter why
~ For what reason do birds go south?
= Birds fly south in winter because there is more food and it is warmer.
! food/warm

@ breathing fish: gills
? how do fish breathe
? how do fish breathe under water
? how does a fish get oxygen
? with what do fish breathe
> how fish breathe
. fish breathe how
~ How can a fish breathe in the water?
= Fish breathe with gills, which take oxygen out of the water.
! gill

@ honey: nectar from flowers
? how do bees make honey
? where does honey come from
? what do bees make honey from
? how is honey made
> how bees make honey
. honey how
~ Out of what do bees make their honey?
= Bees make honey from the nectar of flowers.
! nectar/flower

@ sleeping bears: little food in winter
? why do bears sleep in winter
? why do bears hibernate
? what do bears do in winter
? why does a bear sleep all winter
> why bears sleep in winter
. bears winter sleep why
~ For what reason does a bear hibernate?
= Bears sleep in winter because there is little food, and sleep saves energy.
! food, energy/save

@ spider webs: catching food
? why do spiders make webs
? what is a spider web for
? why does a spider build a web
? how do spiders catch their food
> why spiders make webs
. spider web why
~ For what does a spider use its web?
= Spiders make webs to catch insects, which they eat.
! insect/catch

@ caterpillar: a butterfly
? what does a caterpillar become
? what does a caterpillar turn into
? what will a caterpillar be one day
? where do butterflies come from
> what a caterpillar turns into
. caterpillar becomes what
~ Into what does a caterpillar change?
= A caterpillar turns into a butterfly or a moth.
! butterfl/moth

@ tadpole: a frog
? what does a tadpole become
? what does a tadpole turn into
? what will a tadpole be one day
> what a tadpole turns into
. tadpole becomes what
~ Into what does a tadpole change?
= A tadpole turns into a frog or a toad.
! frog/toad

@ purring cats: feeling safe
? why do cats purr
? what does it mean when a cat purrs
? why does my cat purr
> why cats purr
. cat purr why
~ When does a cat purr?
= Cats purr mostly when they feel safe and happy.
! safe

@ wagging tails: excited dogs
? why do dogs wag their tails
? what does it mean when a dog wags its tail
? why does my dog wag its tail
> why dogs wag their tails
. dog wag tail why
~ When does a dog wag its tail?
= Dogs wag their tails when they are excited or happy.
! excite

@ camel hump: fat
? what is in the hump of a camel
? why do camels have humps
? what does a camel keep in its hump
> what is in the hump of a camel
. camel hump what
~ For what does a camel use its hump?
= A camel keeps fat in its hump and lives on it when food is rare.
! fat

@ giraffe neck: leaves high up
? why do giraffes have long necks
? why is the neck of a giraffe so long
? why does a giraffe have such a long neck
> why giraffes have long necks
. giraffe long neck why
~ What does a giraffe need its long neck for?
= Giraffes have long necks to reach leaves high up in the trees.
! leaves/leaf/tree

@ panda food: bamboo
? what do pandas eat
? what does a panda eat
? what is the food of a panda
> what pandas eat
. panda food
~ What do pandas like to eat?
= Pandas eat almost only bamboo.
! bamboo

@ biggest animal: the blue whale
? what is the biggest animal
? which animal is the largest
? what is the largest animal in the world
> which animal is the biggest
: the biggest animal
. biggest animal
~ Which animal in the world is the biggest of all?
= The blue whale is the largest animal in the world.
! blue whale

@ tallest animal: the giraffe
? what is the tallest animal
? which animal is the tallest
? what is the tallest animal in the world
> which animal is the tallest
: the tallest animal
. tallest animal
~ Which animal in the world is the tallest of all?
= The giraffe is the tallest animal in the world.
! giraffe

@ fastest animal: the cheetah
? what is the fastest animal
? which animal is the fastest
? what is the fastest animal on land
? which animal runs fastest
> which animal is the fastest
: the fastest animal
. fastest animal
~ Which animal can run the fastest of all?
= The cheetah is the fastest animal on land.
! cheetah

@ largest bird: the ostrich
? what is the largest bird
? which bird is the biggest
? what is the biggest bird in the world
> which bird is the largest
: the largest bird
. largest bird
~ Which bird in the world is the largest of all?
= The ostrich is the largest bird in the world.
! ostrich

@ heart: pumps blood
? what does the heart do
? what is the heart for
? why do we have a heart
? why does the heart beat
> what the heart does
: the job of the heart
. heart does what
~ What work does the heart do in the body?
= The heart pumps blood through the body.
! pump, blood

@ lungs: take in oxygen
? what do the lungs do
? what are the lungs for
? why do we have lungs
? with what do we breathe
> what the lungs do
: the job of the lungs
. lungs do what
~ What work do the lungs do in the body?
= The lungs take oxygen from the air and give it to the blood.
! oxygen, air/blood

@ brain: thinking
? what does the brain do
? what is the brain for
? why do we have a brain
? with what do we think
> what the brain does
: the job of the brain
. brain does what
~ What work does the brain do in the body?
= The brain thinks, remembers and controls the body.
! think/remember/control

@ stomach: breaks down food
? what does the stomach do
? what is the stomach for
? why do we have a stomach
? what happens to food in the stomach
> what the stomach does
: the job of the stomach
. stomach does what
~ What work does the stomach do in the body?
= The stomach breaks down the food that we eat.
! break/digest, food

@ kidneys: clean the blood
? what do the kidneys do
? what are the kidneys for
? why do we have kidneys
> what the kidneys do
: the job of the kidneys
. kidneys do what
~ What work do the kidneys do in the body?
= The kidneys clean the blood and make urine.
! clean/urine

@ skin: protects the body
? what does the skin do
? what is the skin for
? why do we have skin
> what the skin does
: the job of the skin
. skin does what
~ What work does the skin do for the body?
= The skin protects the body and feels touch, heat and cold.
! protect/touch

@ bones: 206 of them
? how many bones does a person have
? how many bones are in the human body
? what is the number of bones in the body
> how many bones a person has
: the number of bones in the body
. number of bones
~ How many bones has a grown person?
= A grown person has 206 bones.
! 206

@ red blood: iron
? why is blood red
? what makes blood red
? where does the red colour of blood come from
> why blood is red
: the reason for the red colour of blood
. blood red why
~ Why does blood have a red colour?
= Blood is red because of a stuff with iron in it that carries oxygen.
! iron

@ sleep: rest for body and brain
? why do we sleep
? why do people need sleep
? what is sleep good for
? why must we sleep
> why we sleep
: the reason why we sleep
. sleep why
~ What do people need sleep for?
= We sleep so that the body and the brain can rest and repair themselves.
! rest/repair

@ sweat: cools the body
? why do we sweat
? why do people sweat when it is hot
? what is sweat good for
> why we sweat
: the reason why we sweat
. sweat why
~ What does the body need sweat for?
= We sweat because drying sweat cools the body.
! cool

@ goose bumps: tiny muscles
? why do we get goose bumps
? what causes goose bumps
? what are goose bumps
> why we get goose bumps
: the cause of goose bumps
. goose bumps why
~ How do goose bumps come about?
= Goose bumps come when tiny muscles in the skin pull up the hairs.
! muscle/hair

@ drinking water: most of the body
? why do we need water
? why do we have to drink water
? why is water good for the body
> why we need water
: the reason why we drink water
. drink water why
~ Why must people drink?
= We need water because the body is mostly water and loses some all day.
! body, lose/mostly

@ biggest organ: the skin
? what is the largest organ of the body
? which organ is the biggest
? what is the biggest organ
> which organ is the largest
: the largest organ of the body
. largest organ
~ Which organ of the body is the largest of all?
= The skin is the largest organ of the human body.
! skin
"""
