"""Reading a checkpoint's tokenizer: which kind it is, its special tokens, and its chat templates."""

from typing import Any

from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.safetensors import shown
from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.added import added_tokens
from paddock.conversion.tokenizers.bpe import MAX_TOKENS, read_bpe
from paddock.conversion.tokenizers.post_processor import place_special_tokens
from paddock.conversion.tokenizers.sentencepiece import read_sentencepiece, uses_metaspace
from paddock.conversion.tokenizers.unigram import FAIRSEQ_FILE, read_unigram
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary
from paddock.conversion.tokenizers.wordpiece import read_wordpiece

_USUAL_ENDS = ("</s>", "<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<eos>")
_NAMES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


def read_vocabulary(
    checkpoint: Checkpoint, config: Config, *, embeds: bool = False, size: int | None = None
) -> Vocabulary:
    """Return the tokenizer of a checkpoint, padded or truncated to `size` tokens unless that is None.

    Args:
        embeds: whether the model makes embeddings.

    Raises:
        ConversionError: if there is no tokenizer, it is broken, or the engine does not have its kind.
    """
    tokenizer = checkpoint.settings("tokenizer.json")
    found = _read(checkpoint, tokenizer, MAX_TOKENS if size is None else size)
    _set_special_tokens(found, checkpoint, config)
    place_special_tokens(
        found, checkpoint.settings("tokenizer_config.json"), tokenizer.get("post_processor"), embeds=embeds
    )
    found.chat_templates = {} if embeds else _chat_templates(checkpoint)
    found.fit(len(found.tokens) if size is None else size)
    _check(found)
    return found


def _check(vocabulary: Vocabulary) -> None:
    """Refuse a vocabulary on which the engine would abort."""
    seen: set[str] = set()
    for number, token in enumerate(vocabulary.tokens):
        # The engine reads a token up to its first zero byte.
        read = token.partition("\0")[0] or f"[EMPTY_{number}]"
        if read in seen:
            raise ConversionError(f'the tokenizer has the token "{shown(read)}" twice')
        seen.add(read)
    if vocabulary.model == "t5" and "unk" not in vocabulary.special:
        raise ConversionError("the unigram model has no token for what it does not know")


def _read(checkpoint: Checkpoint, tokenizer: dict[str, Any], size: int) -> Vocabulary:
    added = added_tokens(checkpoint, tokenizer, size)
    model = tokenizer.get("model")
    if not isinstance(model, dict | None):
        raise ConversionError("tokenizer.json has a model that is none")
    kind = model.get("type") if isinstance(model, dict) else None
    if isinstance(model, dict) and kind is None and "merges" in model:
        kind = "BPE"
    if kind == "WordPiece" or (kind is None and "vocab.txt" in checkpoint.files):
        return read_wordpiece(checkpoint, tokenizer, added)
    if kind == "BPE" and not uses_metaspace(tokenizer):
        return read_bpe(tokenizer, added)
    if kind == "Unigram" or (kind is None and FAIRSEQ_FILE in checkpoint.files):
        return read_unigram(checkpoint, tokenizer, added)
    if kind == "BPE" or "tokenizer.model" in checkpoint.files:
        return read_sentencepiece(checkpoint, tokenizer, added)
    if kind is None:
        raise ConversionError("the tokenizer is missing: there is no tokenizer.json, tokenizer.model or vocab.txt")
    raise ConversionError(f"a tokenizer of the type {kind} is not imported without a tokenizer.model")


def _set_special_tokens(vocabulary: Vocabulary, checkpoint: Checkpoint, config: Config) -> None:
    """Set the numbers of the special tokens: from the tokenizer's settings, else from the model's."""
    numbers = {token: number for number, token in reversed(list(enumerate(vocabulary.tokens)))}
    settings = checkpoint.settings("special_tokens_map.json") | checkpoint.settings("tokenizer_config.json")
    if vocabulary.model == "bert":
        defaults = {"cls": "[CLS]", "sep": "[SEP]", "unk": "[UNK]", "pad": "[PAD]", "mask": "[MASK]"}
        settings = {f"{name}_token": text for name, text in defaults.items()} | settings
    for name in _NAMES:
        token = settings.get(f"{name}_token")
        text = token.get("content") if isinstance(token, dict) else token
        number = numbers.get(text) if isinstance(text, str) else None
        if number is None:
            number = config.get(f"{name}_token_id")
            number = number[0] if isinstance(number, list) and number else number
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(vocabulary.tokens):
            vocabulary.special[name] = number
    if vocabulary.model == "bert":
        for name, same in (("bos", "cls"), ("eos", "sep")):
            if same in vocabulary.special:
                vocabulary.special[name] = vocabulary.special[same]
        if missing := {"cls", "sep", "unk"} - set(vocabulary.special):
            raise ConversionError(f"the tokenizer has no token for {sorted(missing)[0]}")
    _set_end_tokens(vocabulary, checkpoint)
    if vocabulary.model == "gpt2" and "eos" not in vocabulary.special:
        # Without one the engine would use token 11, whatever that is.
        usual = next((numbers[text] for text in _USUAL_ENDS if text in numbers), None)
        if usual is None:
            raise ConversionError("the tokenizer does not say which token ends a text (eos_token)")
        vocabulary.special["eos"] = usual
    if vocabulary.model == "gpt2":
        vocabulary.special.setdefault("bos", vocabulary.special["eos"])
    for name in ("bos", "eos", "eot", "pad"):
        number = vocabulary.special.get(name, -1)
        if number >= 0 and vocabulary.kinds[number] in (TokenKind.NORMAL, TokenKind.USER_DEFINED):
            vocabulary.kinds[number] = TokenKind.CONTROL


def _set_end_tokens(vocabulary: Vocabulary, checkpoint: Checkpoint) -> None:
    """Set the second token that ends a reply of a chat model: `generation_config.json` names both."""
    ends = checkpoint.settings("generation_config.json").get("eos_token_id")
    ends = ends if isinstance(ends, list) else [ends]
    good = [end for end in ends if isinstance(end, int) and 0 <= end < len(vocabulary.tokens)]
    if not good:
        return
    vocabulary.special.setdefault("eos", good[0])
    others = [end for end in good if end != vocabulary.special["eos"]]
    if others:
        vocabulary.special["eot"] = others[0]


def _chat_templates(checkpoint: Checkpoint) -> dict[str, str]:
    alone = checkpoint.text("chat_template.jinja")
    if alone:
        return {"default": alone}
    for file in ("chat_template.json", "tokenizer_config.json"):
        value = checkpoint.settings(file).get("chat_template")
        if isinstance(value, str) and value:
            return {"default": value}
        if isinstance(value, list):
            named = {t.get("name"): t.get("template") for t in value if isinstance(t, dict)}
            return {k: v for k, v in named.items() if isinstance(k, str) and isinstance(v, str)}
    return {}
