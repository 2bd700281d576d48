"""Programs that convert in a process of their own, so that the server never imports numpy."""
