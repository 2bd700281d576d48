"""Models inside the package: a folder laid out like a models folder, which is only read."""

from collections.abc import Iterator
from pathlib import Path

from paddock.library.names import ModelName
from paddock.library.store.blobs import BlobStore
from paddock.library.store.files import make_private_folder
from paddock.library.store.manifests import ManifestStore, StoredManifest
from paddock.library.store.model import Model
from paddock.library.store.stamps import Stamp

BUNDLED_MODELS = Path(__file__).parents[2] / "bundled"
"""The folder with the models of the package."""


class Bundle:
    """The models of the package, except those that the user removed.

    Args:
        folder: laid out like a models folder.
        hidden: has an empty file for each removed model, where its manifest would be.
    """

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

    def stamp(self, name: ModelName) -> Stamp | None:
        """Return the stamp of the manifest of exactly this name, hidden or not; None if there is none."""
        return self._manifests.stamp(name)

    def lookup_files(self, model: Model) -> list[tuple[Path, Stamp | None]]:
        """Return the files, with their stamps, that decide whether `model` is still what its name means."""
        return [(self._hidden.path(model.name), None), (self._manifests.path(model.name), model.stamp)]

    def has(self, name: ModelName) -> bool:
        """Return whether there is a model of that name that is not hidden."""
        name = self._manifests.resolve(name)
        return self._manifests.stamp(name) is not None and not self._is_hidden(name)

    def names(self) -> Iterator[ModelName]:
        """Return the name of every model that is not hidden."""
        return (name for name in self._manifests.names() if not self._is_hidden(name))

    def hide(self, name: ModelName) -> bool:
        """Hide a model, which is how one is removed; return False if there is none of that name."""
        name = self._manifests.resolve(name)
        if not self.has(name):
            return False
        make_private_folder(self._hidden.folder.parent)
        marker = self._hidden.path(name)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        return True

    def unhide(self, name: ModelName) -> bool:
        """Show a hidden model again; return False if the package has none of that name."""
        name = self._manifests.resolve(name)
        self._hidden.delete(name)
        return self._manifests.stamp(name) is not None

    def _is_hidden(self, name: ModelName) -> bool:
        return self._hidden.stamp(name) is not None
