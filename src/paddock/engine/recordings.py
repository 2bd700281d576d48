"""Recordings as clients send them, to samples of one channel at the rate that a model hears."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import soundfile

FORMATS = ("WAV", "WAVEX", "RF64", "MP3", "MPEG", "FLAC", "OGG")
"""As libsndfile calls them; MPEG is its name for MP3."""

LONGEST_MINUTES = 30
"""What models for long recordings are made for (Voxtral); most hear half a minute well."""

MOST_VALUES = 200_000_000
"""Samples of all channels: half an hour in stereo at 48 kHz and more. A small file can unpack to any number of them."""

RATES = (1_000, 768_000)
"""Samples per second that can be read: beyond what telephones and studios use."""

BLOCK = 1 << 18
"""Values that are unpacked at once."""

PIECE_SECONDS = 30
"""Encoders cut recordings into pieces of this length, as Whisper did."""

SHORTEST_SECONDS = 0.1
"""Some encoders cannot compute a shorter piece; silence is added to it."""

UNKNOWN_FORMAT = (1, 7, 18)
"""libsndfile's errors for what it does not know, for MP3 without a frame of it, and for Ogg with another codec."""


class BadRecording(ValueError):
    """The bytes are no recording that can be used; the message says why."""


def decode(data: bytes, rate: int) -> "npt.NDArray[np.float32]":
    """Decode a WAV, MP3, FLAC or Ogg file to samples from -1 to 1, `rate` of them per second.

    Channels are averaged. Of a file that was cut off, what is there counts.

    Raises:
        BadRecording: if it is none of these, damaged, without sound, or too long.
    """
    import soundfile

    if not data:
        raise BadRecording("is empty")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.format not in FORMATS:
                raise BadRecording(f"is {file.format}, not of a known format (WAV, MP3, FLAC or Ogg)")
            if not RATES[0] <= file.samplerate <= RATES[1]:
                raise BadRecording(f"has {file.samplerate} samples per second; {RATES[0]} to {RATES[1]} can be read")
            return _whole_pieces(_resampled(file, rate), rate)
    except BadRecording:
        raise
    except soundfile.LibsndfileError as error:
        if error.code in UNKNOWN_FORMAT:
            raise BadRecording("is not of a known format (WAV, MP3, FLAC or Ogg)") from None
        reason = error.error_string.removeprefix("Error : ").rstrip(".")
        raise BadRecording(f"is damaged ({reason})") from None
    except MemoryError:
        raise BadRecording("is too large for the memory that is free") from None
    except Exception as error:  # damaged files make the decoders raise almost anything
        raise BadRecording(f"is damaged ({error})") from None


def _resampled(file: "soundfile.SoundFile", rate: int) -> "npt.NDArray[np.float32]":
    import numpy as np
    import soxr

    if file.samplerate == rate:
        blocks = list(_blocks(file))
    else:
        stream = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32")
        blocks = [stream.resample_chunk(block) for block in _blocks(file)]
        blocks.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _blocks(file: "soundfile.SoundFile") -> "Iterator[npt.NDArray[np.float32]]":
    """Read the file from its beginning, in one channel.

    How long it is, it says itself, and may be wrong: so it is counted.
    """
    import numpy as np

    most = min(LONGEST_MINUTES * 60 * file.samplerate, MOST_VALUES // file.channels)
    read = 0
    while len(block := file.read(max(BLOCK // file.channels, 1), dtype="float32", always_2d=True)):
        read += len(block)
        if read > LONGEST_MINUTES * 60 * file.samplerate:
            raise BadRecording(f"is longer than {LONGEST_MINUTES} minutes")
        if read > most:
            raise BadRecording(f"has more than {MOST_VALUES} samples in its {file.channels} channels")
        with np.errstate(all="ignore"):  # files of floats may hold infinity, and what is no number
            mono = np.nan_to_num(block).mean(axis=1)
        yield np.clip(np.nan_to_num(mono), -1, 1).astype(np.float32)


def _whole_pieces(samples: "npt.NDArray[np.float32]", rate: int) -> "npt.NDArray[np.float32]":
    """Add silence where the last piece would be too short for an encoder."""
    import numpy as np

    if not len(samples):
        raise BadRecording("holds no sound")
    rest = len(samples) % (PIECE_SECONDS * rate)
    missing = int(SHORTEST_SECONDS * rate) - rest
    return np.pad(samples, (0, missing)) if rest and missing > 0 else samples
