"""Images of every format are decoded to the same pixels; other files are refused with a reason."""

import io
import random
from collections.abc import Callable
from typing import Any

import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.multimodal.image import IMAGE_FORMATS, MAX_SIDE, BadImage, Pixels, decode
from tests.examples import scaled


def encoded(image: PIL.Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def halves(width: int = 60, height: int = 40) -> PIL.Image.Image:
    """Blue on the left, red on the right."""
    image = PIL.Image.new("RGB", (width, height), "red")
    image.paste((0, 0, 255), (0, 0, width // 2, height))
    return image


def corner(pixels: Pixels, x: int, y: int) -> tuple[int, ...]:
    """A pixel; negative coordinates count from the other side."""
    at = (y % pixels.height * pixels.width + x % pixels.width) * 3
    return tuple(pixels.data[at : at + 3])


def alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= 4 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("form", IMAGE_FORMATS)
def test_every_format(form: str) -> None:
    pixels = decode(encoded(halves(), form))
    assert (pixels.width, pixels.height, len(pixels.data)) == (60, 40, 60 * 40 * 3)
    assert alike(corner(pixels, 0, 0), (0, 0, 255))
    assert alike(corner(pixels, -1, -1), (255, 0, 0))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(form: str, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    pixels = decode(encoded(halves(), form, exif=exif))
    assert (pixels.width < pixels.height) == (orientation >= 5)
    blue = {1: (0, 0), 2: (-1, 0), 3: (-1, 0), 4: (0, 0), 5: (0, 0), 6: (0, 0), 7: (0, -1), 8: (0, -1)}[orientation]
    assert alike(corner(pixels, *blue), (0, 0, 255))


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBA", (0, 0, 255, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 255, 255), (0, 0, 255)),
        ("LA", (0, 0), (255, 255, 255)),
        ("L", 7, (7, 7, 7)),
        ("1", 1, (255, 255, 255)),
        ("I;16", 65535, (255, 255, 255)),
        ("I;16", 256 * 9, (9, 9, 9)),
    ],
)
def test_every_kind_of_pixel(mode: str, colour: Any, expected: tuple[int, ...]) -> None:
    assert corner(decode(encoded(PIL.Image.new(mode, (5, 4), colour))), 2, 2) == expected


def test_cmyk_and_transparent_palettes() -> None:
    assert corner(decode(encoded(PIL.Image.new("CMYK", (5, 4), (0, 0, 0, 0)), "JPEG")), 0, 0) == (255, 255, 255)
    palette = PIL.Image.new("P", (5, 4), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert corner(decode(encoded(palette)), 0, 0) == (10, 20, 30)
    assert corner(decode(encoded(palette, transparency=0)), 0, 0) == (255, 255, 255)


def test_of_several_frames_the_first() -> None:
    frames = [PIL.Image.new("RGB", (8, 8), colour) for colour in ("lime", "red", "blue")]
    for form in ("GIF", "WEBP"):
        data = encoded(frames[0], form, save_all=True, append_images=frames[1:])
        assert alike(corner(decode(data), 0, 0), (0, 255, 0))


@pytest.mark.thorough
def test_large_images_are_shrunk() -> None:
    for form in ("JPEG", "PNG"):
        pixels = decode(encoded(PIL.Image.new("RGB", (6000, 3000), "red"), form))
        assert (pixels.width, pixels.height) == (MAX_SIDE, MAX_SIDE // 2)
    smaller = pixels.shrunk(0.25)
    assert (smaller.width, smaller.height, len(smaller.data)) == (1024, 512, 1024 * 512 * 3)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", "empty"),
        (lambda: b"hello", "known format"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "known format"),
        (lambda: encoded(halves(), "TIFF"), "known format"),
        (lambda: encoded(halves())[:60], "damaged"),
        (lambda: encoded(halves(), "JPEG")[:300], "damaged"),
        (lambda: encoded(PIL.Image.new("1", (9000, 9000))), "9000 x 9000"),
        (lambda: encoded(PIL.Image.new("1", (1, 500))), "200 times"),
        pytest.param(lambda: encoded(PIL.Image.new("1", (20000, 20000))), "64000000", marks=pytest.mark.thorough),
    ],
    ids=["nothing", "text", "SVG", "TIFF", "cut PNG", "cut JPEG", "too many pixels", "too long", "far too many pixels"],
)
def test_what_cannot_be_used_is_refused(make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        decode(make())


@settings(max_examples=scaled(60), deadline=None)
@given(st.sampled_from(IMAGE_FORMATS), st.integers(0, 2**32), st.integers(1, 12), st.booleans())
def test_damaged_ones_are_decoded_or_refused(form: str, seed: int, changes: int, cut: bool) -> None:
    chance = random.Random(seed)
    data = bytearray(encoded(halves(), form))
    for _ in range(changes):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if cut:
        del data[chance.randrange(len(data)) :]
    try:
        pixels = decode(bytes(data))
    except BadImage as error:
        assert "\n" not in str(error)
    else:
        assert len(pixels.data) == pixels.width * pixels.height * 3
