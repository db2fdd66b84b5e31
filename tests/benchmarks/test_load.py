"""The short form of the load: what must hold at any speed. Nothing here looks at a time."""

import pytest

from benchmarks.load import streams
from benchmarks.load.place import Size, quantile
from tests.fixtures.loops import apart


@pytest.mark.e2e
def test_streams_that_are_cut_and_outlive_the_api_lose_nothing() -> None:
    *_, exact = apart(lambda: list(streams.findings(Size(quick=True, engine="sqlite"))))
    assert exact.met, exact.measured


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert quantile(list(map(float, range(1000))), 0.99) == 990.0
