"""The wire: a folder per dialect with the shapes of its requests and replies, and how their fields are read."""
