"""Blobs and manifests on disk, and the library that ties them together."""
