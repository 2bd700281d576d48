"""Words that invented tools are about: English ones of every kind, and some that mean nothing.

Tools that are held out use others.
"""

from random import Random

from training.corpus.pieces import pieced
from training.corpus.words import made_up, random_string, spliced

WORDS = tuple(
    """
accept actor adapt adapter adjust admire admit adopt advice advise aim airport alert alley allow altar amend amount
amuse anthem apply apron arch archive argue arrange arrest arrive arrow artwork ask asset atlas attach attack attempt
attend auction audit aunt author autumn avenue avoid award axis backup badge bake balance balcony ban banner bargain
bark barn barrier basin batch bath bathe battle bay beam bean beard beast beat beg behave believe bench bend berry bet
bid bike birth biscuit blade blanket blaze blend bless blink block bloom blow board boil bolt bond bone booth border
borrow bottle bounce bow bowl brag brake branch brass bread break breathe breed breeze brick bridge bring broadcast
brook browse brush bubble bucket budget bug build bundle bunker burden burger burn bury bush butter cabin cable cage
calendar calm camp canal canvas cap cape captain cargo carriage carry cart carve cast catch cattle cause cave ceiling
celebrate cell cement chain chalk challenge channel chapel chapter charm chart chase cheat cheer chest chew chief
chimney chip choir choose chop circle circus claim clamp class clay cliff climate climb cling cloak cloth clown club
coach coal coast code coil collect colony column comb combine comfort command compare compete complain compose concert
confess confirm connect consider consult contain contest continue contract cook copper coral corn corner cottage
cotton cough council counter county couple course court cousin crack cradle crane crash crate crawl cream creek crew
crop cross crowd crown crush cry crystal cube culture cure curl curve cushion custom cut dam dance dare dawn deal
debate decide deck decorate deer defend delay delight deliver demand deny depend depot describe desert deserve design
destroy detail detect develop device diagram dial diamond diary diet dig dinner direct discover discuss disk ditch
dive divide dock dome donate dose doubt draft drag dragon drain drama draw drawer dream dress drill drink drop drum
dry duty eagle earn earth eat echo edge effect elbow elect element embark emit empire employ encourage engine enjoy
enter erase error escape essay estate event exam examine exhibit exist expand expect expert explain explore export
express extend fabric face fact fade fail fair faith fall family farm fashion fasten fear feast feather fence ferry
fetch fever fiber fight figure film filter finger fire fit flame flap flash flavour fleet flight float flood flour
flow fluid fly foam fog fold font forbid force forge forget forgive fork fort fossil fountain frame freeze freight
fridge frighten frost fruit fuel fund fungus funnel garage gas gather gauge gaze gear gem generate genre ghost giant
gift glacier glide globe glove glue goal grab grade grain grammar grant grape graph grass gravel greet grid grill
grind grip groan group grow growl guard guest guide guild gulf habit hail hall hammer handle hang happen harm harvest
hatch haunt haze heal heap hear heat hedge heel height help herb herd hero hide hill hinge hint hit hive hobby hold
hole holiday honey hood hook hop hope horizon horn hose host hour hover hug hum hunt hurry hut ice icon idea identify
ignore image imagine impress improve include income index inform inject injure insect inspect inspire install insult
intend invent invite invoice iron island itch ivory jacket jail jam jelly jet jewel jog join joint joke journal
journey judge juice jump jungle junk jury justify keep kernel kick kill kingdom kiss kit knee kneel knit knock knot
label labour ladder lake lane lantern laser latch laugh launch lava lay layer lead leaf league leak learn leather
leave lecture ledge lemon lend lens lesson level lever licence lick lid lie lift lighten limb limit line link lion
liquid list listen live liver load loaf loan lobby lodge log look loop lose lot love luggage lunch lung lyric magazine
maid mail maintain manage mantle maple marble march margin market mask match meadow meal measure medal melody melon
melt member mend mention menu merger mesh metal meter milk mill mine mineral minute mission mist mix mixture moan mode
module moment monk motor mould mount mourn mud multiply murmur muscle myth nag nail nation neck nerve nest net niece
nod noise north nose notice novel number nurse oak oasis oat obey object observe obtain occur ocean offend offer oil
onion opera option orchard organ origin oven own oyster pack paddle page pain palace palm panel pant paper parade
parent parish part party pass past paste pat patch path pattern pause peak pear pearl peck pedal peel peer pen pepper
perform period permit phase phrase piece pier pile pill pillar pin pinch pine pipe pit pitch plan plank plant plaster
plate plead please plot plug plum poem poet point poke pole policy polish pond pool pop porch port possess post pot
potato pottery pouch pour powder practise praise pray prayer preach predict prefer prepare present preserve press
pretend prevent prick prison prize probe process produce promise proof protect prove proverb provide pulse pump punch
puncture punish pupil push puzzle quarry quest question queue quiz quote race rack raft rail ramp ranch range rank
rate ray reach realise rebuild receive recite recognise record reduce reef reflect refuse region regret rehearse
reject rejoice relax relay release relic rely remain remedy rent repeat replace reply request rescue resin rest retire
return reveal reward rhythm ribbon rice ridge rifle ring rinse ripen risk ritual roast rob robe rock rod roll roof
root rope rose rotate route row rub rug ruin rule rumour rush sack safe sail saint salad sale salt sample sand
satellite satisfy sauce save scale scan scarf scatter scene scent scheme scold scope scorch scrape scratch scream
screen screw script scrub sculpture sea seal search season seat section seed segment separate sequel series sermon
serve settle shade shaft shape share shave shed sheet shell shelter shield shift shine shiver shock shop shore shout
shower shrine shrub shrug shut sigh silk sing sink site sketch skill skin skip skirt slab slap sleep sleeve slice slip
slope slow smash smell smile smoke smooth snack snatch sneeze sniff snore snow soak soap socket soften soil soldier
solve soothe sort soup south spark sparkle speech sphere spice spider spike spill spin spine spirit split spoil sponge
spot spray spread spring sprout squad square squash squeak squeal squeeze stack stadium staff stage stain stair stamp
stand staple stare starve statue stay steam steel steer stem step stew stick stir stitch stone stool stop store storm
story stove strap straw stream strengthen stretch strip stripe stroke studio stuff style subject subtract succeed suck
suffer suggest suit summit sun support suppose surface surgery surprise surround survey suspect suspend swamp swan
swear sweat sweep sweet swell swim swing switch sword symptom syrup system tail tale tame tangle tap tape target task
taste tease telephone temple tempt tenant term terrify test thank thaw thread threat throne thumb tickle tie tile
timber time tin tip tissue toast tongue tool tooth topic torch toss touch tour tow towel tower toy trace track trade
trail train transport trap travel tray treat treaty tremble trend trial tribe trick trip troop trot trouble trunk
trust truth tube tug tumble tunnel turn twist type tyre uncle undress unfasten uniform union unit unite unlock unpack
untidy use valley van vanish vapour vase vault vein velvet venue verb verse vessel vest veteran victim view villa
village vine virus visit voice volcano voyage wage wail waist wait walk wall wander want wardrobe warm warn warning
waste wave wax wealth weapon weave weed weigh welcome wheat wheel whine whip whirl whisper whistle width wife wing
wink winner wipe wire wish witness wobble wolf wonder wood wool worry wound wrap wreck wrestle wrist yard yarn yawn
yeast yell zip zone zoom
""".split()
)


def other_word(rng: Random) -> str:
    """Return a word that any tool may be about: an English one, or one that means nothing."""
    form = rng.random()
    if form < 0.4:
        return rng.choice(WORDS)
    if form < 0.55:
        return spliced(rng)
    return pieced(rng) if form < 0.8 else made_up(rng) if form < 0.93 else random_string(rng)
