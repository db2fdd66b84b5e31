"""Chaos: real jobs on the real stack, and a seeded killer. `python -m tests.chaos --help`."""
