"""Count the functions and files that a request passes, in the server's process and in its runner's."""
