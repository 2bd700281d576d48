import io

import pytest
from PIL import Image

from paddock.signatures import is_audio
from tests.audio import noise, recorded


@pytest.mark.parametrize("form", ["WAV", "RF64", "FLAC", "MP3", "OGG", "AIFF"])
def test_audio_is_recognized_by_its_first_bytes(form: str) -> None:
    data = recorded(noise(1, 0.2), form=form)
    assert is_audio(data)
    assert is_audio(data[:12])


@pytest.mark.parametrize(
    "beginning",
    [b"ID3\4\0", b"\xff\xfb\x90", b"\xff\xf3\x40", b"\xff\xf1\x50", b"\0\0\0\x20ftypM4A "],
    ids=["tagged MP3", "MP3", "slow MP3", "AAC", "M4A"],
)
def test_so_are_those_without_a_file_at_hand(beginning: bytes) -> None:
    assert is_audio(beginning)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_images_are_not_taken_for_audio(form: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, form)
    assert not is_audio(file.getvalue())


@pytest.mark.parametrize("data", [b"", b"R", b"\xff", b"\xff\xfe", b"hello", b"RIFF", b"\0\0\0\x20ftypmp42"])
def test_neither_is_anything_else(data: bytes) -> None:
    assert not is_audio(data)
