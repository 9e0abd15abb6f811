"""The demo: a house of invented people, a clock that can be moved, and two stories that play by themselves."""
