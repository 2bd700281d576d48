"""More texts with facts: those in which a value has to be told by its role from others of its kind."""

SCENES = """
buyer/customer/who name; seller/shop_owner/from name; item/product/thing thing; price/cost small
{0} bought a {2} from {1} for {3}. | {1} sold the {2} to {0} for {3}. | {0} paid {1} {3} euros for a {2}.
{1} sells {2} and {0} buys it. | For {3} euros {0} got the {2} of {1}. | The {2} went from {1} to {0} at a price of {3}.
{0} gave {3} to {1} and took the {2}. | {1} asked {3} for the {2}, and {0} paid.

sender/writer/author name; receiver/reader/to name; date/day/when date; subject/topic/about thing
{0} wrote to {1} about the {3} on {2}. | On {2}, {1} got a letter from {0}. | {1} heard from {0} about a {3} on {2}.
{0} sent {1} a message on {2}. | A letter by {0} reached {1} on {2}. | {0} told {1} about the {3}.
Dear {1}, this is about the {3}. Yours, {0} | From: {0}, to: {1}, {2} | {2}: {0} calls {1} because of the {3}.

home/city/lives_in city; birthplace/born_in/from city; name/person/who name; age/years small
{2} was born in {1} and lives in {0}. | {2} lives in {0} but was born in {1}. | {2}, {3}, moved from {1} to {0}.
{2} left {1} at {3} and now has a house in {0}. | Born in {1}, {2} has a flat in {0}. | {2} of {0} grew up in {1}.
The home of {2} is {0}, not {1}. | {2} is {3}, was born in {1} and is at home in {0}.

age/years/old small; children/kids/child_count few; name/who/person name; -/x city
{2} is {0} and has {1} children. | {2}, {0} years old, has {1} kids in {3}. | With {1} children, {2} is {0} years old.
{2} has {1} kids and turned {0} in {3}. | At {0}, {2} is the parent of {1} children.

width/wide few; height/high small; name/thing/object thing; colour/color colour
The {2} is {0} wide and {1} high. | A {3} {2} of {1} in height and {0} in width. | {2}: {0} by {1}, {3}
With a width of {0} and a height of {1}, the {2} is large. | The {3} {2} has the height {1} and the width {0}.
The {2} measures {0} across and {1} up. | It is {1} high, {0} wide and {3}: a {2}.

capital/city city; country/land country; language/spoken language; people/population id
The capital of {1} is {0}. | {0} is where {1} has its capital. | In {1} people speak {2}. | {1} has the capital {0}.
People in {0}, the capital of {1}, speak {2}. | {3} people of {1} speak {2}.
The town {0} counts {3} heads and belongs to {1}. | {0}, {1}: {3} souls | {1} has a town named {0}, home of {3} people.
With its {3} people, {0} is one of the towns in {1}. | The {2} town {0} has {3} people; it is part of {1}.
{0} belongs to {1}. | You find {0} in the south of {1}. | Of all places in {1}, {0} with {3} people is the nicest.

winner/first name; second/loser name; points/score small; game/sport thing
{0} beat {1} by {2} points. | {1} lost the {3} game to {0}. | {0} came first with {2} points, {1} came second.
{1} came second after {0}. | The first place goes to {0}, the second to {1}. | In {3}, {0} wins and {1} loses.
{0} has {2} points, more than {1}. | {1} could not beat {0} in {3}.

teacher/tutor name; student/pupil name; subject/topic language; room/room_number id
{0} teaches {1} {2}. | {1} learns {2} from {0}. | In room {3}, {0} helps {1} with {2}.
{2} is taught by {0}; {1} listens. | The pupil {1} meets {0} in room {3}. | {0} gives {1} a lesson in {2}.

doctor/helper name; patient/who name; time/hour time; day/date date
{0} sees {1} at {2} on {3}. | On {3}, {1} goes to {0} at {2}. | {1} has to see doctor {0} at {2}.
Doctor {0} treats {1} on {3}. | The patient {1} waits for {0} until {2}. | {2}, {3}: {1} with doctor {0}

opens/from/open time; closes/to/until time; shop/place/name title; city/town city
The shop {2} opens at {0} and closes at {1}. | {2} in {3} is open from {0} to {1}. | {2} closes at {1}.
From {0} until {1} you can visit {2} in {3}. | In {3}, {2} opens at {0}. | {2} ({3}): {0} to {1}
Come to {2} after {0} and before {1}.

old_price/before small; new_price/now/price small; item/product/what thing; -/x city
The {2} cost {0} and now costs {1}. | The price of the {2} fell from {0} to {1}. | Now {1}, before {0}: the {2}
We raised the price of the {2} from {0} to {1} in {3}. | The {2} is {1} now, not {0}.

min/low/lowest degrees; max/high/highest degrees; city/place city; day/date date
In {2} it will be {0} to {1} degrees on {3}. | {2}: low {0}, high {1} | On {3}, {2} gets from {0} up to {1} degrees.
The lowest is {0} and the highest is {1} in {2}. | At night {0} degrees, by day {1} degrees in {2}.

pet/animal animal; owner/name name; pet_name/called name; food/eats food
{1} has a {0} called {2}. | The {0} {2} of {1} eats {3}. | {2} is the {0} of {1}. | {1} feeds {3} to the {0} {2}.
{2}, a {0}, lives with {1}. | The owner of {2} is {1}. | {1} calls the {0} {2}. | {2} eats {3}, and {1} pays for it.

animal/kind/what animal; colour/color colour; count/number few; place/where city
I saw {2} {1} {0}s in {3}. | In {3} there lives a {1} {0}. | Look, a {1} {0}! | A {0} that is {1} sits in {3}.
Somebody in {3} lost a {1} {0}. | There were {2} of them in {3}, each a {1} {0}. | The {0} has {1} hair.

movie/film/title title; director/maker name; actor/star name; year/date year
{1} made the film {0} with {2}. | {2} plays in {0} by {1}. | The film {0} of {3} stars {2}. | {0}, {3}, made by {1}
In {3}, {1} filmed {0}. | You see {2} in {0}. | {0} ({3}): {1} made it, {2} plays in it.

book/title title; author/writer/by name; editor/reader name; year/published year
{0}, by {1}, came out in {3}. | In {3} {1} finished {0}. | {2} reads {0} by {1}. | {1}, who wrote {0}, thanks {2}.
{2} likes {0}, a book that {1} wrote. | The writer {1} called the book {0}. | {0} was edited by {2} for {1}.
{0} is a novel of {3} from the pen of {1}. | {2} gave me {0}, written by {1}.

song/title title; singer/by name; writer/composer name; album/record title
{1} sings {0}, which {2} wrote. | {0} was written by {2} for {1}. | {0} is on the record {3} by {1}.
Listen to {0}: {1} sings. | The voice in {0} is {1}. | {2} wrote {0} and {1} sang it. | From {3} we hear {0} with {1}.

event/title/name title; city/where/place city; date/when/day date; host/leader name
The party {0} is in {1} on {2}. | {3} invites to {0} in {1}. | On {2} we meet for {0} in {1}. | {0}, {1}, {2}
{3} leads {0} on {2}. | Our talk {0} will be held in {1} on {2}. | See you at {0} in {1}.
The concert {0} of {3} takes place on {2}. | Everyone goes to {1} for {0}.

from/start/origin city; to/end/destination city; -/x name; time/leaves/departure time; price/cost small
{2} goes to {1} from {0} at {3}. | To {1} it takes a ticket of {4} from {0}. | {2} travels from {0} to {1} for {4}.
The bus to {1} leaves {0} at {3}. | At {3} {2} leaves {0} for {1}. | The way to {1} starts in {0}. | {0} - {1}, {3}, {4}
A ship sails from {0} and reaches {1}. | You come to {1} if you leave {0} at {3}. | From {0} it costs {4} to get to {1}.
{2} flies to {1}; the flight leaves from {0} and costs {4}. | {4} euros: from {0} over the hills to {1}

customer/buyer/name name; order/order_id/number id; count/quantity/pieces few; item/product thing
Order {1} by {0}: {2} of {3} | {0} placed order {1}. | {0} wants {2} pieces of the {3}, order number {1}.
The number of the order is {1} and the buyer is {0}. | Under {1} we noted {0} with {2} {3}. | {2} {3} go to {0}.
{0} takes {2} {3} and pays; the order is {1}. | Please send {2} {3} to {0}. It is order {1}.

file/name/path file; owner/user/by name; editor/changed_by name; size/bytes id
{1} made {0} and {2} changed it. | {0} is a file of {1}. | {0} with {3} bytes was changed by {2}.
The owner of {0} is {1}. | {0} has the size {3} and the owner {1}. | {2} opened {0}, which {1} owns.

error/code code; server/host word; time/at time; count/times few
The server {1} failed with {0} at {2}. | {0} came {3} times on {1}. | At {2} {1} wrote {0}. | {1}: {0} ({3} times)
{3} times we saw the error {0} on the server {1}. | {1} is down since {2}, the code is {0}.

driver/name name; car/brand word; speed/kmh small; street/road title
{0} drives a {1} at {2} on {3}. | A {1} with {0} was at {2} on {3}. | {0} went {2} in a {1}. | On {3}, {0} drove at {2}.
The driver of the {1} is {0}. | {2} was the speed of {0} on {3}.

guest/name/visitor name; room/room_number id; nights/days few; hotel/house title
{0} stays in room {1} for {2} nights. | Room {1} of {3} is for {0}. | {0} has {2} nights at {3}. | {3}, room {1}: {0}
For {2} nights, {3} gives room {1} to {0}. | {0} booked {3} for {2} nights and got room {1}.

job/work/profession job; name/who/worker name; age/years small; boss/chief name
{1} works for {3} as a {0}. | {3} pays {1}, a {0} of {2} years. | {1}, a {0}, is {2}. | Our {0} is called {1}.
{1} earns money as a {0}. | Ask {1}, our {0}. | The {0} {1} is {2} years old. | The boss of {1} is {3}.
{1} became a {0} at {2}. | {2} years old and a {0}: that is {1}. | As a {0}, {1} works under {3}.

food/dish/meal food; drink/beverage word; name/guest/who name; time/hour time
{2} has {0} with {1} at {3}. | At {3} {2} ate {0}. | {0} is what {2} eats, and {1} is what {2} drinks.
{2} orders {0} and {1}. | Bring {0} to {2} at {3}. | For {2}: {0}, {1}, {3} | {2} cooks {0} until {3}.

item/thing/object/what thing; colour/color colour; price/cost number; owner/name name
The {1} {0} of {3} costs {2}. | {3} owns a {0} in {1}. | Its price is {2}: a {0} in {1}. | A {0}, {1}, for {2}
{3} paid {2} for the {1} {0}. | The {0} looks {1}; it is {2} euros. | In {1} the {0} costs {2}.
The colour of the {0} is {1} and the price is {2}. | My {0} is {1} and was {2} euros. | {1} is the {0} of {3}.

phone/number/telephone phone; name/who/contact name; city/town city; time/when time
The number of {1} is {0}. | Dial {0} for {1} in {2}. | {1} in {2} answers at {0}. | {0} belongs to {1}. | {1}: {0}
Ring {1} after {3}, the number is {0}. | In {2} live {1} with the number {0}. | {1}, {2}, {0} | For {1} take {0}.
If you need {1}, try {0} before {3}. | {0} is how one gets {1} on the phone.

user/login/name name; id/number/user_id id; score/points small; level/rank few
{0} is user {1} and has {2} points. | Number {1} is {0}, on level {3}. | {0} reached level {3} with {2} points.
The account {1} belongs to {0}. | {1} is the id of {0}. | With {2} points {0} is on level {3}. | {0}, {1}, level {3}

city/place city; weather/sky sky; day/date date; temperature/degrees degrees
On {2} {0} is {1}. | {0} gets {1} weather on {2}. | {1} and {3} degrees: that is {0} today. | {0} reports {3} degrees.
They say that {0} turns {1} on {2}. | {3} degrees and {1}, says the radio in {0}. | We were in {0}, it was {1}.
At {3} degrees it feels {1} in {0}. | The sky over {0} is {1} on {2}.
"""
"""Blocks as those of the other texts: fields, then texts. A field named "-" is in the way and never asked for."""
