"""Making small models for tests."""

from typing import Any

from paddock.library.create.model_spec import ModelSpec
from paddock.service.models import CreateModel, ModelService


def make(models: ModelService, model: str, **fields: Any) -> list[str]:
    """Make a model and return the status lines."""
    statuses: list[str] = []
    models.creation(order(model, **fields)).make(lambda progress: statuses.append(progress.status))
    return statuses


def order(model: str, *, modelfile: str = "", path: str = "", **spec: Any) -> CreateModel:
    """Return the order to make a model with these fields of a spec."""
    return CreateModel(model, ModelSpec(**spec), modelfile, path)
