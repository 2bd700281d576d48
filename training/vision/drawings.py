"""Drawings of one figure, of every size, place, turn and shade, on paper of many kinds."""

import io
from dataclasses import dataclass
from math import cos, pi, sin
from random import Random

from PIL import Image, ImageDraw, ImageFilter

COLOURS = {"red": (215, 35, 35), "green": (35, 150, 50), "blue": (40, 70, 215), "yellow": (240, 205, 30)}
SHAPES = ("circle", "square", "triangle")

PAPERS = ((255, 255, 255), (255, 255, 255), (240, 240, 235), (215, 215, 215), (120, 120, 120), (20, 20, 20), (0, 0, 0))

FINE = 3
"""Figures are drawn this many times larger and then reduced, for smooth edges."""


@dataclass(frozen=True)
class Figure:
    """What a drawing shows."""

    colour: str
    shape: str

    @property
    def name(self) -> str:
        """Return it as a reply names it: "red circle"."""
        return f"{self.colour} {self.shape}"


FIGURES = tuple(Figure(colour, shape) for colour in COLOURS for shape in SHAPES)


def some_figure(rng: Random) -> Figure:
    """Return a colour with a shape."""
    return rng.choice(FIGURES)


def draw(rng: Random, figure: Figure) -> Image.Image:
    """Draw a figure, filled or as a thick line, somewhere on paper of 32 to 192 pixels a side."""
    longer = rng.choice((32, 48, 48, 64, 64, 96, 128, 192))
    shorter = longer if rng.random() < 0.6 else round(longer * rng.uniform(0.55, 1))
    width, height = (longer, shorter) if rng.random() < 0.5 else (shorter, longer)
    paper = _varied(rng, rng.choice(PAPERS), 12)
    image = Image.new("RGB", (width * FINE, height * FINE), paper)
    radius = shorter * FINE * rng.uniform(0.26, 0.46)
    centre = (rng.uniform(radius, width * FINE - radius), rng.uniform(radius, height * FINE - radius))
    _paint(rng, ImageDraw.Draw(image), figure, centre, radius)
    image = image.resize((width, height), Image.Resampling.BOX)
    if rng.random() < 0.15:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.8)))
    return _as_jpeg(rng, image) if rng.random() < 0.2 else image


def _paint(rng: Random, pen: ImageDraw.ImageDraw, figure: Figure, centre: tuple[float, float], radius: float) -> None:
    colour = _varied(rng, COLOURS[figure.colour], 25)
    x, y = centre
    fill, line = (colour, 0) if rng.random() < 0.75 else (None, max(2, round(radius * rng.uniform(0.18, 0.4))))
    if figure.shape == "circle":
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill, outline=colour, width=line or 1)
        return
    corners = 4 if figure.shape == "square" else 3
    turn = (
        rng.choice((pi / 4, rng.uniform(0, 2 * pi))) if corners == 4 else rng.choice((pi / 6, rng.uniform(0, 2 * pi)))
    )
    points = [
        (
            x + radius * cos(turn - pi / 3 * (corners == 3) + 2 * pi * i / corners),
            y + radius * sin(turn - pi / 3 * (corners == 3) + 2 * pi * i / corners),
        )
        for i in range(corners)
    ]
    if fill:
        pen.polygon(points, fill=fill)
    else:
        pen.line([*points, *points[:2]], fill=colour, width=line, joint="curve")


def _varied(rng: Random, colour: tuple[int, int, int], by: int) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, part + rng.randint(-by, by))) for part in colour)
    return red, green, blue


def _as_jpeg(rng: Random, image: Image.Image) -> Image.Image:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=rng.randint(60, 95))
    return Image.open(data).convert("RGB")
