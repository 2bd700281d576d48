"""Models between machines: pulled from a registry, pushed to one, exported and imported as one file.

`Registry` pulls and pushes with the protocol of OCI (Docker) registries and Ollama's additions. It is imported when it
is first used, and httpx and cryptography at the first transfer: a server that never pulls starts fast and stays small.
"""

from typing import TYPE_CHECKING, Any

from paddock.registry.errors import RegistryError

if TYPE_CHECKING:
    from paddock.registry.registry import Registry

__all__ = ["Registry", "RegistryError"]


def __getattr__(name: str) -> Any:
    """Import `Registry` when it is first used."""
    if name == "Registry":
        from paddock.registry.registry import Registry

        return Registry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
