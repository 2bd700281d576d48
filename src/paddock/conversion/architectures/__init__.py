"""The architectures that can be imported: one module per family, with the settings and tensors of its networks.

A new architecture is a row in `ARCHITECTURES` of its family's module; a new family is a module listed in `catalog`.
"""
