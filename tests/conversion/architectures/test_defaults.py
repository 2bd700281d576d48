from paddock.conversion.architectures.defaults import text_defaults


def test_known_text_parts_have_the_defaults_of_transformers() -> None:
    assert text_defaults({"model_type": "mistral"})["num_key_value_heads"] == 8
    assert text_defaults({"model_type": "qwen2"})["vocab_size"] == 151936


def test_an_unknown_text_part_has_none() -> None:
    assert text_defaults({}) == text_defaults({"model_type": []}) == text_defaults({"model_type": "gpt2"}) == {}


def test_gemmas_rope_bases_are_only_defaults_of_the_older_form() -> None:
    assert text_defaults({"model_type": "gemma3_text"})["rope_theta"] == 1e6
    assert "rope_theta" not in text_defaults({"model_type": "gemma3_text", "rope_parameters": {}})
