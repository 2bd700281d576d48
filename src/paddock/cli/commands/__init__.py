"""One module for each command or group of small commands."""
