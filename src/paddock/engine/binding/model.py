"""A loaded model: its weights, its vocabulary, its metadata."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddock.engine.binding.library import LoadError, lib, start_library
from paddock.engine.binding.stream import Readable, c_file

LOAD_PLAIN, LOAD_MMAP, LOAD_MLOCK = 0, 1, 2
"""Of `enum llama_load_mode`; the last two may be added."""
READ_AT_ONCE = 0
"""Of `enum llama_lazy_mode`: huge tables are not left in the file, which has to be one for that."""
ALL_LAYERS = 10_000


class Model:
    """A GGUF file in memory. Close it when done; contexts made from it must be closed before."""

    def __init__(
        self,
        path: str,
        *,
        gpu_layers: int = -1,
        main_gpu: int = 0,
        use_mmap: bool = True,
        use_mlock: bool = False,
        shown: Readable | None = None,
    ) -> None:
        """Load the file at `path`; `gpu_layers` below 0 puts all layers on a GPU if there is one.

        If it is to be read otherwise than it is, `shown` is what it is to be, which goes into memory as a whole.

        Raises:
            LoadError: if it is not a model that this build can run.
        """
        if not Path(path).is_file():
            raise LoadError(f"{path} does not exist")
        self.path = path
        native_log = start_library()
        native_log.clear()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = ALL_LAYERS if gpu_layers < 0 else gpu_layers
        params.main_gpu = main_gpu
        plain = shown is not None or not use_mmap
        if shown is not None:
            params.lazy_mode = READ_AT_ONCE
        params.load_mode = (LOAD_PLAIN if plain else LOAD_MMAP) | (LOAD_MLOCK if use_mlock else 0)
        self.pointer: Any = None
        if shown is not None:
            try:
                with c_file(shown) as file:
                    self.pointer = lib.llama_model_load_from_file_ptr(file, params)
            except LoadError:
                lib.llama_model_free(self.pointer)
                raise
        else:
            self.pointer = lib.llama_model_load_from_file(path.encode(), params)
        if not self.pointer:
            raise LoadError(native_log.explain("the model could not be loaded"))
        self._adapters: list[Any] = []
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
        self._end_tokens: dict[int, bool] = {}
        self._pieces: tuple[dict[int, bytes], dict[int, bytes]] = ({}, {})

    def add_adapter(self, path: str) -> Any:
        """Load a LoRA adapter for this model and return its handle.

        Raises:
            LoadError: if it does not fit the model.
        """
        native_log = start_library()
        native_log.clear()
        adapter = lib.llama_adapter_lora_init(self.pointer, path.encode())
        if not adapter:
            raise LoadError(native_log.explain("the adapter could not be loaded"))
        self._adapters.append(adapter)
        return adapter

    @property
    def description(self) -> str:
        """A few words such as `llama 1B Q4_K - Medium`."""
        buffer = ctypes.create_string_buffer(128)
        lib.llama_model_desc(self.pointer, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")

    def tokenize(self, text: str, *, add_special: bool = True, parse_special: bool = True) -> list[int]:
        """Return the tokens of `text`; `add_special` adds what the model wants around it (BOS, EOS)."""
        data = text.encode("utf-8", "surrogatepass")
        room = len(data) + 8
        tokens = (ctypes.c_int32 * room)()
        count = lib.llama_tokenize(self.vocab, data, len(data), tokens, room, add_special, parse_special)
        if count < 0:
            room = -count
            tokens = (ctypes.c_int32 * room)()
            count = lib.llama_tokenize(self.vocab, data, len(data), tokens, room, add_special, parse_special)
        return list(tokens[: max(count, 0)])

    def piece(self, token: int, special: bool = False) -> bytes:
        """Return the bytes that `token` stands for; a special token has none unless `special`."""
        cache = self._pieces[special]
        piece = cache.get(token)
        if piece is None:
            piece = cache[token] = self._read_piece(token, special)
        return piece

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
        """Whether the model says with this token that it is done."""
        known = self._end_tokens.get(token)
        if known is None:
            known = self._end_tokens[token] = bool(lib.llama_vocab_is_eog(self.vocab, token))
        return known

    def close(self) -> None:
        """Give the memory back."""
        if self.pointer:
            for adapter in self._adapters:
                lib.llama_adapter_lora_free(adapter)
            lib.llama_model_free(self.pointer)
            self.pointer = None
