"""The vision part of a checkpoint, as a projector file."""
