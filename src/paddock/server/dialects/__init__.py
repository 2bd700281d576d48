"""The routes of each wire protocol: a folder per dialect with its handlers, its route table and its description."""
