"""Conversion of a checkpoint's vision tower to a projector file."""
