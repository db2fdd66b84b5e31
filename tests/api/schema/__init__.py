"""Whether the service does what its own description says: schemathesis asks a real process, in every way it knows.

`python -m tests.api.schema --cases 100000` is the long form; `tests/api/test_schema.py` runs the short one.
"""
