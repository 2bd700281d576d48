"""A model's layers, as the tests of transfers have them in a registry."""

import hashlib
import random

from tests.registry.fake import Received

MODEL = random.Random(1).randbytes(3_000_000)
TEMPLATE = b"{{ .Prompt }}"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def is_blob(request: Received) -> bool:
    return digest(MODEL) in request.path and (request.server == "storage" or "/blobs/" in request.path)
