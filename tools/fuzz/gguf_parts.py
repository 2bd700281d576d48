"""GGUF files taken apart, changed in a place that somebody will read, and put together again."""

import random
import struct
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

from tests.models.raw_header import head, text

import gguf
from tools.fuzz.values import FLOATS, TEXTS, damaged, number_near

FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Formats of scalar values by GGUF's number of their type."""
STRING, ARRAY = 8, 9
KNOWN_KEYS = sorted(
    {
        value
        for owner in vars(gguf.Keys).values()
        if isinstance(owner, type)
        for name, value in vars(owner).items()
        if isinstance(value, str) and not name.startswith("_")
    }
)
"""Every key that llama.cpp's converter writes; `{arch}` stands for the architecture."""
ARCHITECTURES = sorted(gguf.MODEL_ARCH_NAMES.values())
WORDS = (
    *ARCHITECTURES,
    "gpt2",
    "llama",
    "bert",
    "t5",
    "rwkv",
    "none",
    "plamo2",
    "default",
    "linear",
    "yarn",
    "longrope",
)
"""Texts that mean something in one place or another."""


@dataclass
class Parts:
    """A file in parts. Values are encoded, numbers are as in the file."""

    keys: list[tuple[str, int, bytes]] = field(default_factory=list)
    tensors: list[tuple[str, list[int], int, int]] = field(default_factory=list)
    """Name, shape, type, offset."""
    data: bytes = b""

    @property
    def architecture(self) -> str:
        """The model's architecture, as far as there is one."""
        for name, kind, value in self.keys:
            if name == "general.architecture" and kind == STRING:
                return value[8:].decode("utf-8", "replace")
        return ""

    def build(self, **counts: int | None) -> bytes:
        """Return the file."""
        return head(self.keys, self.tensors, data=self.data, **counts)  # type: ignore[arg-type]


def take_apart(data: bytes) -> Parts:
    """Return the parts of a sound file with an alignment of 32."""
    _, tensor_count, key_count = struct.unpack_from("<IQQ", data, 4)
    place, parts = 24, Parts()

    def read_text() -> str:
        nonlocal place
        (length,) = struct.unpack_from("<Q", data, place)
        place += 8 + length
        return data[place - length : place].decode()

    def read_value(kind: int) -> bytes:
        nonlocal place
        start = place
        if kind == STRING:
            read_text()
        elif kind == ARRAY:
            element, length = struct.unpack_from("<IQ", data, place)
            place += 12
            for _ in range(length):
                read_value(element)
        else:
            place += struct.calcsize(f"<{FORMATS[kind]}")
        return data[start:place]

    for _ in range(key_count):
        name = read_text()
        (kind,) = struct.unpack_from("<I", data, place)
        place += 4
        parts.keys.append((name, kind, read_value(kind)))
    for _ in range(tensor_count):
        name = read_text()
        (rank,) = struct.unpack_from("<I", data, place)
        *shape, kind, offset = struct.unpack_from(f"<{rank}QIQ", data, place + 4)
        place += 4 + 8 * rank + 12
        parts.tensors.append((name, list(shape), kind, offset))
    parts.data = data[place + -place % 32 :]
    return parts


def mutated(base: Parts, dice: random.Random) -> bytes:
    """Return a file that differs from a sound one in one to three places."""
    parts = deepcopy(base)
    counts: dict[str, int | None] = {}
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        dice.choices(list(_CHANGES), list(_CHANGES.values()))[0](parts, dice)
    if dice.random() < 0.04:
        name = dice.choice(("key_count", "tensor_count"))
        counts[name] = number_near(len(parts.keys if name == "key_count" else parts.tensors), dice) % 2**64
    data = parts.build(**counts)
    header = len(data) - len(parts.data)
    return damaged(data, dice, header) if dice.random() < 0.08 else data


def _change_value(parts: Parts, dice: random.Random) -> None:
    if parts.keys:
        place = dice.randrange(len(parts.keys))
        name, kind, value = parts.keys[place]
        parts.keys[place] = (name, *_other(kind, value, dice))


def _change_number(parts: Parts, dice: random.Random) -> None:
    """Change one of the numbers that say how the model is built."""
    prefix = f"{parts.architecture}."
    places = [i for i, (name, kind, _) in enumerate(parts.keys) if name.startswith(prefix) and kind in FORMATS]
    if places:
        place = dice.choice(places)
        name, kind, value = parts.keys[place]
        parts.keys[place] = (name, kind, _other_scalar(kind, value, dice))


def _change_token(parts: Parts, dice: random.Random) -> None:
    """Change something of the vocabulary."""
    places = [i for i, (name, _, _) in enumerate(parts.keys) if name.startswith("tokenizer.")]
    if places:
        place = dice.choice(places)
        name, kind, value = parts.keys[place]
        parts.keys[place] = (name, *_other(kind, value, dice))


def _drop_key(parts: Parts, dice: random.Random) -> None:
    if parts.keys:
        del parts.keys[dice.randrange(len(parts.keys))]


def _repeat_key(parts: Parts, dice: random.Random) -> None:
    if parts.keys:
        parts.keys.insert(dice.randrange(len(parts.keys) + 1), dice.choice(parts.keys))


def _add_key(parts: Parts, dice: random.Random) -> None:
    name = dice.choice(KNOWN_KEYS).replace("{arch}", parts.architecture)
    kind = dice.choice((4, 4, 4, 5, 6, 6, 7, 8, 9, 10))
    if kind == ARRAY:
        element = dice.choice((4, 5, 6, 7, 8))
        length = dice.choice((0, 1, 2, 3, 4, 4, 64))
        value = struct.pack("<IQ", element, length) + b"".join(_fresh(element, dice) for _ in range(length))
    else:
        value = _fresh(kind, dice)
    parts.keys = [one for one in parts.keys if one[0] != name]
    parts.keys.insert(dice.randrange(len(parts.keys) + 1), (name, kind, value))


def _change_tensor(parts: Parts, dice: random.Random) -> None:
    if not parts.tensors:
        return
    place = dice.randrange(len(parts.tensors))
    name, shape, kind, offset = parts.tensors[place]
    how = dice.randrange(7)
    if how == 0:
        shape = list(shape)
        at = dice.randrange(len(shape) or 1)
        shape[at : at + 1] = [number_near(shape[at] if shape else 0, dice) % 2**64]
    elif how == 1:
        shape = dice.choice(([], [1], shape[::-1], [*shape, 1], [*shape, 2], shape[:1], [1] * 5, [0, *shape[1:]]))
    elif how == 2:
        kind = dice.choice(
            (0, 1, 2, 3, 6, 7, 8, 10, 12, 14, 20, 24, 25, 26, 28, 30, 34, 39, 40, 1000, 2**31, 2**32 - 1)
        )
    elif how == 3:
        other = dice.choice(parts.tensors)[3]
        offset = dice.choice((0, other, other + 32, offset + 1, offset + 32, len(parts.data), 2**63, 2**64 - 32))
    elif how == 4:
        name = dice.choice((dice.choice(parts.tensors)[0], *TEXTS[:12], "x" * 64, name + ".bias", f"blk.9999.{name}"))
    elif how == 5:
        shape = [max(1, size // 2) for size in shape]  # a sound tensor that is too small
    else:
        shape = [size * 2 for size in shape[:1]] + [max(1, size // 2) for size in shape[1:2]] + list(shape[2:])
    parts.tensors[place] = (name, list(shape), kind, offset)


def _drop_tensor(parts: Parts, dice: random.Random) -> None:
    if parts.tensors:
        del parts.tensors[dice.randrange(len(parts.tensors))]


def _swap_tensors(parts: Parts, dice: random.Random) -> None:
    """Let two tensors have each other's shape and data."""
    if len(parts.tensors) > 1:
        a, b = dice.sample(range(len(parts.tensors)), 2)
        one, other = parts.tensors[a], parts.tensors[b]
        parts.tensors[a], parts.tensors[b] = (one[0], *other[1:]), (other[0], *one[1:])


def _spoil_data(parts: Parts, dice: random.Random) -> None:
    data = bytearray(parts.data)
    for _ in range(min(len(data), dice.choice((1, 100, 5000)))):
        data[dice.randrange(len(data))] = dice.choice((0x7F, 0xFF, 0, dice.randrange(256)))
    parts.data = bytes(data)


def _cut_data(parts: Parts, dice: random.Random) -> None:
    parts.data = parts.data[: dice.randrange(len(parts.data) + 1)]


_CHANGES: dict[Callable[[Parts, random.Random], None], int] = {
    _change_value: 20,
    _change_number: 30,
    _change_token: 20,
    _drop_key: 8,
    _repeat_key: 2,
    _add_key: 20,
    _change_tensor: 20,
    _drop_tensor: 6,
    _swap_tensors: 4,
    _spoil_data: 5,
    _cut_data: 3,
}
"""What can be changed, and how often it is, compared with the others."""


def _other(kind: int, value: bytes, dice: random.Random) -> tuple[int, bytes]:
    """Return another type and value."""
    if dice.random() < 0.1:
        kind = dice.choice((4, 5, 6, 7, 8, 10))
        return kind, _fresh(kind, dice)
    if kind == STRING:
        return kind, _text(dice)
    if kind != ARRAY:
        return kind, _other_scalar(kind, value, dice)
    element, length = struct.unpack_from("<IQ", value)
    how = dice.randrange(5)
    if how == 0:
        return kind, struct.pack("<IQ", element, 0)
    if how == 1 and element in FORMATS:
        keep = dice.randrange(length + 1)
        return kind, struct.pack("<IQ", element, keep) + value[12 : 12 + keep * struct.calcsize(FORMATS[element])]
    if how == 2:
        element, count = dice.choice((4, 5, 6, 8)), dice.choice((1, 2, length % 5000))
        return kind, struct.pack("<IQ", element, count) + b"".join(_fresh(element, dice) for _ in range(count))
    if element in FORMATS and length:
        size = struct.calcsize(FORMATS[element])
        at = 12 + dice.randrange(length) * size
        return kind, value[:at] + _other_scalar(element, value[at : at + size], dice) + value[at + size :]
    if element == STRING and length:
        return kind, _with_other_text(value, length, dice)
    return kind, value


def _with_other_text(value: bytes, length: int, dice: random.Random) -> bytes:
    """Return an encoded array of texts with one of them changed."""
    target, place = dice.randrange(length), 12
    for _ in range(target):
        place += 8 + int.from_bytes(value[place : place + 8], "little")
    end = place + 8 + int.from_bytes(value[place : place + 8], "little")
    same = value[12 : 12 + 8 + int.from_bytes(value[12:20], "little")]
    return value[:place] + dice.choice((_text(dice), same)) + value[end:]


def _other_scalar(kind: int, value: bytes, dice: random.Random) -> bytes:
    code = FORMATS[kind]
    (old,) = struct.unpack(f"<{code}", value)
    if code in "fd":
        new = dice.choice((*FLOATS, old * 2, -old))
        return struct.pack(f"<{code}", new if code == "d" or abs(new) < 3.4e38 or new != new else float("inf"))
    if code == "?":
        return struct.pack("<B", dice.choice((0, 1, 1 - old, 2, 255)))
    size = struct.calcsize(code)
    number: int = number_near(abs(old), dice) % 256**size
    return number.to_bytes(size, "little")


def _fresh(kind: int, dice: random.Random) -> bytes:
    if kind == STRING:
        return _text(dice)
    return _other_scalar(kind, bytes(struct.calcsize(FORMATS[kind])), dice)


def _text(dice: random.Random) -> bytes:
    return text(dice.choice((*TEXTS, *WORDS)))
