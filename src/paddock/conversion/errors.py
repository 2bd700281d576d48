"""The error of a conversion."""


class ConversionError(ValueError):
    """The files cannot be converted; the message names the part and the reason."""
