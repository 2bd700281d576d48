"""How a process gives up what it does not need, before it reads a stranger's file: `confinement.confine`.

The room imports nothing but the standard library, so that the smallest worker can use it. A process that only tells
others whether to confine themselves imports `switch`, which costs nothing.
"""
