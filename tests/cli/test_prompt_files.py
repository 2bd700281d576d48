import base64
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from training.vision.evaluate import held_out

from paddock.cli.errors import CommandError
from paddock.cli.prompt_files import MAX_FILE_BYTES, extract_files, starts_with_file
from tests.server.servers import ServerUnderTest

VISION, AUDIO, BOTH = ({"capabilities": ["completion", *more]} for more in (["vision"], ["audio"], ["vision", "audio"]))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "an image.png"
    Image.new("RGB", (8, 8), "red").save(path)
    return path


@pytest.mark.parametrize(
    "text",
    ["'{}'", '"{}"', "{escaped}"],
    ids=["single quotes", "double quotes", "backslashes"],
)
def test_the_path_of_an_image_is_extracted_from_the_prompt(
    image: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = text.format(image, escaped=str(image).replace(" ", "\\ "))
    expected = [base64.b64encode(image.read_bytes()).decode()]
    assert extract_files(f"What is {named} about?", VISION) == ("What is  about?", expected)
    assert extract_files(f"{named} {named}", VISION) == ("", expected * 2)
    assert capsys.readouterr().err == f"Added image '{image}'\n" * 3
    assert starts_with_file(f"{named} what?", VISION)


def test_a_path_may_start_at_home_or_in_this_folder(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = image.rename(image.with_name("X.JPeG"))
    monkeypatch.chdir(image.parent)
    monkeypatch.setenv("HOME", str(image.parent))
    for text in ("./X.JPeG", "~/X.JPeG", f"../{image.parent.name}/X.JPeG"):
        assert len(extract_files(f"see {text}, please", VISION)[1]) == 1, text


@pytest.mark.parametrize(
    "prompt",
    [
        "no/such.png",
        "/no/such.png",
        "x.png",
        "/bye",
        "/show info",
        "https://example.com/x.png",
        "  two  spaces ",
        "/x.pngs",
        f"/{'long' * 2000}.png",
    ],
)
def test_other_texts_and_missing_images_stay_in_the_prompt(prompt: str) -> None:
    assert extract_files(prompt, VISION) == (prompt, [])
    assert not starts_with_file(prompt, VISION)


@pytest.mark.parametrize("ending", ["wav", "MP3", "flac", "ogg"])
def test_the_path_of_an_audio_file_is_extracted_from_the_prompt(
    tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"speech.{ending}"
    path.write_bytes(b"sound")
    expected = [base64.b64encode(b"sound").decode()]
    assert extract_files(f"What is in {path}?", AUDIO) == ("What is in ?", expected)
    assert capsys.readouterr().err == f"Added audio '{path}'\n"
    assert starts_with_file(f"{path} what?", AUDIO)


def test_a_file_that_the_model_does_not_take_stays_in_the_prompt(image: Path, tmp_path: Path) -> None:
    sound = tmp_path / "speech.wav"
    sound.write_bytes(b"sound")
    prompt = f"Is '{image}' what {sound} says?"
    assert extract_files(prompt, {"capabilities": None}) == extract_files(prompt, {}) == (prompt, [])
    assert extract_files(prompt, VISION)[0] == f"Is  what {sound} says?"
    assert extract_files(prompt, AUDIO)[0] == f"Is '{image}' what  says?"
    assert extract_files(prompt, BOTH)[0] == "Is  what  says?"
    assert not starts_with_file(f"{sound} what?", VISION)


def test_an_image_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.png").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(CommandError, match="larger than 100 MB"):
        extract_files(str(tmp_path / "x.png"), VISION)


def test_a_vision_model_receives_the_image(tmp_path: Path) -> None:
    figure, drawing = held_out(1)[0]
    Image.open(io.BytesIO(base64.b64decode(drawing))).save(tmp_path / "drawn.png")
    with ServerUnderTest(tmp_path / "server", TINY="1") as server:
        result = subprocess.run(
            [sys.executable, "-m", "paddock", "run", "tiny-vision", "What is this? ./drawn.png"],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path), "PADDOCK_HOST": server.url},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.stdout == f"A {figure.name}.\n\n"
    assert result.stderr == "Added image 'drawn.png'\n"
