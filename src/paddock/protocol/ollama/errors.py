"""What every error looks like."""

import msgspec


class ErrorBody(msgspec.Struct):
    """Every error."""

    error: str
