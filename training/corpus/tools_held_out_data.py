"""Tools, requests and results that are not in training."""

TOOLS = """
weatherNow spot:string - Look up the weather of a city
sky_report town:string - Tells the weather in a town
qorbel place:string - Get the current weather for a place
wx_forecast city:string date:string - Weather forecast of a city for a date
town_clock town:string - Get the time in a town
hour_in place:string - Current time of a place
post_mail receiver:string body:string - Send an email to someone
ping_friend friend:string text:string - Send a message to a friend
textMessage to:string words:string - Send a text message
ring_up person:string - Call someone by phone
morning_alarm time:string - Set an alarm
egg_timer minutes:integer - Start a timer for minutes
nudge what:string at:string - Remind the user of something
jot content:string - Save a note with a text
groceries item:string - Add something to the shopping list
diary_add name:string date:string - Add an event to the calendar
jukebox title:string - Play a song by title
loudness percent:integer - Set the volume in percent
lampSwitch room:string on:boolean - Switch the light in a room on or off
radiator room:string degrees:integer - Set the heating of a room
fly_booking from:string to:string - Book a flight
rail_finder start:string end:string - Find a train between cities
km_between a:string b:string - Distance between two cities
stay_booker city:string nights:integer - Book a hotel for some nights
cab_call to:string - Order a taxi
kitchen_order dish:string count:integer - Order food
ticker_price symbol:string - Get the stock price of a symbol
moneyChange amount:number from:string to:string - Convert money between currencies
netSearch query:string - Search the web for something
press topic:string - Get the news about a topic
babel text:string language:string - Translate a text into a language
headcount country:string - Get the population of a country
adder x:number y:number - Add two numbers
timesBy left:integer right:integer - Multiply two numbers
abacus expression:string - Calculate an expression
dice_range low:integer high:integer - Pick a random number
member_by_id id:integer - Get a user by id
dialbook name:string - Find the phone number of a person
parcel_state order:string - Get the status of an order
peek path:string - Read a file
shelf_view folder:string - List the files in a folder
shred path:string - Delete a file
twin source:string target:string - Copy a file
retag product:string price:number - Set the price of a product
get_horoscope sign:string - Get the horoscope for a star sign
find_recipe dish:string - Find a recipe for a dish
tide_table harbour:string - Get the tide in a harbour
book_table restaurant:string guests:integer - Book a table in a restaurant
water_garden garden:string litres:integer - Water a garden with some litres
define_word word:string - Get the definition of a word
air_quality city:string - Get the air quality of a city
hire_scooter station:string - Hire a scooter at a station
vote candidate:string - Vote for a candidate
sunset_in city:string - Get the sunset in a city
tune_radio frequency:number - Tune the radio to a frequency
mow_lawn lawn:string - Mow a lawn
spell_check sentence:string - Check the spelling of a sentence
rhyme word:string - Find a rhyme for a word
get_allergens dish:string - Get the allergens of a dish
feed_fish tank:string grams:integer - Feed the fish in a tank
wind_speed mast:string - Get the wind speed at a mast
blork_77 comet:string - Get the orbit of a comet
vintage wine:string - Get the vintage of a wine
knight_title knight:string - Get the armour of a knight
"""

CALLS = """
weatherNow | Any idea how the weather is over in Dresden? | weatherNow {"spot":"Dresden"}
sky_report, ring_up | I am going to Bologna, what is the weather there like? | sky_report {"town":"Bologna"}
qorbel, egg_timer | Weather for Tallinn today please | qorbel {"place":"Tallinn"}
adder, weatherNow, jot | How cold is it in Vilnius right now? | weatherNow {"spot":"Vilnius"}
wx_forecast, town_clock | Please get the weather forecast of Zagreb for Sunday
  | wx_forecast {"city":"Zagreb","date":"Sunday"}
wx_forecast | What is the forecast in Pune for 9 March? | wx_forecast {"city":"Pune","date":"9 March"}
town_clock, qorbel | What is the time right now in Osaka? | town_clock {"town":"Osaka"}
hour_in, jukebox, vote | I need the current time of Montreal | hour_in {"place":"Montreal"}
post_mail, ring_up | Email Helen and say the cake is ready | post_mail {"receiver":"Helen","body":"the cake is ready"}
post_mail | Write Robert an email saying come home now | post_mail {"receiver":"Robert","body":"come home now"}
ping_friend, weatherNow | Send my friend Camille a message saying good luck today
  | ping_friend {"friend":"Camille","text":"good luck today"}
textMessage, egg_timer, adder | Send Thomas this text message: the bus is late
  | textMessage {"to":"Thomas","words":"the bus is late"}
ring_up, groceries | Would you phone Pamela for me? | ring_up {"person":"Pamela"}
ring_up, post_mail | I have to call Gustav by phone | ring_up {"person":"Gustav"}
morning_alarm, jukebox | I have to wake up early, set an alarm at 5:15 | morning_alarm {"time":"5:15"}
morning_alarm | Could I have the alarm set for 6:45? | morning_alarm {"time":"6:45"}
egg_timer, press | Start me a timer for 28 minutes | egg_timer {"minutes":28}
egg_timer, morning_alarm, peek | The timer should be for 51 minutes | egg_timer {"minutes":51}
nudge, ring_up | Please remind me to water the quilt at 9:20 | nudge {"what":"water the quilt","at":"9:20"}
jot, ping_friend | Please save this note: wash the curtain | jot {"content":"wash the curtain"}
groceries, jukebox | We need olives, add them to the shopping list: olives | groceries {"item":"olives"}
groceries | Please add waffles to our shopping list | groceries {"item":"waffles"}
diary_add, peek | Add the event Summer Zolvard to my calendar for 17 June
  | diary_add {"name":"Summer Zolvard","date":"17 June"}
jukebox, lampSwitch | I would like to hear the song Ferrisol Night | jukebox {"title":"Ferrisol Night"}
jukebox, loudness, press | Please play the song called Velmara | jukebox {"title":"Velmara"}
loudness, lampSwitch | Volume at 74 percent please | loudness {"percent":74}
lampSwitch, radiator | Please turn on the light in the library room | lampSwitch {"room":"library room","on":true}
lampSwitch | The light in the porch should be off | lampSwitch {"room":"porch","on":false}
radiator, egg_timer | Please set the heating of the study to 28 degrees | radiator {"room":"study","degrees":28}
fly_booking, stay_booker | I want to book a flight from Seattle to Havana | fly_booking {"from":"Seattle","to":"Havana"}
fly_booking | Please find me a flight from Busan to Rabat | fly_booking {"from":"Busan","to":"Rabat"}
rail_finder, cab_call | Which train goes from Basel to Verona? | rail_finder {"start":"Basel","end":"Verona"}
km_between, town_clock | How many kilometres is it from Bern to Split? | km_between {"a":"Bern","b":"Split"}
stay_booker, press | I need a hotel in Salzburg for 4 nights | stay_booker {"city":"Salzburg","nights":4}
cab_call, jot | I need a taxi to Wellington | cab_call {"to":"Wellington"}
kitchen_order, vote | Please order 3 dumplings for us | kitchen_order {"dish":"dumplings","count":3}
ticker_price, adder | How much is the stock QVZX now? | ticker_price {"symbol":"QVZX"}
ticker_price, moneyChange | What's the price of the JWKT stock? | ticker_price {"symbol":"JWKT"}
moneyChange, timesBy | Please convert 143 GBP into NOK | moneyChange {"amount":143,"from":"GBP","to":"NOK"}
netSearch, peek | Search the web for wooden canoe | netSearch {"query":"wooden canoe"}
netSearch, press, babel | Please look on the web for hedgehog food | netSearch {"query":"hedgehog food"}
press, vote | What is in the news about pigeon racing? | press {"topic":"pigeon racing"}
babel, jot | Please translate "my backpack is wet" into Finnish
  | babel {"text":"my backpack is wet","language":"Finnish"}
headcount, km_between | How many people are living in Brelvonia? | headcount {"country":"Brelvonia"}
adder, jukebox | Please tell me what 97 plus 120 is | adder {"x":97,"y":120}
adder, weatherNow | Can you add the numbers 28 and 74? | adder {"x":28,"y":74}
timesBy, babel | Tell me what 51 times 28 is | timesBy {"left":51,"right":28}
abacus, ring_up | Please calculate this: 97 * 28 | abacus {"expression":"97 * 28"}
dice_range, jot | Pick me some random number from 5 to 74 | dice_range {"low":5,"high":74}
member_by_id, peek | Who is the user with id number 511? | member_by_id {"id":511}
member_by_id | Please look up the user 8101 by id | member_by_id {"id":8101}
dialbook, ping_friend | Which phone number does Stella have? | dialbook {"name":"Stella"}
parcel_state, shred | What is the status of my order KQV-8101? | parcel_state {"order":"KQV-8101"}
peek, shelf_view | Please read me the file whistle/melon.txt | peek {"path":"whistle/melon.txt"}
shelf_view, jot | Which files do I have in napkin/oven? | shelf_view {"folder":"napkin/oven"}
shred, babel | I don't need the file razor/plan.csv, delete it | shred {"path":"razor/plan.csv"}
twin, shred | Please copy the file urn.txt to visor.txt | twin {"source":"urn.txt","target":"visor.txt"}
retag, adder | The price of the trumpet should be 97 | retag {"product":"trumpet","price":97}
get_horoscope | What is the horoscope for Leo? | get_horoscope {"sign":"Leo"}
get_horoscope, weatherNow | Show me the horoscope for the star sign Virgo | get_horoscope {"sign":"Virgo"}
find_recipe, ring_up | Find me a recipe for lasagna | find_recipe {"dish":"lasagna"}
find_recipe, kitchen_order, jot | Do you have a recipe for risotto? | find_recipe {"dish":"risotto"}
tide_table, town_clock | How is the tide in the harbour of Malmo? | tide_table {"harbour":"Malmo"}
book_table, stay_booker | Book a table in the restaurant Olivetto for 4 guests
  | book_table {"restaurant":"Olivetto","guests":4}
water_garden, jukebox | Please water the garden Rosalind with 28 litres | water_garden {"garden":"Rosalind","litres":28}
define_word, babel | What is the definition of the word lantern? | define_word {"word":"lantern"}
air_quality, jot | How good is the air quality in Santiago? | air_quality {"city":"Santiago"}
hire_scooter, cab_call | I want to hire a scooter at the station Marwick | hire_scooter {"station":"Marwick"}
vote, loudness | Vote for Lorenzo | vote {"candidate":"Lorenzo"}
sunset_in, egg_timer | When is the sunset in Brisbane? | sunset_in {"city":"Brisbane"}
tune_radio, lampSwitch | Tune the radio to 97.4 | tune_radio {"frequency":97.4}
mow_lawn, shred | Mow the lawn Tarvello | mow_lawn {"lawn":"Tarvello"}
rhyme, jukebox | Find a rhyme for anchor | rhyme {"word":"anchor"}
get_allergens, headcount | Get the allergens of risotto | get_allergens {"dish":"risotto"}
feed_fish, egg_timer | Feed the fish in the tank Korvina with 5 grams | feed_fish {"tank":"Korvina","grams":5}
wind_speed, km_between | What is the wind speed at the mast Quillon? | wind_speed {"mast":"Quillon"}
blork_77, press, vote | Which orbit does the comet Hadrovel have? | blork_77 {"comet":"Hadrovel"}
vintage, retag | Tell me the vintage of the wine Castorelle | vintage {"wine":"Castorelle"}
knight_title, vintage | What is the armour of the knight Percival? | knight_title {"knight":"Percival"}
"""
"""The tools on offer (the right one is not always first there: the list is turned), the request, and the call."""

ANSWERS = """
weatherNow | How is the weather over in Utrecht? | weatherNow {"spot":"Utrecht"}
  | {"temperature": 28, "condition": "stormy"} | Utrecht, 28, stormy
weatherNow | Is it warm in Tunis today? | weatherNow {"spot":"Tunis"} | {"temp":28} | 28, Tunis
sky_report, jot | Weather in Riga please | sky_report {"town":"Riga"} | 5 degrees, windy | 5, windy
qorbel | Please tell me about the weather in Pune | qorbel {"place":"Pune"} | {"sky": "drizzly"} | drizzly
wx_forecast | How will it be in Bern on Friday? | wx_forecast {"city":"Bern","date":"Friday"}
  | {"forecast": "snowy"} | snowy, Bern
town_clock | What time do they have in Seattle? | town_clock {"town":"Seattle"} | {"time": "13:47"} | 13:47, Seattle
hour_in | Time of Kyoto? | hour_in {"place":"Kyoto"} | 22:08 | 22:08
post_mail | Email Walter that lunch is ready | post_mail {"receiver":"Walter","body":"lunch is ready"}
  | {"status": "sent"} | Walter
ping_friend | Message my friend Mona: hi | ping_friend {"friend":"Mona","text":"hi"} | {"status":"ok"} | Mona
ring_up | Phone Niels please now | ring_up {"person":"Niels"} | {"status": "done"} | Niels
morning_alarm | Alarm tomorrow at 5:35 | morning_alarm {"time":"5:35"} | {"status": "saved"} | 5:35
egg_timer | Timer, 74 minutes, go | egg_timer {"minutes":74} | {"status": "ok"} | 74
groceries | Put mangoes on our shopping list | groceries {"item":"mangoes"} | Added. | mangoes
jukebox | I want the song Corvelline | jukebox {"title":"Corvelline"} | {"artist": "Desmera"} | Corvelline, Desmera
lampSwitch | Light off in the larder please | lampSwitch {"room":"larder","on":false} | {"status": "ok"} | larder, off
fly_booking | A flight from Pune to Bern, please | fly_booking {"from":"Pune","to":"Bern"} | {"flight": "KX511"} | KX511
rail_finder | The next train from Basel to Riga? | rail_finder {"start":"Basel","end":"Riga"}
  | {"departure": "17:26"} | 17:26
km_between | The distance from Bern to Brno please | km_between {"a":"Bern","b":"Brno"} | {"distance": 741} | 741
cab_call | Please a taxi to Dakar | cab_call {"to":"Dakar"} | {"minutes": 28} | 28
ticker_price | The share price of VHQR please | ticker_price {"symbol":"VHQR"} | {"price": 511.6} | 511.6, VHQR
moneyChange | 74 CHF in PLN please | moneyChange {"amount":74,"from":"CHF","to":"PLN"} | {"result": 327.2} | 327.2, PLN
headcount | How many live in Osterland? | headcount {"country":"Osterland"} | {"population": 8101} | 8101, Osterland
babel | How would you say lantern in Polish? | babel {"text":"lantern","language":"Polish"}
  | {"translation": "latarnia"} | latarnia
adder | 97 and 28 together? | adder {"x":97,"y":28} | {"result": 125} | 125
timesBy | The product of 28 and 74? | timesBy {"left":28,"right":74} | 2072 | 2072
abacus | Please compute 511 - 97 | abacus {"expression":"511 - 97"} | {"value": 414} | 414
member_by_id | Which user is number 741? | member_by_id {"id":741} | {"name": "Jasmine", "city": "Bilbao"}
  | Jasmine, Bilbao
member_by_id, jot | Name of the user 948? | member_by_id {"id":948} | Ursula | Ursula
dialbook | I need the phone number of Esther | dialbook {"name":"Esther"} | {"phone": "828-5174"} | 828-5174, Esther
shelf_view | Show me all files of funnel | shelf_view {"folder":"funnel"} | {"files": ["easel.txt", "globe.csv"]}
  | easel.txt, globe.csv
shred | File mop.txt, delete it please | shred {"path":"mop.txt"} | {"status": "ok"} | mop.txt
get_horoscope | Horoscope of Leo? | get_horoscope {"sign":"Leo"} | {"horoscope": "lucky"} | lucky
define_word | Definition of paddle please? | define_word {"word":"paddle"} | {"definition": "oar"} | oar
air_quality | How is the air quality over in Bern? | air_quality {"city":"Bern"} | {"air_quality": "poor"} | poor
sunset_in | When does the sunset come in Pune? | sunset_in {"city":"Pune"} | {"sunset": "19:52"} | 19:52
wind_speed | Wind speed of mast Turvo? | wind_speed {"mast":"Turvo"} | {"wind_speed": 74} | 74
vintage | Vintage of Castorelle? | vintage {"wine":"Castorelle"} | {"vintage": 1959} | 1959
weatherNow | The weather of Havana, please | weatherNow {"spot":"Havana"} | {"error": "unknown city"} | error
"""
"""The tools, the request, the call made, its result, and what the answer has to name (`/` between alternatives)."""

PLAIN = """
weatherNow, jukebox | Hello tiny, good morning | hello/good morning/hi
egg_timer | Hi, nice to see you! | hello/hi
adder, post_mail | Many thanks, that was great | welcome
peek | Thanks a lot for this, tiny! | welcome
vote, lampSwitch, rhyme | Now tell me who you are, please | tiny
netSearch | May I know your name? | tiny
ring_up, jot | How do you feel today? | fine/well/good
get_horoscope | Hello my friend, how are you now? | fine/well/good/hello
find_recipe, shred | Good bye, tiny! | bye
kitchen_order | Bye, see you tomorrow | bye/see you
weatherNow | Hello, I am called Quentin | quentin
groceries, dialbook | My name is Nadia, hello! | nadia
jot, cab_call | Good night, tiny | good night/bye
ticker_price | Hey hey tiny | hello/hi
loudness, babel, twin | Thank you so much, you helped me | welcome
"""
"""The tools on offer, what is said, and one of what the answer has to name."""
