"""How `tiny-vision` is made: a model that names the colour and the shape of a drawn figure."""
