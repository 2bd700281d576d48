from typing import Any

import pytest

from paddock.conversion.architectures.bert import bert, cross_encoder, first_position, nomic, roberta
from paddock.conversion.architectures.config import Config
from paddock.conversion.errors import ConversionError
from tests.conversion.architectures.test_decoder import VALUES


def test_an_encoder_attends_in_both_directions() -> None:
    settings = bert(Config(VALUES))
    assert (settings["attention.causal"], settings["context_length"]) == (False, 128)


def test_the_positions_before_robertas_first_are_not_counted() -> None:
    assert first_position(Config({})) == 2
    assert roberta(Config({**VALUES, "pad_token_id": 3}))["context_length"] == 124


def test_nomics_rope_base_is_read_from_either_key() -> None:
    assert nomic(Config({**VALUES, "rotary_emb_base": 1000}))["rope.freq_base"] == 1000
    assert nomic(Config({**VALUES, "rope_theta": 500}))["rope.freq_base"] == 500


@pytest.mark.parametrize(
    ("settings", "changes", "message"),
    [
        (bert, {"position_embedding_type": "relative_key"}, "must be absolute"),
        (bert, {"hidden_act": "relu"}, "hidden_act must be gelu"),
        (roberta, {"max_position_embeddings": 2}, "must be more than 2"),
        (cross_encoder, {}, "into 2 classes"),
        (cross_encoder, {"id2label": {"0": "a", "1": "b", "2": "c"}}, "into 3 classes"),
    ],
)
def test_encoders_that_the_engine_does_not_have_are_refused(settings: Any, changes: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        settings(Config({**VALUES, **changes}))


def test_one_class_ranks() -> None:
    assert cross_encoder(Config({**VALUES, "num_labels": 1})) == bert(Config(VALUES))
