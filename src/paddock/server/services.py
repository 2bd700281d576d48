"""The services that handlers call."""

from dataclasses import dataclass

from paddock.fleet import Fleet
from paddock.library.store.library import Library
from paddock.service.creation import Creator
from paddock.service.embedding import Embedding
from paddock.service.inference import Inference
from paddock.service.loader import Loader
from paddock.service.models import Catalog
from paddock.service.transfer import Transfer


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that a handler may use, the same for every dialect."""

    library: Library
    catalog: Catalog
    fleet: Fleet
    loader: Loader
    creator: Creator
    inference: Inference
    embedding: Embedding
    transfer: Transfer
