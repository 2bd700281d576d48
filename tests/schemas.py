"""JSON schemas at random: what tools and structured replies ask for, in every combination."""

from random import Random
from typing import Any

NAMES = ("name", "city", "count", "größe", "is_open", "tags", "日本", "a b", 'quo"te', "x", "price", "nested")
WORDS = ("red", "green", "blue", "käse", "new york", 'say "hi"', "back\\slash", "💡", "null", "</tool_call>", "")
PATTERNS = ("^[a-z]{2,5}$", r"^\d{3}-\d{2}$", "^(?:ab|cd){1,3}$", "^[éü]{0,4}$", r"^\+?[0-9]{1,9}$")
FORMATS = ("date", "time", "date-time", "ipv4", "uuid")


class Schemas:
    """Draws schemas. Where they are `bounded`, there is a longest text that fits each."""

    def __init__(self, seed: int, *, bounded: bool) -> None:
        self._random = Random(seed)
        self._bounded = bounded
        self._definitions: dict[str, Any] = {}

    def object(self, depth: int = 2) -> dict[str, Any]:
        """Return the schema of an object, with the definitions that it refers to."""
        drawn = self._object(depth)
        return {**drawn, "$defs": self._definitions} if self._definitions else drawn

    def tool(self, name: str) -> dict[str, Any]:
        """Return a tool with parameters of such a schema."""
        return {"type": "function", "function": {"name": name, "description": "Does it", "parameters": self.object()}}

    def _any(self, depth: int) -> dict[str, Any]:
        simple = [self._string, self._string, self._integer, self._number, self._boolean, self._choice, self._nullable]
        nested = [self._array, self._object, self._options, self._reference] if depth > 0 else []
        drawn: Any = self._random.choice([*simple, *nested])
        schema: dict[str, Any] = drawn(depth - 1)
        if self._random.random() < 0.2:
            schema = {**schema, "description": "What it is", "title": "It"}
        return schema

    def _string(self, _: int) -> dict[str, Any]:
        kind = self._random.randrange(4)
        if kind == 0:
            return {"type": "string", "pattern": self._random.choice(PATTERNS)}
        if kind == 1:
            return {"type": "string", "format": self._random.choice(FORMATS)}
        if kind == 2 and not self._bounded:
            return {"type": "string"}
        shortest = self._random.randrange(4)
        return {"type": "string", "minLength": shortest, "maxLength": shortest + self._random.randrange(12)}

    def _integer(self, _: int) -> dict[str, Any]:
        low = self._random.randrange(-500, 500)
        high = low + self._random.randrange(1000)
        return self._random.choice(
            [
                {"type": "integer"},
                {"type": "integer", "minimum": low, "maximum": high},
                {"type": "integer", "exclusiveMinimum": low},
                {"type": "integer", "minimum": 0, "maximum": 100, "multipleOf": 5},
            ]
        )

    def _number(self, _: int) -> dict[str, Any]:
        low = self._random.randrange(-400, 400) / 4
        return self._random.choice(
            [{"type": "number"}, {"type": "number", "minimum": low, "maximum": low + self._random.randrange(1, 90)}]
        )

    def _boolean(self, _: int) -> dict[str, Any]:
        return {"type": "boolean"}

    def _choice(self, _: int) -> dict[str, Any]:
        values: list[Any] = self._random.sample([*WORDS, 1, -2.5, True, None], self._random.randrange(1, 5))
        return {"const": values[0]} if self._random.random() < 0.2 else {"enum": values}

    def _nullable(self, depth: int) -> dict[str, Any]:
        if self._random.random() < 0.5:
            return {"type": ["integer", "null"]}
        return {"anyOf": [self._string(depth), {"type": "null"}]}

    def _array(self, depth: int) -> dict[str, Any]:
        fewest = self._random.randrange(3)
        schema = {"type": "array", "items": self._any(depth), "minItems": fewest}
        if self._bounded or self._random.random() < 0.5:
            schema["maxItems"] = fewest + self._random.randrange(3)
        if self._random.random() < 0.2:
            schema["prefixItems"] = [self._any(0)]
        return schema

    def _object(self, depth: int) -> dict[str, Any]:
        names = self._random.sample(NAMES, self._random.randrange(4))
        schema: dict[str, Any] = {"type": "object", "properties": {name: self._any(depth) for name in names}}
        schema["required"] = [name for name in names if self._random.random() < 0.7]
        if self._bounded:
            schema["additionalProperties"] = False
        elif self._random.random() < 0.5:
            schema["additionalProperties"] = self._random.choice([False, True, {"type": "boolean"}])
        return schema

    def _options(self, depth: int) -> dict[str, Any]:
        return {"anyOf": [self._any(depth) for _ in range(self._random.randrange(1, 4))]}

    def _reference(self, depth: int) -> dict[str, Any]:
        name = f"d{len(self._definitions)}"
        self._definitions[name] = True
        self._definitions[name] = self._any(depth)
        return {"$ref": f"#/$defs/{name}"}
