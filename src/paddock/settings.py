"""Every setting, read once from the environment and the configuration file, then passed down.

A setting `X` is read as `PADDOCK_X`, then `OLLAMA_X`, then from the configuration file (`x = …` in
`~/.paddock/config.toml`, or the file that `PADDOCK_CONFIG` names), else it has its default.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from paddock.durations import FOREVER, SECOND, parse_duration

KVCacheType = Literal["f16", "q8_0", "q4_0"]

DEFAULT_PORT = 11434
MINUTE = 60 * SECOND


class InvalidSetting(ValueError):
    """A setting has a value that it cannot have; the message names both."""


def parse_keep_alive(text: str) -> int:
    """Return the nanoseconds of a Go duration or of a number of seconds; negative ones mean `FOREVER`.

    Raises:
        InvalidDuration: if it is neither.
    """
    try:
        nanoseconds = int(text) * SECOND
    except ValueError:
        nanoseconds = parse_duration(text)
    return FOREVER if nanoseconds < 0 else min(nanoseconds, FOREVER)


def _timeout(text: str) -> int:
    return parse_keep_alive(text) or FOREVER


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ValueError("must be a number") from None
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _positive(text: str) -> int:
    return _count(text) or 1


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _switch(text: str) -> bool | None:
    """Return whether a switch is on; None for `auto`."""
    lowered = text.lower()
    if lowered in ("1", "true", "t", "yes", "on"):
        return True
    if lowered in ("0", "false", "f", "no", "off"):
        return False
    if lowered == "auto":
        return None
    raise ValueError("must be 1 or 0")


def _is_on(text: str) -> bool:
    return _switch(text) is True


def _is_not_off(text: str) -> bool:
    return _switch(text) is not False


def _kv_cache_type(text: str) -> KVCacheType:
    if text.lower() not in ("f16", "q8_0", "q4_0"):
        raise ValueError("must be f16, q8_0 or q4_0")
    return cast(KVCacheType, text.lower())


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _default_models() -> Path:
    """Return Ollama's models folder if there is one, else our own."""
    ollama = Path.home() / ".ollama" / "models"
    return ollama if ollama.is_dir() else Path.home() / ".paddock" / "models"


@dataclass(frozen=True)
class Settings:
    """What the user chose. Durations are nanoseconds, sizes bytes; 0 means "decide for me" where a number may.

    A field is the setting of its name in capitals; the function beside its type turns the setting's text into a value.
    To add a setting, add a field here and a row to the README's table.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """The setting `HOST` has both."""
    models: Annotated[Path, _folder] = field(default_factory=_default_models)
    keep_alive: Annotated[int, parse_keep_alive] = 5 * MINUTE
    load_timeout: Annotated[int, _timeout] = 5 * MINUTE
    context_length: Annotated[int, _count] = 0
    num_parallel: Annotated[int, _count] = 0
    max_loaded_models: Annotated[int, _count] = 0
    max_queue: Annotated[int, _count] = 512
    model_turn: Annotated[int, parse_keep_alive] = 5 * SECOND
    """How long a model in use takes new requests while others wait for room."""
    origins: Annotated[tuple[str, ...], _list] = ()
    kv_cache_type: Annotated[KVCacheType, _kv_cache_type] = "f16"
    flash_attention: Annotated[bool | None, _switch] = None
    """None: the runner chooses by the model."""
    noprune: Annotated[bool, _is_on] = False
    nohistory: Annotated[bool, _is_on] = False
    debug: Annotated[bool, _is_on] = False
    max_transfer_streams: Annotated[int, _positive] = 4
    local_files: Annotated[bool, _is_on] = False
    """Whether a Modelfile that comes over HTTP may name files of this machine."""
    tiny: Annotated[bool, _is_not_off] = True
    """Whether the models that come with the package are there."""
    sandbox: Annotated[bool, _is_not_off] = True
    """Whether the processes that read strangers' files give up what they do not need."""
    mirror: Annotated[tuple[str, ...], _list] = ()
    """Addresses to pull from in place of the default registry; `host=address`: in place of that host."""
    folder: Path = field(default_factory=lambda: Path.home() / ".paddock")
    """The folder of the user's key and logins; not a setting."""

    @property
    def url(self) -> str:
        """The address at which a client on this machine finds the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


_PARSERS: dict[str, Callable[[str], Any]] = {
    one.name: get_args(one.type)[1] for one in fields(Settings) if get_origin(one.type) is Annotated
}
SETTING_NAMES = ("HOST", *(name.upper() for name in _PARSERS))
"""The name of every setting."""
REMOVED_SETTINGS = ("GPU_OVERHEAD", "SCHED_SPREAD")
"""Settings of earlier versions, which had no effect; a configuration file may still name them."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environment` (default: the process's) and the configuration file.

    Raises:
        InvalidSetting: if a value cannot be understood, or the file is not TOML or names an unknown setting.
    """
    env = os.environ if environment is None else environment
    file = _read_file(env)
    host, port = _address(_find("HOST", env, file)[1])
    values: dict[str, Any] = {}
    for name, parse in _PARSERS.items():
        origin, text = _find(name.upper(), env, file)
        if text:
            try:
                values[name] = parse(text)
            except ValueError as error:
                raise InvalidSetting(f"{origin}={text!r}: {error}") from None
    return Settings(host, port, **values)


def _find(name: str, environment: Mapping[str, str], file: Mapping[str, str]) -> tuple[str, str]:
    """Return where a setting is set, as the user calls that, and its text; "" if it is not set."""
    for key in (f"PADDOCK_{name}", f"OLLAMA_{name}"):
        text = environment.get(key, "").strip().strip("\"'")
        if text:
            return key, text
    return name.lower(), file.get(name.lower(), "")


def _read_file(environment: Mapping[str, str]) -> dict[str, str]:
    named = environment.get("PADDOCK_CONFIG")
    path = Path(named) if named else Path.home() / ".paddock" / "config.toml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if named:
            raise InvalidSetting(f"PADDOCK_CONFIG: {path} does not exist") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{path}: {error}") from None
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSetting(f"{path}: {error}") from None
    unknown = sorted(k for k in values if k.upper() not in (*SETTING_NAMES, *REMOVED_SETTINGS))
    if unknown:
        raise InvalidSetting(f"{path}: unknown setting {unknown[0]!r}; there are: {', '.join(SETTING_NAMES).lower()}")
    return {k: ",".join(map(str, v)) if isinstance(v, list) else str(v) for k, v in values.items()}


def _address(text: str) -> tuple[str, int]:
    scheme, _, rest = text.rpartition("://")
    default_port = {"": DEFAULT_PORT, "http": 80, "https": 443}.get(scheme.lower())
    if default_port is None:
        raise InvalidSetting(f"HOST={text!r}: the scheme must be http or https")
    rest = rest.split("/", 1)[0]
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") > 1:
        host, port = rest, ""
    else:
        host, _, port = rest.partition(":")
    if not port:
        return host or "127.0.0.1", default_port
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise InvalidSetting(f"HOST={text!r}: the port must be a number up to 65535")
    return host or "127.0.0.1", int(port)
