from pathlib import Path

import pytest

from paddock.durations import FOREVER
from paddock.settings import REMOVED_SETTINGS, SETTING_NAMES, InvalidSetting, Settings, read_settings
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def test_our_own_name_comes_before_ollamas() -> None:
    settings = read_settings({"PADDOCK_MAX_QUEUE": "3", "OLLAMA_MAX_QUEUE": "4", "OLLAMA_NUM_PARALLEL": "2"})
    assert (settings.max_queue, settings.num_parallel) == (3, 2)


def test_the_environment_comes_before_the_file(empty_home: Path) -> None:
    (empty_home / ".paddock").mkdir()
    (empty_home / ".paddock" / "config.toml").write_text('max_queue = 7\nnum_parallel = 5\norigins = ["a", "b"]\n')
    settings = read_settings({"OLLAMA_NUM_PARALLEL": "2"})
    assert (settings.max_queue, settings.num_parallel, settings.origins) == (7, 2, ("a", "b"))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("", "127.0.0.1", 11434),
        ("0.0.0.0", "0.0.0.0", 11434),
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        (":8080", "127.0.0.1", 8080),
        ("[::1]:8080", "::1", 8080),
        ("::1", "::1", 11434),
        ("http://example.com", "example.com", 80),
        ("https://example.com/path", "example.com", 443),
        ("http://localhost:1234/", "localhost", 1234),
    ],
)
def test_an_address_may_be_written_in_many_ways(text: str, host: str, port: int) -> None:
    settings = read_settings({"PADDOCK_HOST": text})
    assert (settings.host, settings.port) == (host, port)


def test_a_client_reaches_a_server_that_listens_everywhere_on_loopback() -> None:
    assert read_settings({"PADDOCK_HOST": "0.0.0.0:1"}).url == "http://127.0.0.1:1"
    assert read_settings({"PADDOCK_HOST": "[::]:1"}).url == "http://[::1]:1"


@pytest.mark.parametrize(("text", "value"), [("10m", 600 * 10**9), ("60", 60 * 10**9), ("-1", FOREVER), ("0", 0)])
def test_keep_alive_is_a_duration_or_seconds(text: str, value: int) -> None:
    assert read_settings({"OLLAMA_KEEP_ALIVE": text}).keep_alive == value


@pytest.mark.parametrize(("text", "value"), [("2", 2 * 10**9), ("300ms", 3 * 10**8), ("0", 0), ("", 5 * 10**9)])
def test_a_models_turn_is_a_duration_or_seconds(text: str, value: int) -> None:
    assert read_settings({"PADDOCK_MODEL_TURN": text}).model_turn == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PADDOCK_HOST", "ftp://x"),
        ("PADDOCK_HOST", "127.0.0.1:99999"),
        ("PADDOCK_KEEP_ALIVE", "soon"),
        ("OLLAMA_NUM_PARALLEL", "many"),
        ("OLLAMA_MAX_QUEUE", "-1"),
        ("OLLAMA_KV_CACHE_TYPE", "q5_1"),
        ("OLLAMA_FLASH_ATTENTION", "perhaps"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting) as error:
        read_settings({name: value})
    assert value in str(error.value)


@pytest.mark.parametrize("name", REMOVED_SETTINGS)
def test_a_file_that_names_a_removed_setting_is_still_read(empty_home: Path, name: str) -> None:
    (empty_home / ".paddock").mkdir()
    (empty_home / ".paddock" / "config.toml").write_text(f"{name.lower()} = 1\nmax_queue = 7\n")
    assert read_settings({}).max_queue == 7


def test_an_unknown_name_in_the_file_is_an_error(empty_home: Path) -> None:
    file = empty_home / "c.toml"
    file.write_text("frob = 1\n")
    with pytest.raises(InvalidSetting, match="frob"):
        read_settings({"PADDOCK_CONFIG": str(file)})


def test_a_file_that_is_no_toml_is_an_error(empty_home: Path) -> None:
    file = empty_home / "c.toml"
    file.write_text("= 1\n")
    with pytest.raises(InvalidSetting):
        read_settings({"PADDOCK_CONFIG": str(file)})


def test_an_existing_ollama_folder_is_used(empty_home: Path) -> None:
    assert read_settings({}).models == empty_home / ".paddock" / "models"
    (empty_home / ".ollama" / "models").mkdir(parents=True)
    assert read_settings({}).models == empty_home / ".ollama" / "models"
    assert read_settings({"OLLAMA_MODELS": "/elsewhere"}).models == Path("/elsewhere")


def test_every_setting_has_a_default() -> None:
    assert read_settings({}) == Settings()


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in SETTING_NAMES if f"`{name}`" not in readme] == []


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("LOAD_TIMEOUT", "0", FOREVER),
        ("LOAD_TIMEOUT", "90s", 90 * 10**9),
        ("CONTEXT_LENGTH", "8192", 8192),
        ("ORIGINS", " a , ,b", ("a", "b")),
        ("KV_CACHE_TYPE", "Q8_0", "q8_0"),
        ("FLASH_ATTENTION", "on", True),
        ("FLASH_ATTENTION", "0", False),
        ("FLASH_ATTENTION", "auto", None),
        ("DEBUG", "yes", True),
        ("DEBUG", "auto", False),
        ("TINY", "off", False),
        ("TINY", "auto", True),
        ("SANDBOX", "0", False),
        ("SANDBOX", "1", True),
        ("MAX_TRANSFER_STREAMS", "0", 1),
        ("NOPRUNE", '"1"', True),
        ("MIRROR", "https://a.example", ("https://a.example",)),
    ],
)
def test_a_setting_is_read_from_its_text(name: str, text: str, value: object) -> None:
    assert getattr(read_settings({f"PADDOCK_{name}": text}), name.lower()) == value


def test_an_empty_value_is_no_value() -> None:
    assert read_settings({"PADDOCK_MAX_QUEUE": "", "OLLAMA_MAX_QUEUE": "5"}).max_queue == 5
    assert read_settings({"PADDOCK_MAX_QUEUE": " "}).max_queue == 512


def test_a_value_of_the_file_that_makes_no_sense_is_named(empty_home: Path) -> None:
    file = empty_home / "c.toml"
    file.write_text("num_parallel = -2\n")
    with pytest.raises(InvalidSetting, match=r"^num_parallel='-2': must not be negative$"):
        read_settings({"PADDOCK_CONFIG": str(file)})


def test_a_configuration_file_that_was_named_must_be_there(empty_home: Path) -> None:
    with pytest.raises(InvalidSetting, match="does not exist"):
        read_settings({"PADDOCK_CONFIG": str(empty_home / "absent.toml")})
