"""Numbers come to an end too: a model that has begun to write 0.3333 may never stop by itself."""

MOST_DIGITS = 20
"""In a row: 64-bit integers have as many, doubles say no more with more."""

_QUOTE, _BACKSLASH = b'"\\'


class DigitCount:
    """Reads JSON as it is written, and counts the digits at its end unless they are in a string."""

    def __init__(self) -> None:
        self.digits = 0
        self._in_string = self._escaped = False

    @property
    def enough(self) -> bool:
        """Whether no more digits should follow if anything else may."""
        return self.digits >= MOST_DIGITS

    def read(self, piece: bytes) -> None:
        """Take what was written next."""
        for byte in piece:
            self.digits = self.digits + 1 if not self._in_string and 48 <= byte <= 57 else 0
            if self._escaped:
                self._escaped = False
            elif byte == _QUOTE:
                self._in_string = not self._in_string
            else:
                self._escaped = self._in_string and byte == _BACKSLASH
