"""The routes of each wire protocol, a folder per dialect."""
