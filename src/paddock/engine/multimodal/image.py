"""Decode image files to the red, green and blue of each pixel."""

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")

MAX_PIXELS = 64_000_000
"""Pixels of an image file: more than those of phone cameras (50 million)."""

MAX_SIDE = 4096
"""Pixels. Larger images are shrunk first, since no projector uses more."""

MAX_ASPECT_RATIO = 200
"""Longer side divided by the shorter one; the preprocessing of the Qwen family accepts no more."""

GREY_16_BIT_DIVISOR = 256
"""Divides the 16-bit grey values of some PNG files down to 8 bits."""


class BadImage(ValueError):
    """The bytes are not an image that can be used; the message says why."""


@dataclass(frozen=True)
class Pixels:
    """An image: rows from the top, pixels from the left, three bytes for each pixel."""

    width: int
    height: int
    data: bytes

    def shrunk(self, factor: float) -> "Pixels":
        """Return the image with each side multiplied by `factor`."""
        import PIL.Image

        image = PIL.Image.frombytes("RGB", (self.width, self.height), self.data)
        size = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        smaller = image.resize(size, PIL.Image.Resampling.BICUBIC)
        return Pixels(smaller.width, smaller.height, smaller.tobytes())


def decode(data: bytes) -> Pixels:
    """Decode a PNG, JPEG, WebP, GIF (its first frame) or BMP file.

    Rotate it as its EXIF data says, and make transparent parts white.

    Raises:
        BadImage: if the file has another format, or is damaged, too large or too narrow.
    """
    import PIL.Image
    import PIL.ImageOps

    if not data:
        raise BadImage("is empty")
    try:
        with warnings.catch_warnings():
            # Warnings are about damaged metadata, and about sizes, which are checked below.
            warnings.simplefilter("ignore")
            with PIL.Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
                _check_size(image.width, image.height)
                image.draft("RGB", (MAX_SIDE, MAX_SIDE))
                image.load()
                image.thumbnail((MAX_SIDE, MAX_SIDE))
                upright = _upright(image)
                rgb = _rgb(upright)
                return Pixels(rgb.width, rgb.height, rgb.tobytes())
    except BadImage:
        raise
    except PIL.UnidentifiedImageError:
        raise BadImage("is not an image of a known format (PNG, JPEG, WebP, GIF or BMP)") from None
    except PIL.Image.DecompressionBombError:
        raise BadImage(f"has more than {MAX_PIXELS} pixels") from None
    except MemoryError:
        raise BadImage("is too large for the memory that is free") from None
    except Exception as error:  # damaged files make the decoders raise almost anything
        raise BadImage(f"is damaged ({error})") from None


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadImage(f"has {width} x {height} pixels, more than {MAX_PIXELS}")
    if not width or not height:
        raise BadImage("has no pixels")
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise BadImage(f"has {width} x {height} pixels: one side is more than {MAX_ASPECT_RATIO} times the other")


def _upright(image: "Image") -> "Image":
    import PIL.ImageOps

    try:
        return PIL.ImageOps.exif_transpose(image)
    except Exception:  # an image with damaged EXIF data is used as it is
        return image


def _rgb(image: "Image") -> "Image":
    import PIL.Image

    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / GREY_16_BIT_DIVISOR).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = PIL.Image.new("RGBA", image.size, "white")
        return PIL.Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
