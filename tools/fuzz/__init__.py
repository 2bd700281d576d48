"""Mutating fuzzers: files and texts of strangers by the thousand, sent to a real server.

Each case is made from the seed, the name of its fuzzer and its number alone, so that one that fails can be run again:
`python -m tools.fuzz ggufs --first 1234 --count 1`.
"""
