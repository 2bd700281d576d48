"""Decode audio files to samples of one channel, at the sample rate of a model."""

import io
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import soundfile

AUDIO_FORMATS = ("WAV", "WAVEX", "RF64", "MP3", "MPEG", "FLAC", "OGG")
"""Names of formats in libsndfile; MPEG is its name for MP3."""

MAX_MINUTES = 30
"""The length that models for long audio are made for (Voxtral); most understand half a minute well."""

MAX_VALUES = 200_000_000
"""Samples of all channels: half an hour in stereo at 48 kHz and more. A small file can unpack to any number of them."""

RATES = (1_000, 768_000)
"""Samples per second that can be read: beyond what telephones and studios use."""

DECODED_VALUES = 1 << 18
"""Values that are decoded at once."""

ENCODER_SECONDS = 30
"""Encoders cut audio into pieces of this length, as Whisper did."""

MIN_SECONDS = 0.1
"""Some encoders cannot compute a shorter piece, so silence is added to it."""

UNKNOWN_FORMAT_ERRORS = (1, 7, 18)
"""libsndfile's error codes: unknown format, MP3 without a single frame, Ogg with an unknown codec."""

WAV_UNKNOWN_SIZE = 0xFFFFFFFF
"""The size in a WAV file whose writer did not know it. Some write 0."""

MAX_WAV_CHUNKS = 64
"""Chunks that are skipped at most before the samples of a WAV file without a size: more than any program writes."""

NOT_NEEDED = "is not needed any more"
"""The error message for a file that nobody needs any more."""


class BadAudio(ValueError):
    """The bytes are not audio that can be used; the message says why."""


def decode(
    data: bytes, rate: int, still_needed: Callable[[], bool] = lambda: True, max_values: int = MAX_VALUES
) -> "npt.NDArray[np.float32]":
    """Decode a WAV, MP3, FLAC or Ogg file to samples from -1 to 1, `rate` of them per second.

    Average the channels. Return the readable beginning of a file that was cut off or is damaged further on. Stop when
    `still_needed` returns False, which is called for each block. Decode at most `max_values` samples of all channels.

    Raises:
        BadAudio: if the file has another format, is damaged, silent, too long, or not needed any more.
    """
    import soundfile

    if not data:
        raise BadAudio("is empty")
    try:
        with soundfile.SoundFile(_Bytes(_with_size(data))) as file:
            if file.format not in AUDIO_FORMATS:
                raise BadAudio(f"is {file.format}, not of a known format (WAV, MP3, FLAC or Ogg)")
            if not RATES[0] <= file.samplerate <= RATES[1]:
                raise BadAudio(f"has {file.samplerate} samples per second; {RATES[0]} to {RATES[1]} can be read")
            return _whole_pieces(_resampled(file, rate, still_needed, max_values), rate)
    except BadAudio:
        raise
    except soundfile.LibsndfileError as error:
        if error.code in UNKNOWN_FORMAT_ERRORS:
            raise BadAudio("is not of a known format (WAV, MP3, FLAC or Ogg)") from None
        reason = error.error_string.removeprefix("Error : ").rstrip(".")
        raise BadAudio(f"is damaged ({reason})") from None
    except MemoryError:
        raise BadAudio("is too large for the memory that is free") from None
    except Exception as error:  # damaged files make the decoders raise almost anything
        raise BadAudio(f"is damaged ({error})") from None


class _Bytes(io.BytesIO):
    """Bytes for libsndfile, which goes on where it is after a failed seek, and prints exceptions of its callbacks."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


def _with_size(data: bytes) -> bytes:
    """Return the file; mark the size as unknown in a WAV file whose writer could not go back to fill it in."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    (length,) = struct.unpack_from("<I", data, 4)
    at = 12
    for _ in range(MAX_WAV_CHUNKS):
        if at + 8 >= len(data):
            break
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"data":
            if size == 0 and (length == WAV_UNKNOWN_SIZE or length + 8 <= at):
                return data[: at - 4] + struct.pack("<I", WAV_UNKNOWN_SIZE) + data[at:]
            break
        at += size + size % 2
    return data


def _resampled(
    file: "soundfile.SoundFile", rate: int, still_needed: Callable[[], bool], max_values: int
) -> "npt.NDArray[np.float32]":
    import numpy as np
    import soxr

    if file.samplerate == rate:
        blocks = list(_blocks(file, still_needed, max_values))
    else:
        stream = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32")
        blocks = [stream.resample_chunk(block) for block in _blocks(file, still_needed, max_values)]
        blocks.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _blocks(
    file: "soundfile.SoundFile", still_needed: Callable[[], bool], max_values: int
) -> "Iterator[npt.NDArray[np.float32]]":
    """Yield the samples of one channel, block by block.

    The file says how long it is, but may be wrong, so samples are counted.
    """
    import numpy as np

    most = min(MAX_MINUTES * 60 * file.samplerate, max_values // file.channels)
    read = 0
    for block in _read(file):
        if not still_needed():
            raise BadAudio(NOT_NEEDED)
        read += len(block)
        if read > MAX_MINUTES * 60 * file.samplerate:
            raise BadAudio(f"is longer than {MAX_MINUTES} minutes")
        if read > most:
            raise BadAudio(f"has more than {max_values} samples in its {file.channels} channels")
        with np.errstate(all="ignore"):  # files of floats may hold infinities and NaN
            mono = np.nan_to_num(block).mean(axis=1)
        yield np.clip(np.nan_to_num(mono), -1, 1).astype(np.float32)


def _read(file: "soundfile.SoundFile") -> "Iterator[npt.NDArray[np.float32]]":
    """Yield blocks of all channels, up to the end or to where the file is damaged. They share their memory."""
    import numpy as np
    import soundfile

    # Otherwise it seeks after each block, which costs time and fails in the last block of a FLAC file that was cut off.
    file.seekable = lambda: False
    room = np.empty((max(DECODED_VALUES // file.channels, 1), file.channels), np.float32)
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
    """Append silence if the last piece would be too short for an encoder."""
    import numpy as np

    if not len(samples):
        raise BadAudio("holds no sound")
    rest = len(samples) % (ENCODER_SECONDS * rate)
    missing = int(MIN_SECONDS * rate) - rest
    return np.pad(samples, (0, missing)) if rest and missing > 0 else samples
