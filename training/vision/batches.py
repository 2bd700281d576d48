"""Batches of conversations with their drawings, drawn as they are needed, and the tokenizer for them."""

from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer  # type: ignore[import-untyped]
from torch import Tensor

from training import tokenizer as tokens
from training.chat_format import ASSISTANT, BOS, END, USER
from training.vision.drawings import FIGURES, draw
from training.vision.model import Sight
from training.vision.talk import Message, conversation

MEAN, DEVIATION = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
"""How colours from 0 to 1 are normalised."""

EDGE = (122, 116, 104)
"""What llama.cpp puts beside a picture that is not square."""

RESIZINGS = (Image.Resampling.BILINEAR, Image.Resampling.BILINEAR, Image.Resampling.NEAREST, Image.Resampling.BOX)
"""How pictures are made smaller: in many ways, since programs differ in what they call bilinear."""


@dataclass(frozen=True)
class Batch:
    """Rows of tokens, (rows, length + 1); where the model is to write; the pictures, their places, what they show."""

    tokens: Tensor
    learned: Tensor
    pictures: Tensor
    places: Tensor
    shown: Tensor


def learn_tokenizer(count: int = 20_000, seed: int = 1) -> Tokenizer:
    """Learn a vocabulary from conversations."""
    rng = Random(seed)
    return tokens.train(text for _ in range(count) for m in conversation(rng) for text in (m.asked, m.answer))


def batch(rng: Random, tokenizer: Tokenizer, sight: Sight, rows: int) -> Batch:
    """Draw a batch."""
    items, pictures, figures = [], [], []
    for _ in range(rows):
        messages = conversation(rng)
        items.append(encoded(tokenizer, sight, messages))
        for figure in (figure for message in messages for figure in message.figures):
            figures.append(FIGURES.index(figure))
            pictures.append(pixels(draw(rng, figure), sight, rng.choice(RESIZINGS)))
    length = max(len(ids) for ids, _, _ in items)
    ids = torch.full((rows, length), tokens.end_of(tokenizer))
    learned, places = torch.zeros(rows, length, dtype=torch.bool), torch.zeros(rows, length, dtype=torch.bool)
    for row, (given, learn, place) in enumerate(items):
        ids[row, : len(given)] = torch.tensor(given)
        learned[row, : len(given)] = torch.tensor(learn)
        places[row, : len(given)] = torch.tensor(place)
    return Batch(ids, learned[:, 1:], torch.stack(pictures), places[:, :-1], torch.tensor(figures))


def encoded(
    tokenizer: Tokenizer, sight: Sight, messages: tuple[Message, ...]
) -> tuple[list[int], list[bool], list[bool]]:
    """Return the tokens of a conversation, which of them the model writes, and where pictures stand."""
    end = tokens.end_of(tokenizer)
    ids, learned, places = [tokenizer.token_to_id(BOS)], [False], [False]

    def add(more: list[int], learn: bool = False, picture: bool = False) -> None:
        ids.extend(more)
        learned.extend([learn] * len(more))
        places.extend([picture] * len(more))

    def text(words: str) -> list[int]:
        given: list[int] = tokenizer.encode(words, add_special_tokens=False).ids
        return given

    for message in messages:
        add(text(USER))
        for _ in message.figures:
            add([end] * sight.patches, picture=True)
        add(text(message.asked + END + ASSISTANT))
        if message.answer:
            add(text(message.answer + END), learn=True)
    return ids, learned, places


def pixels(image: Image.Image, sight: Sight, how: Image.Resampling = Image.Resampling.BILINEAR) -> Tensor:
    """Return a picture as the encoder takes it, (3, size, size): made square with bars, resized, normalised."""
    scale = sight.size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    square = Image.new("RGB", (sight.size, sight.size), EDGE)
    square.paste(image.resize((width, height), how), ((sight.size - width) // 2, (sight.size - height) // 2))
    values = (np.asarray(square, np.float32) / 255 - MEAN) / DEVIATION
    return torch.from_numpy(values.astype(np.float32).transpose(2, 0, 1).copy())
