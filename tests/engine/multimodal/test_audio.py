"""Audio of every format is decoded to samples; other files are refused."""

import contextlib
import io
import struct
import wave

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.multimodal.audio import MIN_SECONDS, BadAudio, decode
from tests.audio import noise, recorded
from tests.models.projectors import RATE

FORMS = {
    # What is lost, as a part of the whole.
    "16 bits": ("WAV", "PCM_16", 1e-3),
    "24 bits": ("WAV", "PCM_24", 1e-6),
    "8 bits": ("WAV", "PCM_U8", 0.03),
    "floats": ("WAV", "FLOAT", 1e-6),
    "telephone": ("WAV", "ULAW", 0.03),
    "extensible": ("WAVEX", "PCM_16", 1e-3),
    "large": ("RF64", "PCM_16", 1e-3),
    "FLAC": ("FLAC", "PCM_16", 1e-3),
    "MP3": ("MP3", None, 0.03),
    "Ogg": ("OGG", "VORBIS", 0.1),
    "Opus": ("OGG", "OPUS", 0.3),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_format_is_the_same_sound(name: str) -> None:
    form, subtype, most = FORMS[name]
    samples = noise(1)
    found = decode(recorded(samples, form=form, subtype=subtype), RATE)
    assert found.dtype == np.float32
    assert abs(len(found) - len(samples)) <= 0.1 * RATE
    middle = slice(RATE // 10, 9 * RATE // 10)
    assert (found[middle] - samples[middle, 0]).std() < most * samples[middle].std()


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_every_rate_is_the_same_sound(rate: int) -> None:
    found = decode(recorded(noise(2, rate=rate), rate), RATE)
    assert abs(len(found) - RATE) <= 2
    middle = slice(RATE // 10, 9 * RATE // 10)
    assert np.abs(found[middle] - noise(2)[middle, 0]).max() < 5e-3


def test_channels_are_averaged() -> None:
    left, right = noise(3), noise(4)
    stereo = recorded(np.concatenate([left, right], axis=1), subtype="FLOAT")
    assert np.abs(decode(stereo, RATE) - (left + right)[:, 0] / 2).max() < 1e-6
    assert np.abs(decode(recorded(np.repeat(left, 6, axis=1)), RATE) - left[:, 0]).max() < 1e-4


def test_silence_is_an_audio_file() -> None:
    assert not decode(recorded(np.zeros((RATE, 2), np.float32)), RATE).any()


def test_samples_that_are_not_finite_become_silence_and_loud_ones_are_clipped() -> None:
    samples = noise(5)
    samples[10:13, 0] = [np.nan, np.inf, -1e38]
    found = decode(recorded(samples, subtype="FLOAT"), RATE)
    assert list(found[10:13]) == [0, 1, -1]
    assert np.array_equal(found[13:], samples[13:, 0])


@pytest.mark.parametrize("seconds", [2 / RATE, 0.05, 30 + 1 / RATE])
def test_pieces_that_are_too_short_end_in_silence(seconds: float) -> None:
    samples = noise(6, seconds)
    found = decode(recorded(samples, subtype="FLOAT"), RATE)
    assert len(found) % (30 * RATE) == MIN_SECONDS * RATE
    assert np.array_equal(found[: len(samples)], samples[:, 0])
    assert not found[len(samples) :].any()


def test_of_a_file_that_was_cut_off_counts_what_is_there() -> None:
    whole = recorded(noise(7, 2))
    assert np.array_equal(decode(whole[: 44 + 2 * RATE], RATE), decode(whole, RATE)[:RATE])
    assert len(decode(recorded(noise(7, 2), form="MP3")[:4000], RATE)) > RATE // 4


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("part", [0.25, 0.5, 0.9])
def test_of_a_flac_file_that_was_cut_off_counts_what_is_there(part: float, channels: int) -> None:
    samples = noise(7, 40, channels=channels)
    whole = recorded(samples, form="FLAC")
    found = decode(whole[: int(len(whole) * part)], RATE)
    assert part * len(samples) - RATE < len(found) < len(samples)
    assert np.abs(found[: 5 * RATE] - samples[: 5 * RATE, 0]).max() < 1e-4
    assert np.abs(found[-RATE:] - samples[len(found) - RATE : len(found), 0]).max() < 1e-4


def stream_of(samples: npt.NDArray[np.float32], length_of_all: int, length_of_sound: int) -> bytes:
    stream = bytearray(recorded(samples))
    stream[4:8], stream[40:44] = struct.pack("<I", length_of_all), struct.pack("<I", length_of_sound)
    return bytes(stream)


@pytest.mark.parametrize("length_of_all", [0, 8, 36, 0xFFFFFFFF])
@pytest.mark.parametrize("length_of_sound", [0, 0xFFFFFFFF])
def test_a_file_that_does_not_say_how_long_it_is_is_read_to_its_end(length_of_all: int, length_of_sound: int) -> None:
    """As programs write them that do not know how much is coming."""
    assert len(decode(stream_of(noise(8), length_of_all, length_of_sound), RATE)) == RATE


def test_a_flac_file_that_does_not_say_how_long_it_is_is_read_to_its_end() -> None:
    stream = bytearray(recorded(noise(8, 3), form="FLAC"))
    stream[21] &= 0xF0  # the last 36 bits of what stands before the checksum count the samples
    stream[22:26] = bytes(4)
    assert len(decode(bytes(stream), RATE)) == 3 * RATE


def test_what_stands_behind_no_sound_is_not_taken_for_sound() -> None:
    tag = b"LIST" + struct.pack("<I", 1000) + bytes(1000)
    file = recorded(np.zeros((0, 1), np.float32)) + tag
    with pytest.raises(BadAudio, match="holds no sound"):
        decode(file[:4] + struct.pack("<I", len(file) - 8) + file[8:], RATE)


def cheap_file(seconds: int, rate: int = 1000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, 1, rate, 0, "NONE", ""))
        writer.writeframes(bytes(seconds * rate * channels))
    return file.getvalue()


WRONG = {
    "empty": (b"", "is empty"),
    "text": (b"hello, hello, hello", "known format"),
    "only a head": (recorded(noise(1))[:44], "holds no sound"),
    "half a head": (recorded(noise(1))[:30], "damaged"),
    "a cut FLAC": (recorded(noise(1), form="FLAC")[:60], "damaged"),
    "no sound": (recorded(np.zeros((0, 1), np.float32)), "holds no sound"),
    "another format": (recorded(noise(1), form="AIFF"), "AIFF"),
    "a tag and nothing": (b"ID3" + bytes(200), "known format"),
    "a frame and nothing": (b"\xff\xfb" + bytes(20_000), "known format"),
    "another codec": (b"OggS" + bytes(200), "known format"),
    "too slow": (cheap_file(10, 10), "10 samples per second"),
    "too long": (cheap_file(1801), "longer than 30 minutes"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_audio_is_refused(what: str) -> None:
    data, reason = WRONG[what]
    with pytest.raises(BadAudio, match=reason):
        decode(data, RATE)


def test_half_an_hour_is_taken() -> None:
    assert len(decode(cheap_file(1800), 1000)) == 1_800_000


def test_a_file_that_decodes_to_too_much_is_refused() -> None:
    assert len(decode(cheap_file(24, channels=2), 1000, max_values=50_000)) == 24_000
    with pytest.raises(BadAudio, match="more than 50000 samples in its 2 channels"):
        decode(cheap_file(26, channels=2), 1000, max_values=50_000)


def test_a_file_that_is_not_needed_any_more_is_not_decoded_to_its_end() -> None:
    calls = 0

    def is_needed() -> bool:
        nonlocal calls
        calls += 1
        return calls < 3

    with pytest.raises(BadAudio):
        decode(cheap_file(1800), 1000, is_needed)
    assert calls == 3


@pytest.mark.parametrize("size", [0x80000000, 0xFFFFFFFF, 0xFFFF0000, 0x7FFFFFFF])
def test_sizes_of_any_kind_raise_nothing_in_the_callbacks_of_the_library(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would be printed with a traceback each."""
    raised: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", raised.append)
    for form, order in (("WAV", "<"), ("AIFF", ">")):
        file = recorded(noise(1), form=form)
        for name in (b"LIST", b"bext", b"fact", b"SSND", b"data", b"COMM"):
            for at in (12, 38, 40, 48):
                with contextlib.suppress(BadAudio):
                    decode(file[:at] + name + struct.pack(order + "I", size) + file[at:], RATE)
                    decode(file[:at] + name + struct.pack(order + "I", size) + file[at + 8 :], RATE)
    assert not raised


SAMPLE = {form: recorded(noise(9, 0.2), form=form) for form in ("WAV", "FLAC", "MP3", "OGG")}


@given(form=st.sampled_from(sorted(SAMPLE)), data=st.data())
def test_whatever_is_changed_in_a_file_it_is_an_audio_file_or_refused(form: str, data: st.DataObject) -> None:
    file = bytearray(SAMPLE[form])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(file) - 1, 200)))
        file[at] = data.draw(st.integers(0, 255))
    del file[data.draw(st.integers(0, len(file))) :]
    try:
        found = decode(bytes(file), RATE)
    except BadAudio as error:
        assert str(error)
    else:
        assert len(found) >= MIN_SECONDS * RATE
        assert np.isfinite(found).all()
        assert np.abs(found).max() <= 1.01
