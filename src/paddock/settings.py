"""Every setting, read once from the environment and the configuration file, then passed down.

A setting `X` is read as `PADDOCK_X`, then `OLLAMA_X`, then from the configuration file (`x = …` in
`~/.paddock/config.toml`, or the file that `PADDOCK_CONFIG` names), else it has its default.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from paddock.durations import FOREVER, InvalidDuration, parse_duration

T = TypeVar("T")

KVCacheType = Literal["f16", "q8_0", "q4_0"]
KV_CACHE_TYPES: dict[str, KVCacheType] = {"f16": "f16", "q8_0": "q8_0", "q4_0": "q4_0"}

DEFAULT_PORT = 11434
DEFAULT_KEEP_ALIVE = parse_duration("5m")
DEFAULT_LOAD_TIMEOUT = parse_duration("5m")


class InvalidSetting(ValueError):
    """A setting has a value that it cannot have; the message names both."""


@dataclass(frozen=True)
class Settings:
    """What the user chose. Durations are nanoseconds, sizes bytes; 0 means "decide for me" where a number may."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    models: Path = field(default_factory=lambda: Path.home() / ".paddock" / "models")
    keep_alive: int = DEFAULT_KEEP_ALIVE
    load_timeout: int = DEFAULT_LOAD_TIMEOUT
    context_length: int = 0
    num_parallel: int = 0
    max_loaded_models: int = 0
    max_queue: int = 512
    origins: tuple[str, ...] = ()
    kv_cache_type: KVCacheType = "f16"
    flash_attention: bool | None = None
    """None: the runner chooses by the model."""
    noprune: bool = False
    nohistory: bool = False
    debug: bool = False
    gpu_overhead: int = 0
    sched_spread: bool = False
    max_transfer_streams: int = 4
    local_files: bool = False
    """Whether a Modelfile that comes over HTTP may name files of this machine."""
    tiny: bool = True
    """Whether the models that come with the package are there."""
    mirror: tuple[str, ...] = ()
    """Addresses to pull from in place of the default registry; `host=address`: in place of that host."""
    folder: Path = field(default_factory=lambda: Path.home() / ".paddock")
    """Where the user's key and logins lie."""

    @property
    def url(self) -> str:
        """Where a client on this machine finds the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environment` (default: the process's) and the configuration file.

    Raises:
        InvalidSetting: if a value cannot be understood, or the file is not TOML or names an unknown setting.
    """
    env = os.environ if environment is None else environment
    source = _Source(env, _read_file(env))
    host, port = _address(source.text("HOST", ""))
    return Settings(
        host=host,
        port=port,
        models=_models_folder(source.text("MODELS", "")),
        keep_alive=source.read("KEEP_ALIVE", keep_alive, DEFAULT_KEEP_ALIVE),
        load_timeout=source.read("LOAD_TIMEOUT", _timeout, DEFAULT_LOAD_TIMEOUT),
        context_length=source.read("CONTEXT_LENGTH", _count, 0),
        num_parallel=source.read("NUM_PARALLEL", _count, 0),
        max_loaded_models=source.read("MAX_LOADED_MODELS", _count, 0),
        max_queue=source.read("MAX_QUEUE", _count, 512),
        origins=_list(source.text("ORIGINS", "")),
        kv_cache_type=source.read("KV_CACHE_TYPE", _kv_cache_type, "f16"),
        flash_attention=source.read("FLASH_ATTENTION", _switch, None),
        noprune=bool(source.read("NOPRUNE", _switch, None)),
        nohistory=bool(source.read("NOHISTORY", _switch, None)),
        debug=bool(source.read("DEBUG", _switch, None)),
        gpu_overhead=source.read("GPU_OVERHEAD", _count, 0),
        sched_spread=bool(source.read("SCHED_SPREAD", _switch, None)),
        max_transfer_streams=source.read("MAX_TRANSFER_STREAMS", _count, 4) or 1,
        local_files=bool(source.read("LOCAL_FILES", _switch, None)),
        tiny=source.read("TINY", _switch, None) is not False,
        mirror=_list(source.text("MIRROR", "")),
    )


NAMES = (
    "HOST",
    "MODELS",
    "KEEP_ALIVE",
    "LOAD_TIMEOUT",
    "CONTEXT_LENGTH",
    "NUM_PARALLEL",
    "MAX_LOADED_MODELS",
    "MAX_QUEUE",
    "ORIGINS",
    "KV_CACHE_TYPE",
    "FLASH_ATTENTION",
    "NOPRUNE",
    "NOHISTORY",
    "DEBUG",
    "GPU_OVERHEAD",
    "SCHED_SPREAD",
    "MAX_TRANSFER_STREAMS",
    "LOCAL_FILES",
    "TINY",
    "MIRROR",
)


class _Source:
    def __init__(self, environment: Mapping[str, str], file: Mapping[str, str]) -> None:
        self._environment = environment
        self._file = file

    def text(self, name: str, default: str) -> str:
        return self._find(name)[1] or default

    def read(self, name: str, parse: Callable[[str], T], default: T) -> T:
        origin, value = self._find(name)
        if not value:
            return default
        try:
            return parse(value)
        except ValueError as error:
            raise InvalidSetting(f"{origin}={value!r}: {error}") from None

    def _find(self, name: str) -> tuple[str, str]:
        for key in (f"PADDOCK_{name}", f"OLLAMA_{name}"):
            value = self._environment.get(key, "").strip().strip("\"'")
            if value:
                return key, value
        return name.lower(), self._file.get(name.lower(), "")


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
    unknown = sorted(k for k in values if k.upper() not in NAMES)
    if unknown:
        raise InvalidSetting(f"{path}: unknown setting {unknown[0]!r}; there are: {', '.join(NAMES).lower()}")
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


def _models_folder(text: str) -> Path:
    if text:
        return Path(text).expanduser().absolute()
    ollama = Path.home() / ".ollama" / "models"
    return ollama if ollama.is_dir() else Path.home() / ".paddock" / "models"


def keep_alive(text: str) -> int:
    """Nanoseconds from a Go duration or a number of seconds; negative means for ever.

    Raises:
        InvalidDuration: if it is neither.
    """
    try:
        nanoseconds = int(text) * 1_000_000_000
    except ValueError:
        nanoseconds = parse_duration(text)
    return FOREVER if nanoseconds < 0 else min(nanoseconds, FOREVER)


def _timeout(text: str) -> int:
    nanoseconds = keep_alive(text)
    return nanoseconds or FOREVER


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ValueError("must be a number") from None
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _switch(text: str) -> bool | None:
    lowered = text.lower()
    if lowered in ("1", "true", "t", "yes", "on"):
        return True
    if lowered in ("0", "false", "f", "no", "off"):
        return False
    if lowered == "auto":
        return None
    raise ValueError("must be 1 or 0")


def _kv_cache_type(text: str) -> KVCacheType:
    found = KV_CACHE_TYPES.get(text.lower())
    if found is None:
        raise ValueError("must be f16, q8_0 or q4_0")
    return found


__all__ = ["InvalidDuration", "InvalidSetting", "Settings", "keep_alive", "read_settings"]
