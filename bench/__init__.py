"""Measurements of Paddock against the bare library and its peers: `python -m bench`."""
