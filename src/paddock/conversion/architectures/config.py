"""The settings in a checkpoint's `config.json`, each checked where it is used."""

from dataclasses import dataclass, field
from typing import Any

from paddock.conversion.architectures.defaults import text_defaults
from paddock.conversion.checkpoint.numbers import finite32, positive32
from paddock.conversion.errors import ConversionError

MAX_INTEGER = 1 << 31
"""No width, length or count of a real network reaches it."""


@dataclass(frozen=True)
class Rope:
    """Rotary position embeddings: base frequency, and scaling for contexts longer than trained."""

    theta: float
    kind: str = "default"
    scaling: dict[str, Any] = field(default_factory=dict)

    def number(self, key: str, default: float) -> float:
        """Return a number of the scaling.

        Raises:
            ConversionError: if it is not a number.
        """
        return _number(f"rope_scaling.{key}", self.scaling.get(key, default))


class Config:
    """The settings of a language model; in a model with several parts, those of its text part."""

    def __init__(self, values: dict[str, Any]) -> None:
        nested = values.get("text_config")
        if not isinstance(nested, dict):
            nested = {}
        named = {"architectures": values["architectures"]} if values.get("architectures") else {}
        self.values = {**values, **text_defaults(nested), **nested, **named}

    @property
    def architecture(self) -> str:
        """The first of `architectures`.

        Raises:
            ConversionError: if there is none.
        """
        names = self.values.get("architectures")
        if not isinstance(names, list) or not names or not isinstance(names[0], str):
            raise ConversionError("config.json does not say its architecture (architectures)")
        return names[0]

    def integer(self, *keys: str, default: int | None = None) -> int:
        """Return the first of `keys` that is set: an integer from 0 to 2^31.

        Raises:
            ConversionError: if none is set and there is no default, or the value is no such number.
        """
        value = self._first(keys, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MAX_INTEGER:
            raise ConversionError(f"config.json: {keys[0]} must be a whole number")
        return value

    def number(self, *keys: str, default: float | None = None) -> float:
        """Return the first of `keys` that is set: a number that a 32-bit float can hold.

        Raises:
            ConversionError: if none is set and there is no default, or the value is no such number.
        """
        return _number(keys[0], self._first(keys, default))

    def positive(self, *keys: str, default: float | None = None) -> float:
        """Return the first of `keys` that is set: a number above 0.

        Raises:
            ConversionError: if none is set and there is no default, or the value is no such number.
        """
        return _positive(keys[0], self._first(keys, default))

    def flag(self, *keys: str, default: bool = False) -> bool:
        """Return the first of `keys` that is set: a boolean.

        Raises:
            ConversionError: if it is neither true nor false.
        """
        value = self._first(keys, default)
        if not isinstance(value, bool):
            raise ConversionError(f"config.json: {keys[0]} must be true or false")
        return value

    def has(self, key: str) -> bool:
        """Return whether `key` is set and not null."""
        return self.values.get(key) is not None

    def get(self, key: str) -> Any:
        """Return the value of `key`, unchecked; None if it is not set."""
        return self.values.get(key)

    @property
    def heads(self) -> int:
        """Number of attention heads.

        Raises:
            ConversionError: if it is not set.
        """
        return max(self.integer("num_attention_heads", "n_head"), 1)

    @property
    def kv_heads(self) -> int:
        """Number of key and value heads; several query heads may share one.

        Raises:
            ConversionError: if it is set to something else.
        """
        return max(self.integer("num_key_value_heads", default=self.heads), 1)

    @property
    def width(self) -> int:
        """Size of a token's embedding.

        Raises:
            ConversionError: if it is not set.
        """
        return self.integer("hidden_size", "n_embd", "d_model")

    @property
    def head_width(self) -> int:
        """Size of a head's queries and keys.

        Raises:
            ConversionError: if it is not set.
        """
        return self.integer("head_dim", default=self.width // self.heads)

    def rope(self, layers: str = "full_attention") -> Rope:
        """Return the rotary position embeddings of one kind of layers, from either of the two forms that configs have.

        Raises:
            ConversionError: if a value has the wrong type.
        """
        found = self.values.get("rope_parameters")
        if isinstance(found, dict) and isinstance(found.get(layers), dict):
            found = found[layers]
        if not isinstance(found, dict):
            found = self.values.get("rope_scaling")
        scaling: dict[str, Any] = dict(found) if isinstance(found, dict) else {}
        theta = scaling.get("rope_theta") or self.values.get("rope_theta") or 10_000.0
        kind = scaling.get("rope_type") or scaling.get("type") or "default"
        if not isinstance(kind, str):
            raise ConversionError("config.json: the kind of rope_scaling must be text")
        return Rope(_positive("rope_theta", theta), {"su": "longrope"}.get(kind, kind), scaling)

    def _first(self, keys: tuple[str, ...], default: Any) -> Any:
        value = next((self.values[key] for key in keys if self.values.get(key) is not None), default)
        if value is None:
            raise ConversionError(f"config.json does not say {keys[0]}")
        return value


def _number(key: str, value: Any) -> float:
    if not finite32(value):
        raise ConversionError(f"config.json: {key} must be a number that a 32-bit float can hold")
    return float(value)


def _positive(key: str, value: Any) -> float:
    if not positive32(_number(key, value)):
        raise ConversionError(f"config.json: {key} must be a number above 0")
    return float(value)
