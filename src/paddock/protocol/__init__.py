"""The wire: a module per dialect with the shapes of its requests and responses, and their validation. No behaviour."""
