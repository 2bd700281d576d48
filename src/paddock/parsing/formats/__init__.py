"""The reply formats of model families: one parser class or table per format."""
