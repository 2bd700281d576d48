"""A tokenizer in llama.cpp's terms, and its metadata in a GGUF file."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class TokenKind(IntEnum):
    """Kind of a token; llama.cpp's numbers."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


SPECIAL_KEYS = {
    "bos": "bos",
    "eos": "eos",
    "eot": "eot",
    "unk": "unknown",
    "sep": "seperator",
    "pad": "padding",
    "cls": "cls",
    "mask": "mask",
}
"""By our name of a special token: its name in the keys of the format, with the format's spelling."""


@dataclass
class Vocabulary:
    """Tokens in the order of their numbers, and how text is split into them."""

    model: str
    """`gpt2` byte-level BPE, `llama` SentencePiece, `t5` unigram, `bert` WordPiece."""
    tokens: list[str]
    kinds: list[TokenKind]
    pre: str = "default"
    """llama.cpp's name of the pre-tokenizer."""
    scores: list[float] | None = None
    merges: list[str] | None = None
    special: dict[str, int] = field(default_factory=dict)
    """Numbers of the special tokens, by the names in `SPECIAL_KEYS`."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Further keys under `tokenizer.ggml.`."""
    chat_templates: dict[str, str] = field(default_factory=dict)
    """Jinja templates by name; "default" is the one that is used."""

    def fit(self, size: int) -> None:
        """Pad with unused tokens, or truncate, to the number of the model's embeddings."""
        missing = size - len(self.tokens)
        if missing > 0:
            taken = set(self.tokens)
            names = [f"[PAD{len(self.tokens) + i}]" for i in range(missing)]
            self.tokens += [name if name not in taken else f"{name}*" for name in names]
            self.kinds += [TokenKind.UNUSED] * missing
        if self.scores is not None:
            self.scores += [-1e4] * missing
        del self.tokens[size:], self.kinds[size:]
        if self.scores is not None:
            del self.scores[size:]
        self.special = {name: number for name, number in self.special.items() if number < size}

    def metadata(self) -> dict[str, Any]:
        """Return the metadata of a GGUF file."""
        found: dict[str, Any] = {
            "tokenizer.ggml.model": self.model,
            "tokenizer.ggml.pre": self.pre,
            "tokenizer.ggml.tokens": self.tokens,
            "tokenizer.ggml.token_type": [int(kind) for kind in self.kinds],
        }
        if self.scores is not None:
            found["tokenizer.ggml.scores"] = self.scores
        if self.merges:
            found["tokenizer.ggml.merges"] = self.merges
        for name, number in self.special.items():
            found[f"tokenizer.ggml.{SPECIAL_KEYS[name]}_token_id"] = number
        found |= {f"tokenizer.ggml.{key}": value for key, value in self.settings.items()}
        for name, template in self.chat_templates.items():
            found["tokenizer.chat_template" if name == "default" else f"tokenizer.chat_template.{name}"] = template
        others = sorted(set(self.chat_templates) - {"default"})
        if others:
            found["tokenizer.chat_templates"] = others
        return found
