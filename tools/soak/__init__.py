"""Mixed load on a server for minutes or hours: five models with two places, strangers who leave, a bad network.

`python -m tools.soak --hours 1` prints what was seen and ends with a verdict; `make soak HOURS=8` runs it for longer.
"""
