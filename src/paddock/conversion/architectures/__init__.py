"""The architectures that can be imported: their settings and tensor names."""
