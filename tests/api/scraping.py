"""What a Prometheus on this machine reads, as a table."""

from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families as parse
from starlette.testclient import TestClient

HERE = ("127.0.0.1", 50000)
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(app: FastAPI) -> Series:
    """Asked from this machine, as a Prometheus beside the service does."""
    local = TestClient(app, base_url="http://127.0.0.1:8000", client=HERE)
    answer = local.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name.removeprefix("distillery_"), frozenset(sample.labels.items())): sample.value
        for family in parse(answer.text)
        for sample in family.samples
    }


def of(series: Series, name: str, **labels: str) -> dict[str, float]:
    """Values of a name by what is left of the labels, in words."""
    asked = set(labels.items())
    return {
        " ".join(value for _, value in sorted(found - asked)): value
        for (named, found), value in series.items()
        if named == name and asked <= found
    }
