"""HTTP: the app, the routes of each dialect, streaming, errors, and who may call."""
