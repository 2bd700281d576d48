"""The held-out prompts of the skill `json_fields`."""

import json
from collections.abc import Callable

from training.example import Check, Conversation, JsonValue, Reply, Turn

CASES = """
Arthur lives in Dresden with his 3 friends. => {"name": "Arthur", "city": "Dresden"}
Bianca is 51 and she comes from Utrecht. => {"name": "Bianca", "age": 51, "city": "Utrecht"}
At the age of 28, Cedric works as a barber. => {"age": 28, "job": "barber"}
Diana from Verona works as a florist. => {"name": "Diana", "job": "florist", "city": "Verona"}
A turquoise towel costs 74 euros today. => {"colour": "turquoise", "item": "towel", "price": 74}
We sell a crimson helmet, it costs 97.5 USD. => {"item": "helmet", "price": 97.5, "currency": "USD"}
The order 8101 is from Edgar, who buys 5 napkin. => {"customer": "Edgar", "order": 8101}
There is a violet hedgehog in my house. => {"colour": "violet", "animal": "hedgehog"}
a beige badger => {"animal": "badger", "colour": "beige"}
Flora has a beige ferret that is 6 years old. => {"name": "Flora", "animal": "ferret", "age": 6}
The book Silver Velmara was made by Gustav in 1959. => {"title": "Silver Velmara", "author": "Gustav", "year": 1959}
Helen wrote the book Quiet Zandor. => {"author": "Helen", "title": "Quiet Zandor"}
The phone number of Isaac is 828-5174. => {"name": "Isaac", "phone": "828-5174"}
You can call Jasmine in Bilbao at 511-7410. => {"name": "Jasmine", "city": "Bilbao", "phone": "511-7410"}
The bus to Brno starts in Basel at 17:26. => {"from": "Basel", "to": "Brno", "time": "17:26"}
A train goes to Riga from Pune for 28 euros. => {"to": "Riga", "from": "Pune", "price": 28}
Today in Osaka it is 5 degrees and windy. => {"city": "Osaka", "temperature": 5, "weather": "windy"}
It will be rainy in Kyoto on Sunday. => {"city": "Kyoto", "weather": "rainy", "day": "Sunday"}
Golden Zerbina is sung by Kurt. => {"song": "Golden Zerbina", "singer": "Kurt"}
The meeting Blue Tarvello is in Zagreb on 12 May. => {"event": "Blue Tarvello", "city": "Zagreb", "date": "12 May"}
The user with the id 948 is called Lydia. => {"user": "Lydia", "id": 948}
Martin owns the file mop.txt. => {"file": "mop.txt", "owner": "Martin"}
wirlan: Nadia, gorpet: 74, brand: Olvexa => {"wirlan": "Nadia", "gorpet": 74}
size=120 colour=crimson shape=tandorik => {"shape": "tandorik", "size": 120}
The zimbor is lantern, the level is 97 and the code is HX51. => {"zimbor": "lantern", "code": "HX51"}
owner: Oliver; pet: otter; floor: 5 => {"pet": "otter", "owner": "Oliver", "floor": 5}
team is Bremvik, score is 51, gate is 7 => {"team": "Bremvik", "score": 51, "gate": 7}
The xylophone is violet and it has a price of 143. => {"item": "xylophone", "colour": "violet", "price": 143}
Robert eats lasagna at 18:45 with Stella. => {"food": "lasagna", "time": "18:45"}
Valencia is a city of 8101 people in Brelvonia. => {"city": "Valencia", "country": "Brelvonia", "population": 8101}
"""
"""Texts with the JSON to answer."""

WORDINGS = (
    "Please write me a JSON object, the fields are {f}. This is the text: {t}",
    "Please return {f} from this text, only as JSON: {t}",
    "Here is a text: {t}\nNow answer in JSON. Fields: {f}",
    "As JSON please, with {f}: {t}",
    "Read this text and give me JSON with the keys {f}: {t}",
    "{t}\nWhat are {f}? Answer only in JSON.",
    "I would like a JSON object with the keys {f} for this: {t}",
)
"""What asks, in a user's message."""

SYSTEM_WORDINGS = ("Always answer in JSON with the keys {f}.", "Read the user's text and return only JSON: {f}.")

QUESTIONS = (
    ("Please answer this in JSON with the field answer: What is the capital of France?", {"answer": "Paris"}),
    ("Answer this question with JSON, the key is answer. What is the opposite of hot?", {"answer": "cold"}),
    ("Use JSON with just the field answer. What colour is snow?", {"answer": "white"}),
)


def held_out() -> list[Check]:
    """Return each text with three of the wordings, and some questions."""
    checks = []
    for i, line in enumerate(CASES.strip().splitlines()):
        text, answer = line.split(" => ")
        facts = json.loads(answer)
        names = list(facts)
        fields = ", ".join(names) if i % 3 == 1 else ", ".join(names[:-1]) + " and " + names[-1]
        for j in range(3):
            k = (3 * i + j) % 9
            if k < len(WORDINGS):
                prompt = Conversation((Turn("user", WORDINGS[k].format(f=fields, t=text)),))
            else:
                prompt = Conversation((Turn("user", text),), SYSTEM_WORDINGS[k - len(WORDINGS)].format(f=fields))
            checks.append(Check(prompt, _is(facts), (i + j) % 4 == 3))
    for asked, known in QUESTIONS:
        checks.append(Check(Conversation((Turn("user", asked),)), _is(dict(known))))
    return checks


def _is(expected: dict[str, JsonValue]) -> Callable[[Reply], bool]:
    def passes(reply: Reply) -> bool:
        try:
            found = json.loads(reply.content)
        except ValueError:
            return False
        # Compared as JSON, so that true and 1 differ.
        return reply.ended and json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)

    return passes
