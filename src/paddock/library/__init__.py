"""Models on disk: names, blobs, manifests, Modelfiles, GGUF metadata, and how a model is made.

`store.Library` is the whole folder, `create.create` makes a model in it. The other modules hold one concept each; they
are imported by name so that whoever needs only `modelfile` (the command line) pays for nothing else.
"""
