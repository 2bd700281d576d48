"""Formats of replies: changed JSON schemas, regular expressions and Lark grammars, and very large ones."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.schemas import Schemas

from tools.fuzz.case import Verdict
from tools.fuzz.judge import judged
from tools.fuzz.target import Target
from tools.fuzz.values import changed_json, changed_text

RECORDED = Path(__file__).parents[3] / "shared" / "cases" / "schemas.jsonl"
"""Schemas that people's libraries write, where they are there."""
KEYWORDS = (
    "type", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "enum",
    "const", "oneOf", "anyOf", "allOf", "not", "if", "then", "else", "$ref", "$defs", "pattern", "patternProperties",
    "format", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "multipleOf", "uniqueItems",
    "dependentRequired", "propertyNames", "contains", "unevaluatedProperties", "description", "default",
    "object", "array", "string", "integer", "number", "boolean", "null", "date-time", "uuid", "email", "#", "#/$defs/a",
    "https://example.com/x", "(a|b)*", "(?=x)", "[^\\x00]", "a{1000}", "\\p{L}+",
)  # fmt: skip
"""Values that mean something in a schema."""
REGEXES = (
    r"[a-z]+", r"\d{3}-\d{4}", r"(yes|no)( maybe)?", r"^a.*z$", r"[^\"\\]{0,20}", r"(?:ab?c)*", r"\w+@\w+\.com",
    r"[\u0400-\u04ff]+", r"(?i)hello|world", r"((a+)+)+b", r"(a?){30}a{30}", r"\p{Greek}+", r"a{2,500}",
)  # fmt: skip
GRAMMARS = (
    'start: "yes" | "no"',
    'start: word (" " word)*\nword: /[a-z]+/',
    'start: expr\nexpr: term (("+"|"-") term)*\nterm: NUMBER | "(" expr ")"\nNUMBER: /[0-9]+/',
    'start: "a" start "b" | "c"',
    'start: item+\nitem: key "=" value "\\n"\nkey: /[a-z]+/\nvalue: /[^\\n]*/',
    '%ignore /\\s+/\nstart: "if" cond "then" start | "x"\ncond: /[a-z]/ "==" /[0-9]/',
)
AS_TOOL = 0.1
"""Share of the formats that are the parameters of a tool."""
SIZES = (5, 40, 300, 2000, 5000)


class FormatFuzzer:
    """Sends formats with a short prompt, and now and then as the parameters of a tool that has to be called."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._schemas: list[Any] = [Schemas(seed, bounded=True).object(3) for seed in range(60)]
        if RECORDED.is_file():
            self._schemas += [json.loads(line)["schema"] for line in RECORDED.read_text("utf-8").splitlines()]

    def close(self) -> None:
        """Nothing is left to end."""

    def attack(self, dice: random.Random) -> Verdict:
        """Ask for a reply in a changed format."""
        wanted = self._format(dice)
        return self.ask(wanted, as_tool=dice.random() < AS_TOOL)

    def ask(self, wanted: object, *, as_tool: bool = False) -> Verdict:
        """Ask for a short reply in a format, or for a call of a tool with such parameters."""
        data = json.dumps(wanted).encode()
        options = {"num_predict": 6, "seed": 1}
        if as_tool:
            tool = {"type": "function", "function": {"name": "f", "parameters": wanted}}
            turns = [{"role": "user", "content": "Do it"}]
            body: dict[str, object] = {"model": "tiny", "messages": turns, "tools": [tool], "tool_choice": "required"}
            answer = self._target.server.post("/api/chat", {**body, "stream": False, "options": options})
        else:
            body = {"model": "beside", "prompt": "Tell me", "format": wanted}
            answer = self._target.server.post("/api/generate", {**body, "stream": False, "options": options})
        error, wrong = judged(answer, self._target.secrets, own=data.decode())
        return Verdict(("tool " if as_tool else "") + ("refused" if error else "answered"), wrong, data)

    def _format(self, dice: random.Random) -> object:
        how = dice.randrange(20)
        if how < 11:
            schema = dice.choice(self._schemas)
            for _ in range(dice.choice((1, 1, 2, 4))):
                schema = changed_json(schema, dice, (*KEYWORDS, *self._schemas[:5]))
            return schema
        if how < 14:
            return dice.choice(LARGE)(dice.choice(SIZES))
        if how < 17:
            return {"type": "regex", "pattern": _changed(dice.choice(REGEXES), dice)}
        return {"type": "grammar", "lark": _changed(dice.choice(GRAMMARS), dice)}


def _changed(text: str, dice: random.Random) -> str:
    for _ in range(dice.choice((1, 1, 2, 5))):
        text = changed_text(text, dice)
    return text


def _nested(size: int, around: Callable[[Any], Any]) -> Any:
    value: Any = {"type": "string"}
    for _ in range(min(size, 400)):  # deeper JSON is refused before anybody looks at it
        value = around(value)
    return value


def _chained(size: int) -> Any:
    steps = {f"d{n}": {"type": "object", "properties": {"a": {"$ref": f"#/$defs/d{n + 1}"}}} for n in range(size)}
    return {"$ref": "#/$defs/d0", "$defs": steps | {f"d{size}": {"type": "string"}}}


LARGE: tuple[Callable[[int], Any], ...] = (
    lambda n: _nested(n, lambda v: {"type": "object", "properties": {"a": v}, "required": ["a"]}),
    lambda n: _nested(n, lambda v: {"type": "array", "items": v}),
    lambda n: _nested(n, lambda v: {"anyOf": [v, {"type": "null"}]}),
    lambda n: _nested(n, lambda v: {"allOf": [v]}),
    _chained,
    lambda n: {"$ref": "#/$defs/d0", "$defs": {f"d{i}": {"$ref": f"#/$defs/d{(i + 1) % n}"} for i in range(n)}},
    lambda n: {"oneOf": [{"type": "object", "properties": {f"p{i}": {"const": i}}, "required": [f"p{i}"]}
                         for i in range(n)]},
    lambda n: {"anyOf": [{"const": f"value {i}"} for i in range(n)]},
    lambda n: {"enum": [f"{i:x}" * 3 for i in range(n)]},
    lambda n: {"type": "object", "properties": {f"p{i}": {"type": "integer"} for i in range(n)}},
    lambda n: {"type": "object", "patternProperties": {f"^a{i}": {"type": "integer"} for i in range(n)}},
    lambda n: {"type": "array", "items": {"type": "string"}, "minItems": n, "maxItems": n * 1000},
    lambda n: {"type": "array", "prefixItems": [{"type": "integer"}] * n},
    lambda n: {"type": "string", "minLength": n, "maxLength": n * 100},
    lambda n: {"type": "string", "pattern": f"^(a{{{n}}}|b{{1,{n}}})+$"},
    lambda n: {"type": "integer", "minimum": -(10 ** min(n, 4000)), "maximum": 10 ** min(n, 4000)},
    lambda n: {"type": "number", "multipleOf": 1 / (n + 1)},
    lambda n: {"type": "regex", "pattern": "(" * n + "a" + ")" * n},
    lambda n: {"type": "regex", "pattern": "|".join(f"w{i}.*x" for i in range(n))},
    lambda n: {"type": "regex", "pattern": "(a|b)*a" + "(a|b)" * n},
    lambda n: {"type": "regex", "pattern": f"(.{{0,{n}}}){{0,{n}}}"},
    lambda n: {"type": "grammar", "lark": "start: r0\n" + "".join(f"r{i}: r{i + 1}\n" for i in range(n))
               + f'r{n}: "x"'},
    lambda n: {"type": "grammar", "lark": "start: " + " | ".join(f'"w{i}"' for i in range(n))},
    lambda n: {"type": "grammar", "lark": "start: " + "(" * n + '"a"' + ")" * n},
    lambda n: {"type": "grammar", "lark": "start: start start | " + '"a"? ' * n},
)  # fmt: skip
"""Writers of formats that grow with a number in one direction."""
