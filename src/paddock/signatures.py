"""Tell audio files from images by their first bytes: clients send both in one list, without a type."""

_ID3, _FLAC, _OGG = b"ID3", b"fLaC", b"OggS"
_MPEG_LAYERS = (0b01, 0b10)
"""Layer III and layer II in an MPEG frame's header; layer I is not in use."""


def is_audio(data: bytes) -> bool:
    """Return whether a file is audio: WAV, MP3, FLAC or Ogg, or a format that cannot be decoded (AIFF, AAC, M4A)."""
    if data.startswith((_ID3, _FLAC, _OGG)):
        return True
    kind = data[8:12]
    if data[:4] in (b"RIFF", b"RF64"):
        return kind == b"WAVE"
    if data[:4] == b"FORM":
        return kind in (b"AIFF", b"AIFC")
    return (data[4:8] == b"ftyp" and kind[:3] == b"M4A") or _is_mpeg_frame(data)


def _is_mpeg_frame(data: bytes) -> bool:
    """Return whether a file begins with a frame of MP3, or of AAC (ADTS), without a tag before it."""
    if len(data) < 2 or data[0] != 0xFF:
        return False
    is_mp3 = data[1] & 0xE0 == 0xE0 and (data[1] >> 1) & 0b11 in _MPEG_LAYERS
    return is_mp3 or data[1] & 0xF6 == 0xF0
