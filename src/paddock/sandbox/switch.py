"""How the setting `sandbox` reaches the processes that confine themselves: by a variable of their environment."""

import os
from collections.abc import Mapping

SWITCH = "PADDOCK_SANDBOX"
_OFF = ("0", "false", "f", "no", "off")


def sandbox_environment(enabled: bool) -> dict[str, str]:
    """Return the variables that tell a new process, and those that it starts, whether to confine itself."""
    return {SWITCH: "1" if enabled else "0"}


def is_enabled(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether this process is to confine itself; it is, unless the variable says no."""
    environment = os.environ if environment is None else environment
    return environment.get(SWITCH, "").strip().lower() not in _OFF
