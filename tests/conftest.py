"""Fixtures that every room may use."""

pytest_plugins = [
    "tests.fixtures.browser",
    "tests.fixtures.buckets",
    "tests.fixtures.databases",
    "tests.fixtures.logs",
    "tests.fixtures.service",
]
