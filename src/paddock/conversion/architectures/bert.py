"""BERT and its relatives: encoders with bidirectional attention, which make embeddings or scores of texts.

The facts come from llama.cpp's loader (src/models/bert.cpp) and transformers' models.
"""

from dataclasses import replace

from paddock.conversion.architectures.architecture import Architecture, Hyperparameters
from paddock.conversion.architectures.config import Config
from paddock.conversion.errors import ConversionError


def encoder(config: Config) -> Hyperparameters:
    """Return the settings that all encoders have."""
    return {
        "context_length": config.integer("max_position_embeddings", "n_positions"),
        "embedding_length": config.width,
        "block_count": config.integer("num_hidden_layers", "n_layer"),
        "feed_forward_length": config.integer("intermediate_size", "n_inner"),
        "attention.head_count": config.heads,
        "attention.layer_norm_epsilon": config.positive("layer_norm_eps", "layer_norm_epsilon", default=1e-12),
        "attention.causal": False,
    }


def bert(config: Config) -> Hyperparameters:
    """Return the settings of BERT, which has learned positions."""
    if config.values.get("position_embedding_type", "absolute") != "absolute":
        raise ConversionError("config.json: position_embedding_type must be absolute")
    if config.values.get("hidden_act", "gelu") not in ("gelu", "gelu_new", "gelu_pytorch_tanh"):
        raise ConversionError("config.json: hidden_act must be gelu")
    return encoder(config)


def roberta(config: Config) -> Hyperparameters:
    """Return the settings of RoBERTa: BERT whose first positions no text uses."""
    settings, first = bert(config), first_position(config)
    if settings["context_length"] <= first:
        raise ConversionError(f"config.json: max_position_embeddings must be more than {first}")
    return {**settings, "context_length": settings["context_length"] - first}


def first_position(config: Config) -> int:
    """Return the position of a text's first token: RoBERTa counts from the padding token's number plus 1."""
    return config.integer("pad_token_id", default=1) + 1


def cross_encoder(config: Config) -> Hyperparameters:
    """Return the settings of a BERT that ranks: it gives one score of how well a document answers a query."""
    _require_one_score(config)
    return bert(config)


def roberta_cross_encoder(config: Config) -> Hyperparameters:
    """Return the settings of a RoBERTa that ranks."""
    _require_one_score(config)
    return roberta(config)


def _require_one_score(config: Config) -> None:
    labels = config.get("id2label")
    count = len(labels) if isinstance(labels, dict) else config.integer("num_labels", default=2)
    if count != 1:
        raise ConversionError(f"config.json: a classifier into {count} classes cannot be imported, only one that ranks")


def nomic(config: Config) -> Hyperparameters:
    """Return the settings of Nomic's BERT: RoPE, and gated feed-forward layers without biases."""
    rope = config.rope()
    return {**encoder(config), "rope.freq_base": config.number("rotary_emb_base", default=rope.theta)}


BERT = Architecture(
    "bert",
    bert,
    prefixes=("bert.",),
    skipped=r"position_ids$|pooler\.|^cls\.|^lm_head",
    embeds=True,
)
ROBERTA = replace(BERT, settings=roberta, prefixes=("roberta.",), first_position=first_position)
ROBERTA_CROSS_ENCODER = replace(
    ROBERTA,
    settings=roberta_cross_encoder,
    heads={"classifier.dense": "cls", "classifier.out_proj": "cls.output"},
)

ARCHITECTURES: dict[str, Architecture] = {
    "BertModel": BERT,
    "BertForMaskedLM": BERT,
    "BertForSequenceClassification": Architecture(
        "bert",
        cross_encoder,
        prefixes=("bert.",),
        skipped=r"position_ids$",
        embeds=True,
        heads={"bert.pooler.dense": "cls", "classifier": "cls.output"},
    ),
    "RobertaModel": ROBERTA,
    "RobertaForMaskedLM": ROBERTA,
    "RobertaForSequenceClassification": ROBERTA_CROSS_ENCODER,
    "XLMRobertaModel": ROBERTA,
    "XLMRobertaForMaskedLM": ROBERTA,
    "XLMRobertaForSequenceClassification": ROBERTA_CROSS_ENCODER,
    "NomicBertModel": Architecture("nomic-bert", nomic, skipped=r"position_ids$|pooler\.", embeds=True),
}
"""By the first of `architectures` in `config.json`."""
