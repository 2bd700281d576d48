"""What the tests share: where things lie, small models, a server to talk to."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
STORIES = SHARED / "models" / "stories260K.gguf"

STORY = (
    ", there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. "
    "She wanted to play with it, but it was too high.\nLily"
)
"""What stories260K continues "Once upon a time" with: 60 tokens, greedy (`reference/measured.md`)."""


@pytest.fixture(scope="session")
def stories() -> Path:
    """A real model of 260 thousand parameters that tells stories."""
    if not STORIES.exists():
        pytest.skip("stories260K.gguf is not here")
    return STORIES
