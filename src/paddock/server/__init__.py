"""HTTP: the app, the routes of each dialect, streaming, errors, and access control."""
