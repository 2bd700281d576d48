"""Kinds of tools in training: each with its names, descriptions, parameters, requests and results.

A block is a kind. `with` is a parameter: its names, its JSON type, and the kind of its values; `do`, `ask` and `short`
are requests (orders, questions and keywords) with the arguments' slots, where an argument that a request leaves out
is left out of the call; `gives` is a result: its keys, each with a kind of values, then the result as plain text, then
the answer.
"""

from training.corpus.tools_kinds import read_kinds

_EVERYDAY = """
names: get_weather | weather | current_weather | fetchWeather | weather_lookup | check_weather | getCurrentWeather
about: Get the current weather in a city | Get the weather for a city | Show the weather in a place | Current weather
with: city/location/place/town/where string city
do: check the weather in {0} | get the weather for {0} | show me the weather in {0} | look up the weather in {0}
  | tell me the weather in {0} | find out how the weather is in {0}
ask: what is the weather in {0} | how is the weather in {0} | what's the weather like in {0} | is it sunny in {0}
  | is it raining in {0} | will it rain in {0} | is it cold in {0} | what is the weather like in {0} today
  | do I need an umbrella in {0} | how warm is it in {0}
short: weather {0} | weather in {0} | {0} weather | current weather {0} | weather for {0}
gives: temperature/temp degrees, condition/sky/weather sky => {r0} degrees, {r1} => It is {r0} degrees and {r1} in {0}.
gives: condition/weather sky, temperature degrees => {r0}, {r1} degrees => It is {r1} degrees and {r0} in {0}.
gives: temperature/temp/degrees/temperature_c degrees => {r0} degrees => It is {r0} degrees in {0}.
gives: weather/condition/forecast sky => {r0} => It is {r0} in {0}.

names: get_forecast | forecast | weather_forecast | fetch_forecast | getForecast
about: Get the weather forecast for a city and day | Weather forecast for a day in a city | Forecast the weather
with: city/location/place/town string city
with: day/date/when string date
do: get the forecast for {0} on {1} | show me the weather forecast for {0} on {1}
  | forecast the weather in {0} for {1}
ask: what will the weather be in {0} on {1} | what is the forecast for {0} on {1}
  | how will the weather be in {0} on {1} | will it rain in {0} on {1}
short: forecast {0} {1} | weather forecast for {0} on {1} | {0} forecast for {1}
gives: forecast/weather/condition sky => {r0} => It will be {r0} in {0} on {1}.
gives: temperature/high degrees, sky sky => {r0} and {r1} => It will be {r0} degrees and {r1} in {0} on {1}.

names: get_time | current_time | time_in | world_clock | getTime | local_time | clock
about: Get the current time in a city | Tell the local time in a city | What time it is in a city
with: city/place/location/zone/town string city
do: tell me the time in {0} | get the current time in {0} | check what time it is in {0}
  | give me the local time in {0}
ask: what time is it in {0} | what is the time in {0} | what's the time in {0} now | what is the local time in {0}
  | how late is it in {0} | do you know the time in {0}
short: time in {0} | time {0} | {0} time | current time {0} | local time {0}
gives: time/local_time/now/current_time time => {r0} => It is {r0} in {0}.
gives: time/clock time, day/date date => {r0}, {r1} => It is {r0} on {r1} in {0}.

names: send_email | email | mail_send | sendEmail | write_email | send_mail
about: Send an email to a person | Send an email | Write an email to someone
with: to/recipient/person/address string name
with: text/body/message/content string message
do: send an email to {0} saying {1} | email {0}: {1} | write an email to {0} that says {1}
  | send {0} an email with the text {1} | mail {0} that {1} | send {0} the email "{1}" | write to {0} by email: {1}
  | send an email to {0} with "{1}"
short: email to {0}: {1} | email {0} {1} | mail {0}: {1}
gives: status/result/state done => Email sent. => I sent the email to {0}.
gives: sent/ok true => sent => I sent the email to {0}.

names: send_message | message | text_person | sendMessage | send_text | send_sms
about: Send a message to a person | Send a text message to someone | Message a person
with: to/person/name/recipient/contact string name
with: text/message/content/body string message
do: send a message to {0} saying {1} | message {0}: {1} | tell {0} that {1} | send {0} a message: {1}
  | text {0} that {1} | write a message to {0}: {1} | let {0} know that {1} | send {0} the message "{1}"
  | text "{1}" to {0} | send "{1}" to {0}
short: message to {0}: {1} | message {0} {1} | text to {0}: {1}
gives: status/result/state done => Message sent. => I sent the message to {0}.
gives: id/message_id id => message {r0} => I sent the message to {0} with the id {r0}.

names: call_person | phone_call | make_call | dial | start_call | callContact
about: Call a person by phone | Make a phone call to someone | Phone a person
with: name/person/contact/who string name
do: call {0} | phone {0} | make a call to {0} | ring {0} | call my friend {0} | make a phone call to {0}
  | start a call with {0} | give {0} a call
ask: can I talk to {0} on the phone | can you get {0} on the phone
short: call {0} | phone call {0} | phone {0}
gives: status/result done => Calling. => I am calling {0}.

names: set_alarm | alarm | wake_me | create_alarm | setAlarm | add_alarm
about: Set an alarm for a time | Set an alarm clock | Wake the user at a time
with: time/at/when/clock string time
do: set an alarm for {0} | wake me at {0} | set the alarm to {0} | wake me up at {0} | make an alarm for {0}
  | set my alarm clock to {0} | add an alarm at {0}
ask: can I have an alarm at {0} | could I get an alarm for {0}
short: alarm {0} | alarm at {0} | alarm for {0} | wake up {0}
gives: status/result/state done => Alarm set. => The alarm is set for {0}.
gives: alarm_id/id id => alarm {r0} => The alarm is set for {0} with the id {r0}.

names: set_timer | timer | start_timer | startTimer | countdown | kitchen_timer
about: Set a timer for some minutes | Start a timer | Start a countdown of minutes
with: minutes/duration/length/mins integer small
do: set a timer for {0} minutes | start a timer of {0} minutes | time {0} minutes | start a countdown of {0} minutes
  | set the timer to {0} minutes | set a {0} minute timer | count down {0} minutes | let me know in {0} minutes
ask: can I have a timer for {0} minutes | can I get a {0} minute timer
short: timer {0} minutes | {0} minute timer | timer {0} min | {0} minutes timer
gives: status/result/state done => Timer started. => The timer is set for {0} minutes.
gives: ends_at/end/until time => ends at {r0} => The timer for {0} minutes ends at {r0}.

names: add_reminder | set_reminder | remind | remind_me | createReminder | new_reminder
about: Remind the user of something at a time | Set a reminder for a time | Add a reminder
with: text/task/what/about string message
with: time/when/at/date string time
do: remind me at {1} to {0} | remind me at {1}: {0} | set a reminder for {1}: {0} | add a reminder at {1}: {0}
  | make a reminder for {1} that says {0} | remind me of "{0}" at {1} | set a reminder "{0}" for {1}
ask: can I get a reminder at {1}: {0}
short: reminder {1}: {0} | reminder at {1} {0} | remind me {1} {0}
gives: status/result done => Reminder saved. => I will remind you at {1}.

names: create_note | add_note | note | write_note | saveNote | new_note | take_note
about: Create a note with a text | Write a note | Save a note | Take a note
with: text/content/note/body string message
do: create a note: {0} | make a note that says {0} | note down: {0} | write a note with the text {0}
  | save a note: {0} | take a note: {0} | add the note "{0}" | write down "{0}" | put in my notes: {0}
short: note: {0} | new note {0} | note {0}
gives: status/result done => Note saved. => I saved the note.
gives: note_id/id id => note {r0} => I saved the note with the id {r0}.

names: add_to_list | shopping_list | add_item | addToCart | list_add | put_on_list
about: Add an item to the shopping list | Put something on the shopping list | Add to the list of things to buy
with: item/product/thing/what string food
do: add {0} to the shopping list | put {0} on my list | put {0} on the shopping list | add {0} to my list
  | write {0} on the list | add {0} to the things to buy
ask: can I have {0} on the shopping list | can {0} go on the list
short: shopping list: {0} | list add {0} | add {0}
gives: status/result done => Added. => I added {0} to the list.
gives: items/count/total few => {r0} items => I added {0} to the list, which has {r0} items now.

names: add_event | create_event | calendar_add | newEvent | schedule_event | book_meeting
about: Add an event to the calendar | Put an event in the calendar on a day | Create a calendar event
with: title/event/name/what string title
with: date/day/when string date
do: add {0} to my calendar on {1} | put the event {0} in the calendar for {1} | create an event called {0} on {1}
  | schedule {0} for {1} | plan the event {0} on {1} | add the event {0} on {1}
ask: can I have {0} in my calendar on {1}
short: event {0} on {1} | calendar: {0}, {1} | new event {0} {1}
gives: status/result done => Event added. => I added {0} on {1} to the calendar.
gives: event_id/id id => event {r0} => I added {0} on {1} with the id {r0}.

names: get_events | calendar | list_events | my_day | getCalendar | events_on
about: List the events on a day | Show the calendar of a day | Get the events in the calendar
with: date/day/when string date
do: show my calendar for {0} | list my events on {0} | tell me the events on {0} | read my calendar of {0}
  | show the events of {0}
ask: what is in my calendar on {0} | what events do I have on {0} | what do I have to do on {0} | am I busy on {0}
  | which events are on {0}
short: events {0} | calendar {0} | events on {0}
gives: events/items/titles titles => {r0} => The events on {0} are {r0}.
gives: count/number/events few => {r0} events => You have {r0} events on {0}.

names: play_song | play_music | player | playSong | music | start_song
about: Play a song | Play music by its title | Play a song by its name
with: title/song/name/track string title
do: play {0} | play the song {0} | put on {0} | start the song {0} | play me {0} | let me hear {0}
  | play the music {0} | play the track {0}
ask: can I hear {0} | can I hear the song {0}
short: song {0} | play {0} | music: {0}
gives: status/state done => Playing. => I am playing {0}.
gives: artist/by/singer name => by {r0} => I am playing {0} by {r0}.

names: set_volume | volume | change_volume | setVolume | sound_level | adjust_volume
about: Set the volume of the sound | Change the volume to a level | Set how loud the sound is
with: level/volume/percent/value integer percent
do: set the volume to {0} | change the volume to {0} percent | turn the volume to {0} | make the sound level {0}
  | put the volume at {0} percent | set the sound to {0}
ask: can the volume be {0} percent | can you make the volume {0}
short: volume {0} | volume {0} percent | sound {0}
gives: volume/level/status done => Volume set. => The volume is set to {0}.

names: set_light | switch_light | light | lights | toggle_light | setLamp | lamp_control
about: Turn the light in a room on or off | Switch the light of a room | Control the light in a room
with: room/place/where/location string room
with: on/power/state/enabled boolean switch
do: turn the light in the {0} {1} | switch {1} the light in the {0} | turn {1} the light in the {0}
  | turn {1} the {0} light | switch the {0} light {1} | put the light {1} in the {0} | turn the {0} lights {1}
ask: can the light in the {0} be {1} | can I have the {0} light {1}
short: {0} light {1} | light {1} {0} | lights {1} in the {0}
gives: status/result done => Light switched. => The light in the {0} is {1}.

names: set_heating | heating | thermostat | set_temperature | setThermostat | warm_room
about: Set the temperature of a room | Set the heating in a room to some degrees | Heat a room
with: room/place/where string room
with: degrees/temperature/target/celsius integer small
do: set the heating in the {0} to {1} degrees | heat the {0} to {1} degrees | set the temperature in the {0} to {1}
  | make the {0} {1} degrees warm | set the {0} to {1} degrees
ask: can the {0} be {1} degrees | can we have {1} degrees in the {0}
short: heating {0} {1} | {0} {1} degrees | temperature {0} {1}
gives: status/result done => Heating set. => The {0} is set to {1} degrees.
"""

_WORLD = """
names: book_flight | flight | flight_booking | bookFlight | reserve_flight | buy_flight
about: Book a flight from a city to a city | Book a plane ticket | Reserve a flight between cities
with: from/origin/start/departure string city
with: to/destination/arrival/target string city
do: book a flight from {0} to {1} | book me a flight to {1} from {0} | reserve a flight from {0} to {1}
  | buy a plane ticket from {0} to {1} | get me a flight from {0} to {1} | fly me from {0} to {1}
ask: can I get a flight from {0} to {1} | is there a flight from {0} to {1}
short: flight {0} to {1} | flight from {0} to {1} | {0} to {1} flight
gives: flight/number/code code => flight {r0} => I booked flight {r0} from {0} to {1}.
gives: price/cost id => {r0} => The flight from {0} to {1} costs {r0}.
gives: status/result done => Flight booked. => I booked the flight from {0} to {1}.

names: find_train | train_times | next_train | trainSearch | trains | get_train
about: Find the next train between two cities | Get train times from a city to a city | Search a train
with: from/start/origin string city
with: to/end/destination string city
do: find a train from {0} to {1} | show me the next train from {0} to {1} | look up trains from {0} to {1}
  | search a train to {1} from {0}
ask: when is the next train from {0} to {1} | when does the train go from {0} to {1}
  | is there a train from {0} to {1} | which train goes to {1} from {0}
short: train {0} {1} | train {0} to {1} | next train from {0} to {1}
gives: departure/time/leaves time => {r0} => The train from {0} to {1} leaves at {r0}.
gives: time time, platform few => {r0}, platform {r1} => The train to {1} leaves at {r0} from platform {r1}.

names: get_distance | distance | route_length | distanceBetween | how_far | measure_distance
about: Get the distance between two cities | How far it is from a city to a city | Distance between places
with: from/start/a/first string city
with: to/end/b/second string city
do: get the distance from {0} to {1} | tell me how far it is from {0} to {1}
  | measure the distance between {0} and {1} | find the distance between {0} and {1}
ask: how far is it from {0} to {1} | what is the distance between {0} and {1}
  | how many kilometres are between {0} and {1} | how far is {1} from {0}
short: distance {0} {1} | distance {0} to {1} | distance between {0} and {1}
gives: distance/km/kilometres id => {r0} km => It is {r0} kilometres from {0} to {1}.

names: book_hotel | hotel | reserve_room | hotelBooking | hotel_room | find_hotel
about: Book a hotel in a city for some nights | Reserve a hotel room | Book a room in a hotel
with: city/place/location string city
with: nights/days/duration integer few
do: book a hotel in {0} for {1} nights | reserve a room in {0} for {1} nights | get me a hotel in {0} for {1} nights
  | book {1} nights in a hotel in {0} | find a hotel in {0} for {1} nights
ask: can I get a hotel in {0} for {1} nights | can I stay in {0} for {1} nights
short: hotel {0} {1} nights | hotel in {0}, {1} nights | {1} nights in {0}
gives: hotel/name title => {r0} => I booked the hotel {r0} in {0} for {1} nights.
gives: status/result done => Room booked. => I booked a hotel in {0} for {1} nights.

names: call_taxi | taxi | order_taxi | taxiRide | get_ride | book_taxi
about: Order a taxi to a place | Call a taxi | Book a ride to a place
with: to/destination/place/where string city
do: call a taxi to {0} | order a taxi to {0} | get me a taxi to {0} | book a ride to {0}
  | book a taxi that goes to {0} | send a taxi that takes me to {0}
ask: can I get a taxi to {0} | can a taxi take me to {0}
short: taxi {0} | taxi to {0} | ride to {0}
gives: minutes/arrives_in/wait small => {r0} minutes => The taxi to {0} comes in {r0} minutes.
gives: status/result done => Taxi ordered. => I ordered a taxi to {0}.

names: order_food | food_order | deliver_food | orderMeal | meal | buy_food
about: Order food | Order a meal for delivery | Order a number of dishes
with: dish/food/item/meal string food
with: count/amount/quantity/number integer few
do: order {1} {0} | get me {1} {0} | order {0} for {1} people | order {1} times {0} | buy {1} {0} to eat
  | have {1} {0} delivered
ask: can I get {1} {0} | can I order {1} {0} | could we have {1} {0}
short: {1} {0} | food: {1} {0} | order {1} {0}
gives: price/total/cost small => {r0} => The order of {1} {0} costs {r0}.
gives: status/state done => Ordered. => I ordered {1} {0}.
gives: minutes/time small => {r0} minutes => The {1} {0} will come in {r0} minutes.

names: get_stock_price | stock_price | stock | quote | getStock | share_price
about: Get the price of a stock | Get the share price by symbol | Look up a stock price
with: symbol/ticker/stock/code string symbol
do: get the stock price of {0} | look up the price of {0} stock | check the share price of {0}
  | show me the stock {0} | tell me the price of the stock {0}
ask: what is the stock price of {0} | how is the {0} stock | how much is a share of {0}
  | what does the stock {0} cost | what is {0} trading at
short: stock {0} | {0} stock price | share price {0} | stock price {0}
gives: price/value/quote number => {r0} => The stock price of {0} is {r0}.
gives: price/last number, currency/unit currency => {r0} {r1} => The stock price of {0} is {r0} {r1}.

names: convert_currency | currency | exchange | convertMoney | money_converter | exchange_money
about: Convert an amount of money to another currency | Convert currency | Change money to a currency
with: amount/value/sum/money number number
with: from/source/base/have string currency
with: to/target/want/into string currency
do: convert {0} {1} to {2} | change {0} {1} into {2} | exchange {0} {1} to {2} | turn {0} {1} into {2}
  | convert {0} {1} into {2}
ask: how much is {0} {1} in {2} | what is {0} {1} in {2} | how many {2} are {0} {1}
  | how many {2} do I get for {0} {1}
short: {0} {1} in {2} | {0} {1} to {2} | {0} {1} into {2}
gives: result/amount/converted/value number => {r0} => {0} {1} is {r0} {2}.

names: web_search | search | search_web | searchWeb | find_online | look_up
about: Search the web | Search the internet for something | Find web pages about a topic
with: query/q/text/topic/terms string topic
do: search the web for {0} | search for {0} | look up {0} on the internet | find web pages about {0}
  | search the internet for {0} | find something about {0} online | look for {0} on the web
ask: what is on the web about {0} | what can you find about {0}
short: search {0} | web search: {0} | search: {0}
gives: title/page/top title => {r0} => The first result for {0} is {r0}.
gives: results/pages titles => {r0} => I found {r0}.
gives: count/hits/results id => {r0} results => I found {r0} results for {0}.

names: get_news | news | headlines | latest_news | getNews | read_news
about: Get the latest news about a topic | Read the news | Get news headlines on a topic
with: topic/about/subject string topic
do: get the news about {0} | read me the news about {0} | show the latest news on {0} | tell me the news about {0}
ask: what is the news about {0} | is there news about {0} | what are the headlines on {0} | what is new about {0}
short: news {0} | latest news {0} | news about {0}
gives: headline/title/news title => {r0} => The news about {0} is: {r0}.
gives: headlines/items titles => {r0} => The headlines about {0} are {r0}.

names: translate | translate_text | translation | translateTo | translator
about: Translate a text to a language | Translate words into another language | Translate text
with: text/words/phrase/input string message
with: language/to/target/lang string language
do: translate {0} to {1} | translate "{0}" into {1} | say "{0}" in {1} | put "{0}" into {1}
  | turn the text "{0}" into {1} | translate the words {0} to {1}
ask: how do you say "{0}" in {1} | what is "{0}" in {1} | what does "{0}" mean in {1}
short: translate {0} {1} | {0} in {1} | "{0}" to {1}
gives: translation/text/result word => {r0} => In {1} that is "{r0}".

names: find_place | places | nearby | findNearby | find_shop | place_search
about: Find a shop or place in a city | Search for places of a kind in a city | Find places
with: kind/type/what string job
with: city/in/near string city
do: find a {0} in {1} | look for a {0} in {1} | search for a {0} in {1} | show me a {0} in {1}
  | find me a good {0} in {1}
ask: where is a {0} in {1} | is there a {0} in {1} | where can I find a {0} in {1}
short: {0} in {1} | {0} {1} | {0} near {1}
gives: name/place title => {r0} => I found {r0} in {1}.
gives: count/results few => {r0} results => I found {r0} places in {1}.

names: get_population | population | city_population | countPeople | inhabitants
about: Get the population of a country | Count the people in a country | How many people live in a country
with: country/land/place string country
do: get the population of {0} | tell me how many people live in {0} | look up the population of {0}
  | find the number of people in {0}
ask: what is the population of {0} | how many people live in {0} | how many people are in {0}
  | how big is the population of {0}
short: population {0} | {0} population | people in {0}
gives: population/people/count id => {r0} => The population of {0} is {r0}.

names: get_capital | capital | capital_of | getCapital | country_capital
about: Get the capital of a country | Find the capital city of a country | Look up a capital
with: country/land/name string country
do: get the capital of {0} | look up the capital of {0} | tell me the capital of {0} | find the capital city of {0}
ask: what is the capital of {0} | which city is the capital of {0} | what is the capital city of {0}
short: capital {0} | capital of {0} | {0} capital
gives: capital/city/name city => {r0} => The capital of {0} is {r0}.

names: weather_in_unit | get_weather | weather | current_weather | getWeather
about: Get the weather in a city in a unit | Weather for a city, unit may be left out | Current weather in a city
with: city/location/place string city
with: unit/units/scale string unit
do: get the weather for {0} in {1} | check the weather in {0} in {1} | show me the weather in {0}
  | check the weather in {0} | tell me the weather in {0} in {1}
ask: what is the weather in {0} | how warm is it in {0} in {1} | what is the weather in {0} in {1}
  | how is the weather in {0}
short: weather {0} {1} | weather {0} | {0} weather in {1}
gives: temperature/degrees degrees, condition/sky sky => {r0} degrees, {r1} => It is {r0} degrees and {r1} in {0}.
gives: temperature/temp degrees => {r0} => It is {r0} degrees in {0}.
"""

KINDS = read_kinds(_EVERYDAY) + read_kinds(_WORLD)
