"""Chat templates in Jinja."""
