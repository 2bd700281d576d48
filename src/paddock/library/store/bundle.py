"""Models that come inside the package: a second library beside the models folder, which nothing is ever written to."""

from collections.abc import Iterator
from pathlib import Path

from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobStore
from paddock.library.store.manifests import ManifestStore, StoredManifest

BUNDLED_MODELS = Path(__file__).parents[2] / "bundled"
"""The folder inside the package, laid out like a models folder."""


class Bundle:
    """The packaged models, but for those that were removed: `hidden` has an empty file for each, until asked for."""

    def __init__(self, folder: Path, hidden: Path) -> None:
        self.blobs = BlobStore(folder / "blobs")
        self._manifests = ManifestStore(folder / "manifests")
        self._hidden = ManifestStore(hidden)

    def read(self, name: ModelName) -> StoredManifest | None:
        """Return the manifest of a model, found without regard to upper and lower case; None if there is none.

        Raises:
            BrokenModel: if it cannot be read.
        """
        name = self._manifests.resolve(name)
        return None if self._is_hidden(name) else self._manifests.read(name)

    def has(self, name: ModelName) -> bool:
        """Whether there is a model of that name that is not hidden."""
        name = self._manifests.resolve(name)
        return self._manifests.stamp(name) is not None and not self._is_hidden(name)

    def names(self) -> Iterator[ModelName]:
        """Every model that is not hidden."""
        return (name for name in self._manifests.names() if not self._is_hidden(name))

    def hide(self, name: ModelName) -> bool:
        """Let a model be as if it were not there; False if there is none."""
        name = self._manifests.resolve(name)
        if not self.has(name):
            return False
        marker = self._hidden.path(name)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        return True

    def ask_for(self, name: ModelName) -> bool:
        """Let a model be there again; False if the package has none of that name."""
        name = self._manifests.resolve(name)
        self._hidden.delete(name)
        return self._manifests.stamp(name) is not None

    def _is_hidden(self, name: ModelName) -> bool:
        return self._hidden.stamp(name) is not None
