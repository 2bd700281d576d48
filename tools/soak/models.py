"""The five models of the mixed load, one of each kind that is served in another way."""

import base64
import io
from pathlib import Path

import numpy as np
import PIL.Image
from tests.models import kinds, projectors
from tests.models.embedders import tiny_bert
from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest

TALKERS = ("llama", "gemma", "mamba")
"""Models that only complete texts."""
SEES = "sees"
"""The model that takes images."""
EMBEDS = "embeds"
"""The model that makes vectors."""
MODELS = (*TALKERS, SEES, EMBEDS)
UNQUANTIZED = "source"
"""A sixth one that is quantized, and never loaded."""

CHAT = "{{ range .Messages }}{{ .Role }}: {{ .Content }} {{ end }}assistant:"
PARAMETERS = {"temperature": 0.7, "num_ctx": 1024}


def make_models(server: ServerUnderTest, folder: Path) -> None:
    """Write the models and give them to a server."""
    folder.mkdir(parents=True, exist_ok=True)
    chat = {"template": CHAT, "parameters": PARAMETERS}
    server.import_gguf("llama", kinds.full_attention(folder / "llama.gguf"), **chat)
    server.import_gguf("gemma", kinds.sliding_window(folder / "gemma.gguf"), **chat)
    server.import_gguf("mamba", kinds.recurrent(folder / "mamba.gguf"), **chat)
    server.import_gguf(EMBEDS, tiny_bert(folder / "bert.gguf"))
    server.import_gguf(UNQUANTIZED, tiny_llama(folder / "source.gguf", width=256, feed_forward=512), **chat)
    seeing = [kinds.full_attention(folder / "sees.gguf", seed=1), projectors.llava(folder / "projector.gguf")]
    answer = server.create(SEES, files={file.name: server.upload(file) for file in seeing}, **chat)
    assert answer.json == {"status": "success"}, answer.text


def image(seed: int) -> str:
    """Return a PNG of large coloured squares in base64."""
    noise = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(noise).resize((64, 48), PIL.Image.Resampling.NEAREST).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
