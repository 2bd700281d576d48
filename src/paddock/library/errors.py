"""The root of what can go wrong with models on disk."""


class LibraryError(Exception):
    """The message is one line, names the cause, and is shown to clients as it is."""


class NotBuilt(LibraryError):
    """Something that a later version does; the message says what."""
