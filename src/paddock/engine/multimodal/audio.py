"""Recordings as clients send them, to samples of one channel at the rate that a model hears."""

import io
import struct
from collections.abc import Callable, Iterator
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

WAV_ENDLESS = 0xFFFFFFFF
"""The size in a WAV file that says that its writer did not know it. Some write 0."""

CHUNKS_BEFORE_SOUND = 64
"""In a WAV file without a size, the most that are passed over: more than any program writes."""

UNWANTED = "is not wanted any more"
"""What is wrong with a file that was given up on the way."""


class BadAudio(ValueError):
    """The bytes are no recording that can be used; the message says why."""


def decode(data: bytes, rate: int, wanted: Callable[[], bool] = lambda: True) -> "npt.NDArray[np.float32]":
    """Decode a WAV, MP3, FLAC or Ogg file to samples from -1 to 1, `rate` of them per second.

    Channels are averaged. Of a file that was cut off, or is damaged further on, what is there counts. `wanted` is asked
    now and then whether to go on.

    Raises:
        BadAudio: if it is none of these, damaged, without sound, too long, or not wanted any more.
    """
    import soundfile

    if not data:
        raise BadAudio("is empty")
    try:
        with soundfile.SoundFile(_Bytes(_with_size(data))) as file:
            if file.format not in FORMATS:
                raise BadAudio(f"is {file.format}, not of a known format (WAV, MP3, FLAC or Ogg)")
            if not RATES[0] <= file.samplerate <= RATES[1]:
                raise BadAudio(f"has {file.samplerate} samples per second; {RATES[0]} to {RATES[1]} can be read")
            return _whole_pieces(_resampled(file, rate, wanted), rate)
    except BadAudio:
        raise
    except soundfile.LibsndfileError as error:
        if error.code in UNKNOWN_FORMAT:
            raise BadAudio("is not of a known format (WAV, MP3, FLAC or Ogg)") from None
        reason = error.error_string.removeprefix("Error : ").rstrip(".")
        raise BadAudio(f"is damaged ({reason})") from None
    except MemoryError:
        raise BadAudio("is too large for the memory that is free") from None
    except Exception as error:  # damaged files make the decoders raise almost anything
        raise BadAudio(f"is damaged ({error})") from None


class _Bytes(io.BytesIO):
    """Bytes for the library, which after a failed seek goes on where it is, and prints what its callbacks raise."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


def _with_size(data: bytes) -> bytes:
    """Return the file; a WAV file whose writer could not go back to say how long it is as one that says so."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    (length,) = struct.unpack_from("<I", data, 4)
    at = 12
    for _ in range(CHUNKS_BEFORE_SOUND):
        if at + 8 >= len(data):
            break
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"data":
            if size == 0 and (length == WAV_ENDLESS or length + 8 <= at):
                return data[: at - 4] + struct.pack("<I", WAV_ENDLESS) + data[at:]
            break
        at += size + size % 2
    return data


def _resampled(file: "soundfile.SoundFile", rate: int, wanted: Callable[[], bool]) -> "npt.NDArray[np.float32]":
    import numpy as np
    import soxr

    if file.samplerate == rate:
        blocks = list(_blocks(file, wanted))
    else:
        stream = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32")
        blocks = [stream.resample_chunk(block) for block in _blocks(file, wanted)]
        blocks.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _blocks(file: "soundfile.SoundFile", wanted: Callable[[], bool]) -> "Iterator[npt.NDArray[np.float32]]":
    """Read the file from its beginning, in one channel.

    How long it is, it says itself, and may be wrong: so it is counted.
    """
    import numpy as np

    most = min(LONGEST_MINUTES * 60 * file.samplerate, MOST_VALUES // file.channels)
    read = 0
    for block in _read(file):
        if not wanted():
            raise BadAudio(UNWANTED)
        read += len(block)
        if read > LONGEST_MINUTES * 60 * file.samplerate:
            raise BadAudio(f"is longer than {LONGEST_MINUTES} minutes")
        if read > most:
            raise BadAudio(f"has more than {MOST_VALUES} samples in its {file.channels} channels")
        with np.errstate(all="ignore"):  # files of floats may hold infinity, and what is no number
            mono = np.nan_to_num(block).mean(axis=1)
        yield np.clip(np.nan_to_num(mono), -1, 1).astype(np.float32)


def _read(file: "soundfile.SoundFile") -> "Iterator[npt.NDArray[np.float32]]":
    """Read blocks of all channels, up to the end or to where the file is damaged. They share their memory."""
    import numpy as np
    import soundfile

    # Else it seeks to where it is after each block: that costs time, and fails in the last one of a FLAC file cut off.
    file.seekable = lambda: False
    room = np.empty((max(BLOCK // file.channels, 1), file.channels), np.float32)
    read = 0
    while True:
        try:
            block = file.read(out=room)
        except soundfile.LibsndfileError:
            block = room[: max(file.tell() - read, 0)]
            if not read + len(block):
                raise
            yield block
            return
        if not len(block):
            return
        read += len(block)
        yield block


def _whole_pieces(samples: "npt.NDArray[np.float32]", rate: int) -> "npt.NDArray[np.float32]":
    """Add silence where the last piece would be too short for an encoder."""
    import numpy as np

    if not len(samples):
        raise BadAudio("holds no sound")
    rest = len(samples) % (PIECE_SECONDS * rate)
    missing = int(SHORTEST_SECONDS * rate) - rest
    return np.pad(samples, (0, missing)) if rest and missing > 0 else samples
