"""What developers run: setting up, the demo."""
