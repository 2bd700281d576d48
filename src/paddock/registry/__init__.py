"""Models over the network: pulled from a registry, pushed to one, and carried between machines as one file.

`Registry` pulls and pushes. It speaks the protocol of OCI (Docker) registries with Ollama's additions, and is imported
when it is asked for, as what it needs (httpx, cryptography) is at the first transfer: a server that never pulls starts
fast and stays small.
"""

from typing import TYPE_CHECKING, Any

from paddock.registry.errors import RegistryError

if TYPE_CHECKING:
    from paddock.registry.registry import Registry

__all__ = ["Registry", "RegistryError"]


def __getattr__(name: str) -> Any:
    """Import what has not been needed yet."""
    if name == "Registry":
        from paddock.registry.registry import Registry

        return Registry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
