"""Whether llama.cpp can tokenize texts with the vocabulary of a model.

Each rule stands for an assertion of its tokenizers, or for an exception that they do not catch. `soundness` has the
rules about the other keys of a model.
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from paddock.gguf.encoded import EncodedValue
from paddock.gguf.errors import DamagedModel, quoted
from paddock.gguf.header import GgufHeader
from paddock.gguf.reader import read_values

TOKENS, TOKEN_TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
MAX_TOKENS = 1 << 20
"""The largest vocabularies in use have a quarter of that."""
BYTE = 6
"""Type of a token that stands for a byte (LLAMA_TOKEN_TYPE_BYTE)."""
BYTE_TEXT = 3
"""Bytes that the text of such a token has at least: `<0x41>` has six, of which the last three are read."""


def check_vocabulary(header: GgufHeader, path: Path) -> None:
    """Check that llama.cpp will not crash over the tokens of a model: a tenth of a second for a large vocabulary.

    Args:
        header: the header of the file.
        path: the file, whose tokens are read.

    Raises:
        DamagedModel: if it would.
        GgufError, OSError: if the file cannot be read any more.
    """
    values = read_values(path, {TOKENS, TOKEN_TYPES})
    tokens, types = values.get(TOKENS), values.get(TOKEN_TYPES)
    if tokens is None:
        return
    if tokens.length > MAX_TOKENS:
        raise DamagedModel(f"its vocabulary has {tokens.length} tokens, and can have {MAX_TOKENS}")
    for reason in _tokens(header.text("tokenizer.ggml.model"), header.text("tokenizer.ggml.pre"), tokens, types):
        raise DamagedModel(reason)


def _tokens(tokenizer: str, split: str, tokens: EncodedValue, types: EncodedValue | None) -> Iterator[str]:
    """Yield what is wrong with a vocabulary.

    Args:
        tokenizer: name of the tokenizer's kind.
        split: name of how it splits a text first.
        tokens: texts of the tokens.
        types: their types; None if they have none.
    """
    kinds = types.first(tokens.length).numbers if types is not None else []
    known: set[bytes] = set()
    for number, (text, kind) in enumerate(zip_longest(tokens.pieces(), kinds)):
        if text is None:
            break
        text = text.partition(b"\0")[0] or b"[EMPTY_%d]" % number  # as llama.cpp reads and names them
        if text in known:
            yield f"its vocabulary has the token {quoted(text.decode('utf-8', 'replace'))} twice"
        known.add(text)
        if kind == BYTE and (tokenizer == "bert" or len(text) < BYTE_TEXT):
            yield f"its token {quoted(text.decode('utf-8', 'replace'))} is said to be a byte, which it cannot name"
    if tokenizer == "llama" and split != "gemma4":
        # Characters that it does not know become tokens for their bytes.
        missing = sum(b"<0x%02X>" % byte not in known and bytes((byte,)) not in known for byte in range(256))
        if missing:
            yield f"its vocabulary lacks {missing} of the 256 tokens for bytes (<0x00> to <0xFF>) that texts may need"
