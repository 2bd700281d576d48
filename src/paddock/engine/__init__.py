"""Inside the runner process: one loaded model, its sequences, and the loop that decides which tokens are computed next.

Started as `python -m paddock.engine FOLDER…`, where each FOLDER has blobs. It speaks `paddock.ipc` on its
standard input and output.
"""
