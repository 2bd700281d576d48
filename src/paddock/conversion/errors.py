"""What goes wrong when a file from elsewhere is converted."""


class ConversionError(ValueError):
    """What was given cannot be converted; the message says which part of it and why."""
