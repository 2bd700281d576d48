"""Audio that tests make: noise that differs for each seed, in any format."""

import io

import numpy as np
import numpy.typing as npt
import soundfile

from tests.models.projectors import RATE


def noise(seed: int, seconds: float = 1.0, rate: int = RATE, channels: int = 1) -> npt.NDArray[np.float32]:
    """Return samples of a chord whose tones rise and fall, of shape (samples, channels)."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate)) / rate
    tones = random.uniform(100, 3000, (5, 1)) * times + random.uniform(0, 9, (5, 1)) * np.sin(9 * times)
    mixed = (np.sin(2 * np.pi * tones) * random.uniform(0.02, 0.15, (5, 1))).sum(axis=0)
    return np.repeat(mixed[:, None], channels, axis=1).astype(np.float32)


def recorded(
    samples: npt.NDArray[np.float32], rate: int = RATE, form: str = "WAV", subtype: str | None = None
) -> bytes:
    """Return samples as a file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=form, subtype=subtype)
    return file.getvalue()


def spoken(seed: int, seconds: float = 1.0) -> bytes:
    """Return a WAV file at the models' sample rate, which loses nothing when it is decoded."""
    return recorded(noise(seed, seconds))
