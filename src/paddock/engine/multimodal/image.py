"""Pictures as clients send them, to the red, green and blue of each pixel."""

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")

MOST_PIXELS = 64_000_000
"""Of a picture as it is sent: more than cameras of telephones make (50 million)."""

LONGEST_SIDE = 4096
"""Pixels. Larger pictures are made smaller before anything else: no projector looks at more."""

FLATTEST = 200
"""How many times longer one side may be than the other: the preprocessing of the Qwen family takes no more."""

SIXTEEN_BITS = 256
"""What the 16-bit grey of some PNG files is divided by."""


class BadImage(ValueError):
    """The bytes are no picture that can be used; the message says why."""


@dataclass(frozen=True)
class Pixels:
    """A picture: rows from the top, of pixels from the left, of three bytes each."""

    width: int
    height: int
    data: bytes

    def shrunk(self, factor: float) -> "Pixels":
        """The picture with each side made shorter by a factor."""
        import PIL.Image

        image = PIL.Image.frombytes("RGB", (self.width, self.height), self.data)
        size = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        smaller = image.resize(size, PIL.Image.Resampling.BICUBIC)
        return Pixels(smaller.width, smaller.height, smaller.tobytes())


def decode(data: bytes) -> Pixels:
    """Decode a PNG, JPEG, WebP, GIF (its first frame) or BMP file.

    It is turned as its EXIF says, and what is transparent becomes white.

    Raises:
        BadImage: if it is none of these, damaged, too large or too flat.
    """
    import PIL.Image
    import PIL.ImageOps

    if not data:
        raise BadImage("is empty")
    try:
        with warnings.catch_warnings():
            # Of damaged metadata, and of sizes, for which there is a bound of our own.
            warnings.simplefilter("ignore")
            with PIL.Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(image.width, image.height)
                image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                image.load()
                image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                upright = _upright(image)
                rgb = _rgb(upright)
                return Pixels(rgb.width, rgb.height, rgb.tobytes())
    except BadImage:
        raise
    except PIL.UnidentifiedImageError:
        raise BadImage("is not an image of a known format (PNG, JPEG, WebP, GIF or BMP)") from None
    except PIL.Image.DecompressionBombError:
        raise BadImage(f"has more than {MOST_PIXELS} pixels") from None
    except MemoryError:
        raise BadImage("is too large for the memory that is free") from None
    except Exception as error:  # damaged files make the decoders raise almost anything
        raise BadImage(f"is damaged ({error})") from None


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise BadImage(f"has {width} x {height} pixels, more than {MOST_PIXELS}")
    if not width or not height:
        raise BadImage("has no pixels")
    if max(width, height) > FLATTEST * min(width, height):
        raise BadImage(f"has {width} x {height} pixels: one side is more than {FLATTEST} times the other")


def _upright(image: "Image") -> "Image":
    import PIL.ImageOps

    try:
        return PIL.ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF must not cost the picture
        return image


def _rgb(image: "Image") -> "Image":
    import PIL.Image

    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / SIXTEEN_BITS).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = PIL.Image.new("RGBA", image.size, "white")
        return PIL.Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
