"""The models folder on disk: blobs, manifests, locks and garbage collection, tied together by `library.Library`."""
