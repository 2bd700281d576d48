"""A loaded model: its weights, its vocabulary, its metadata."""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from paddock.engine.binding.library import LoadError, lib, start_library, uses_amx
from paddock.engine.binding.stream import Readable, c_file

LOAD_PLAIN, LOAD_MMAP, LOAD_MLOCK = 0, 1, 2
"""Values of `enum llama_load_mode`; the last two may be combined."""
NOT_LAZY = 0
"""A value of `enum llama_lazy_mode`: read huge tables at once, too, since a translated file cannot be mapped later."""
ALL_LAYERS = 10_000
SENTENCEPIECE = 1
"""LLAMA_VOCAB_TYPE_SPM."""

V = TypeVar("V")


@dataclass(frozen=True)
class Adapter:
    """A loaded LoRA adapter, which belongs to its model."""

    pointer: Any


class TokenTable(dict[int, V]):
    """A value of each token, read from the library when it is first asked for."""

    def __init__(self, read: Callable[[int], V]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, token: int) -> V:
        value = self[token] = self._read(token)
        return value


class LlamaModel:
    """A model file in memory. Close it when done, after the contexts that were made from it."""

    def __init__(
        self,
        path: str,
        *,
        gpu_layers: int = -1,
        main_gpu: int = 0,
        use_mmap: bool = True,
        use_mlock: bool = False,
        translated: Readable | None = None,
    ) -> None:
        """Load the file at `path`; `gpu_layers` below 0 puts all layers on a GPU if there is one.

        Load `translated` in place of the file where llama.cpp cannot read it as it is; all of it goes into memory.

        Raises:
            LoadError: if this build cannot run the model.
        """
        if not Path(path).is_file():
            raise LoadError(f"{path} does not exist")
        self.path = path
        native_log = start_library()
        native_log.clear()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = ALL_LAYERS if gpu_layers < 0 else gpu_layers
        params.main_gpu = main_gpu
        params.use_extra_bufts = not uses_amx()  # else weights are laid out for AMX, whose kernels crash
        plain = translated is not None or not use_mmap
        if translated is not None:
            params.lazy_mode = NOT_LAZY
        params.load_mode = (LOAD_PLAIN if plain else LOAD_MMAP) | (LOAD_MLOCK if use_mlock else 0)
        self.pointer: Any = None
        if translated is not None:
            try:
                with c_file(translated) as file:
                    self.pointer = lib.llama_model_load_from_file_ptr(file, params)
            except LoadError:
                lib.llama_model_free(self.pointer)
                raise
        else:
            self.pointer = lib.llama_model_load_from_file(path.encode(), params)
        if not self.pointer:
            raise LoadError(native_log.explain("the model could not be loaded"))
        self._adapters: list[Adapter] = []
        vocab = lib.llama_model_get_vocab(self.pointer)
        self.vocab: Any = vocab
        self.vocabulary_size: int = lib.llama_vocab_n_tokens(vocab)
        self.train_context: int = lib.llama_model_n_ctx_train(self.pointer)
        self.layers: int = lib.llama_model_n_layer(self.pointer)
        self.heads: int = lib.llama_model_n_head(self.pointer)
        self.embedding_length: int = lib.llama_model_n_embd(self.pointer)
        self.sliding_window: int = lib.llama_model_n_swa(self.pointer)
        self.size: int = lib.llama_model_size(self.pointer)
        self.is_recurrent: bool = lib.llama_model_is_recurrent(self.pointer)
        self.is_hybrid: bool = lib.llama_model_is_hybrid(self.pointer)
        self.has_decoder: bool = lib.llama_model_has_decoder(self.pointer)
        self.bos: int = lib.llama_vocab_bos(vocab)
        self.eos: int = lib.llama_vocab_eos(vocab)
        self.adds_bos: bool = lib.llama_vocab_get_add_bos(vocab)
        self.pieces: TokenTable[bytes] = TokenTable(lambda token: self._read_piece(token, special=False))
        """Bytes of each token, in which special tokens have none."""
        self.special_pieces: TokenTable[bytes] = TokenTable(lambda token: self._read_piece(token, special=True))
        """Bytes of each token, special ones included."""
        self.end_tokens: TokenTable[bool] = TokenTable(lambda token: bool(lib.llama_vocab_is_eog(vocab, token)))
        """Whether each token ends a reply."""

    def add_adapter(self, path: str) -> Adapter:
        """Load a LoRA adapter for this model.

        Raises:
            LoadError: if it does not fit the model.
        """
        native_log = start_library()
        native_log.clear()
        pointer = lib.llama_adapter_lora_init(self.pointer, path.encode())
        if not pointer:
            raise LoadError(native_log.explain("the adapter could not be loaded"))
        adapter = Adapter(pointer)
        self._adapters.append(adapter)
        return adapter

    @property
    def description(self) -> str:
        """Return a few words such as `llama 1B Q4_K - Medium`."""
        buffer = ctypes.create_string_buffer(128)
        lib.llama_model_desc(self.pointer, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")

    def tokenize(self, text: str, *, add_special: bool = True, parse_special: bool = True) -> list[int]:
        """Return the tokens of `text`.

        `add_special` adds the BOS and EOS tokens that the model was trained with; `parse_special` turns the spelling of
        a special token into that token.
        """
        data = text.encode("utf-8", "surrogatepass")
        room = len(data) + 8
        tokens = (ctypes.c_int32 * room)()
        count = lib.llama_tokenize(self.vocab, data, len(data), tokens, room, add_special, parse_special)
        if count < 0:
            room = -count
            tokens = (ctypes.c_int32 * room)()
            count = lib.llama_tokenize(self.vocab, data, len(data), tokens, room, add_special, parse_special)
        return list(tokens[: max(count, 0)])

    def missing_bytes(self) -> int:
        """Return for how many bytes a SentencePiece vocabulary has no token, 0 for others.

        Texts with a character that is no token end the process then.
        """
        if lib.llama_vocab_type(self.vocab) != SENTENCEPIECE:
            return 0
        wanted = {b"<0x%02X>" % byte: byte for byte in range(256)} | {bytes((byte,)): byte for byte in range(128)}
        found: set[int] = set()
        for token in range(self.vocabulary_size):
            byte = wanted.get(lib.llama_vocab_get_text(self.vocab, token))
            if byte is not None:
                found.add(byte)
                if len(found) == 256:
                    break
        return 256 - len(found)

    def piece(self, token: int, special: bool = False) -> bytes:
        """Return the bytes of `token`; a special token has none unless `special`."""
        return self.special_pieces[token] if special else self.pieces[token]

    def _read_piece(self, token: int, special: bool) -> bytes:
        room = 64
        buffer = ctypes.create_string_buffer(room)
        length = lib.llama_token_to_piece(self.vocab, token, buffer, room, 0, special)
        if length < 0:
            room = -length
            buffer = ctypes.create_string_buffer(room)
            length = lib.llama_token_to_piece(self.vocab, token, buffer, room, 0, special)
        return buffer.raw[: max(length, 0)]

    def text(self, tokens: Sequence[int], special: bool = False) -> str:
        """Return the text of `tokens`."""
        return b"".join(self.piece(t, special) for t in tokens).decode("utf-8", "replace")

    def ends_reply(self, token: int) -> bool:
        """Return whether this token ends a reply."""
        return self.end_tokens[token]

    def close(self) -> None:
        """Free the memory."""
        if self.pointer:
            for adapter in self._adapters:
                lib.llama_adapter_lora_free(adapter.pointer)
            lib.llama_model_free(self.pointer)
            self.pointer = None
