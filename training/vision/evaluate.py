"""Evaluation: drawings that training never saw, sent as files to a server that has the packaged model."""

import base64
import io
from random import Random

import ollama
from PIL import Image

from training.vision.drawings import Figure, draw, some_figure
from training.vision.names import NAME

PASS_RATE = 0.95
QUESTION = "What does this drawing show?"
"""A wording that training does not have."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")


def held_out(count: int) -> list[tuple[Figure, str]]:
    """Return figures, and drawings of them, held out of training by their seed, as files in base64."""
    rng = Random("held out")
    drawings = []
    for i in range(count):
        figure = some_figure(rng)
        drawings.append((figure, _file(draw(rng, figure), FORMATS[i % len(FORMATS)])))
    return drawings


def evaluate(count: int, show: int = 0) -> float:
    """Ask the server that `OLLAMA_HOST` names about `count` drawings; print and return which part is named rightly."""
    client = ollama.Client()
    right = 0
    for figure, drawing in held_out(count):
        messages = [{"role": "user", "content": QUESTION, "images": [drawing]}]
        reply = client.chat(NAME, messages).message.content or ""
        if reply == f"A {figure.name}.":
            right += 1
        elif show:
            show -= 1
            print(f"{figure.name}: {reply}")
    print(f"{right} of {count} drawings named rightly: {100 * right / count:.1f} % (needed: {100 * PASS_RATE:.0f} %)")
    return right / count


def _file(image: Image.Image, kind: str) -> str:
    data = io.BytesIO()
    image.save(data, kind)
    return base64.b64encode(data.getvalue()).decode()
