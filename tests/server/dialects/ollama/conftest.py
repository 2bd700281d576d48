from tests.service.conftest import models, weights

__all__ = ["models", "weights"]
