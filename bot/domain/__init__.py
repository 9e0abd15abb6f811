"""The product itself: pure functions over frozen data. Nothing in here reads a clock, a calendar, a file or a network.

Read `lifecycle.py` first: both tracks of a visit are tables there, and `evolve` is all that may change a visit.
"""
