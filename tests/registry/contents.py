"""A model's layers, as the tests of transfers have them in a registry."""

import hashlib
import random

from tests.registry.fake import Asked

MODEL = random.Random(1).randbytes(3_000_000)
TEMPLATE = b"{{ .Prompt }}"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def is_blob(asked: Asked) -> bool:
    return digest(MODEL) in asked.path and (asked.server == "storage" or "/blobs/" in asked.path)
