"""Models on disk: names, blobs, manifests, Modelfiles, and making models.

`store.library.Library` is a models folder, `create.create.create` makes a model in it. Nothing is exported here: the
command line needs only Modelfiles, names and local files, and must not import the rest.
"""
