from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary


def vocabulary() -> Vocabulary:
    kinds = [TokenKind.NORMAL] * 3
    return Vocabulary("llama", ["a", "[PAD3]", "c"], kinds, scores=[0.0, -1.0, -2.0], special={"eos": 2, "sep": 1})


def test_missing_tokens_are_unused_and_have_names_of_their_own() -> None:
    found = vocabulary()
    found.fit(5)
    assert found.tokens == ["a", "[PAD3]", "c", "[PAD3]*", "[PAD4]"]
    assert found.kinds[3:] == [TokenKind.UNUSED] * 2
    assert found.scores == [0.0, -1.0, -2.0, -1e4, -1e4]


def test_tokens_without_embeddings_are_dropped_with_their_specials() -> None:
    found = vocabulary()
    found.fit(2)
    assert (found.tokens, found.scores, found.special) == (["a", "[PAD3]"], [0.0, -1.0], {"sep": 1})


def test_metadata_has_the_formats_spelling() -> None:
    found = vocabulary()
    found.settings["add_bos_token"] = True
    found.chat_templates = {"default": "{{ a }}", "tool_use": "{{ b }}"}
    metadata = found.metadata()
    assert metadata["tokenizer.ggml.seperator_token_id"] == 1
    assert metadata["tokenizer.ggml.add_bos_token"] is True
    assert metadata["tokenizer.chat_template"] == "{{ a }}"
    assert metadata["tokenizer.chat_template.tool_use"] == "{{ b }}"
    assert metadata["tokenizer.chat_templates"] == ["tool_use"]
    assert "tokenizer.ggml.merges" not in metadata
