"""Texts with facts, and questions with short answers, for training."""

from dataclasses import dataclass

from training.corpus.json_fields_scenes import SCENES


@dataclass(frozen=True)
class Subject:
    """What texts are about: fields, each with names it may be asked by and a kind of values, and texts with slots.

    A field named "-" is never asked for.
    """

    fields: tuple[tuple[tuple[str, ...], str], ...]
    texts: tuple[str, ...]


_SUBJECTS = """
name/person/who/first_name name; age/years small; city/town/home/place city; job/work/profession job
{0} is {1} years old. | {0} is {1} years old and lives in {2}. | {0} lives in {2} and is {1}. | {0} is a {3} in {2}.
{0} is {1} and works as a {3}. | {0} is a {3} from {2}. | My name is {0}, I am {1} and I live in {2}.
I am {0} from {2}. | {0}, {1}, lives in {2}. | {0} is {1} years old and is a {3} in {2}. | {0} works as a {3}.
I am {0}, I am {1} years old. | This is {0}, a {3} from {2}, {1} years old. | {0} ({1}) from {2}

city/town/name/place city; country/land country; population/people/inhabitants id; river/water word
{0} is a city in {1}. | {0} is in {1} and has {2} people. | The city of {0} in {1} has {2} inhabitants.
{0} lies at the river {3}. | {0} has {2} people and lies in {1}. | {2} people live in {0}, which is in {1}.

product/item/article/what thing; price/cost/amount number; currency/money currency; colour/color colour
The {0} costs {1} {2}. | A {3} {0} costs {1} {2}. | The {0} is {3} and costs {1}. | {0}, {3}, {1} {2}
The price of the {0} is {1} {2}. | The {3} {0} has a price of {1} {2}. | We sell the {0} for {1} {2}.
I bought a {3} {0} for {1} {2}. | Buy the {3} {0} for just {1}.

customer/name/buyer/who name; item/product/article/thing thing; count/quantity/number/amount small; order/order_id id
{0} ordered {2} of the {1}. | Order {3}: {0} wants {2} times {1}. | {0} buys {2} {1}. | {2} {1} for {0}, order {3}.
Order {3} is for {0}. | {0} bought a {1} with order {3}. | The order {3} of {0} is {2} times the {1}.

event/title/name/what title; date/day/when date; time/start/hour time; city/place/where/location city
{0} is on {1} at {2}. | {0} takes place in {3} on {1}. | The event {0} is in {3} at {2}. | {0}: {1}, {2}, {3}
On {1} at {2} there is {0} in {3}. | Come to {0} in {3} on {1}. | {0} starts at {2} on {1} in {3}.

animal/kind/type animal; name/pet/called name; colour/color colour; age/years few
{1} is a {2} {0}. | The {0} {1} is {3} years old. | My {0} is called {1} and is {2}. | I have a {2} {0} named {1}.
{1} is a {0} of {3} years. | The {2} {0} is {3} years old. | Our {0} {1} is {2} and {3} years old.

title/book/name title; author/writer/by name; year/date/published year; pages/length id
{0} is a book by {1}. | {1} wrote {0} in {2}. | The book {0} by {1} has {3} pages. | {0} was written by {1} in {2}.
{0} ({2}) by {1}, {3} pages | The author of {0} is {1}. | In {2}, {1} wrote the book {0} with {3} pages.

name/contact/person/who name; phone/number/telephone phone; email/mail/address email; city/town/place city
Call {0} at {1}. | {0} has the phone number {1}. | The email of {0} is {2}. | {0}, {1}, {2} | Write to {0} at {2}.
{0} in {3}: phone {1}, email {2}. | You can reach {0} by phone at {1} or by email at {2}. | {0} lives in {3}, phone {1}

from/start/origin city; to/end/destination city; time/departure/leaves time; price/cost small
The train from {0} to {1} leaves at {2}. | A ticket from {0} to {1} costs {3}. | {0} to {1} at {2} for {3}
The bus goes from {0} to {1} at {2} and costs {3}. | Go from {0} to {1} at {2}. | From {0} to {1}: {3} euros

city/place/town/where city; temperature/degrees/temp degrees; weather/condition/sky sky; day/date/when date
It is {1} degrees in {0}. | It is {1} degrees and {2} in {0}. | {0} is {2} on {3}. | {0}: {2}, {1} degrees
The weather in {0} is {2}. | On {3} it will be {2} in {0} with {1} degrees. | In {0} we have {1} degrees today.

song/title/name title; singer/artist/by name; minutes/length/duration few; year/date year
{0} is a song by {1}. | {1} sings {0}. | {0} by {1} is {2} minutes long. | {1} made the song {0} in {3}.
The song {0} from {3} is by {1}. | {0} ({1}, {3}) | The singer of {0} is {1}.

food/dish/meal food; price/cost number; guests/people/persons few; time/hour time
{2} people eat {0} at {3}. | The {0} costs {1}. | We have {0} for {2} people at {3}. | {0} for {1}, at {3}
The dish is {0} for {2} guests. | A plate of {0} costs {1} and comes at {3}.

room/place/where room; light/lamp/colour colour; temperature/degrees few; windows/window_count few
The {0} has a {1} light. | The {0} has {3} windows. | It is {2} degrees in the {0}. | {0}: {3} windows, {1} light
The {0} has {3} windows and a {1} lamp. | In the {0} it is {2} degrees and the light is {1}.

file/name/path file; size/bytes/length id; owner/user/by name; date/changed/day date
The file {0} has {1} bytes. | {0} belongs to {2}. | {2} changed {0} on {3}. | {0}, {1} bytes, {2}
{2} owns the file {0} with {1} bytes. | The file {0} of {2} is from {3}.

team/winner/first country; loser/other/second country; score/goals/points few; place/city/where city
{0} beat {1} in {3}. | {0} won against {1} with {2} goals. | In {3}, {0} won {2} points against {1}.
{1} lost to {0} in {3}. | {0} beat {1} with {2} points.

colour/color colour; animal/kind/what animal
a {0} {1} | The {1} is {0}. | I see a {0} {1}. | There is a {0} {1}. | {0} {1} | the {0} {1} | my {1} is {0}

colour/color colour; thing/object/item/what thing; count/number/amount few
{2} {0} {1} | a {0} {1} | The {1} is {0}. | I have {2} {0} {1} | {2} times a {0} {1} | This is a {0} {1}.

user/name/login name; id/number/user_id id; role/job/rank job; email/mail email
User {1} is {0}. | {0} has the id {1}. | {0} ({1}) is a {2}. | The user {0} with id {1} has the email {3}.
{0} is a {2} with the id {1}. | id {1}, user {0}, {3}
"""


def _subject(block: str) -> Subject:
    head, *lines = block.splitlines()
    pairs = [field.split() for field in head.split("; ")]
    fields = tuple((tuple(names.split("/")), kind) for names, kind in pairs)
    return Subject(fields, tuple(text for line in lines for text in line.split(" | ")))


SUBJECTS = [_subject(block) for block in f"{_SUBJECTS.strip()}\n\n{SCENES.strip()}".split("\n\n")]

FIELD_KINDS = (
    *("name", "city", "thing", "colour", "animal", "word", "title", "code", "date", "time", "integer", "integer"),
    *("number", "small", "id", "food", "job", "country", "true"),
)

KNOWN = """
What is the capital of France?;Paris
What is the capital of Germany?;Berlin
What is the capital of Italy?;Rome
What is the capital of Spain?;Madrid
What is the capital of Japan?;Tokyo
What is the opposite of hot?;cold
What is the opposite of big?;small
What is the opposite of day?;night
What is the opposite of up?;down
What colour is grass?;green
What colour is snow?;white
What colour is blood?;red
Who are you?;tiny
What is your name?;tiny
"""
"""Questions with short answers."""
