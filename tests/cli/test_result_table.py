"""The table of a job's outcome on terminals of different widths."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.results import result_table

INTERVAL = [0.955, 0.984]
GROUP: dict[str, Any] = {
    "name": "small [draft]",
    "seeds": 3,
    "architecture": "torchvision/mobilenet_v3_small",
    "top1": 0.977,
    "top1_interval": INTERVAL,
    "control": {"top1": 0.983, "top1_interval": INTERVAL},
    "difference": {"value": -0.006, "interval": [-0.02, 0.014]},
    "gap_closed": 0.5,
    "agreement": 0.99,
    "parameters": 1_517_832,
}
TEACHER = {"architecture": "timm/resnet50", "parameters": 25_210_410, "test": {"top1": 0.98, "top1_interval": INTERVAL}}
FAILED = [{"status": "failed", "label": "broken", "architecture": "cifar/resnet8"}]


@pytest.mark.parametrize("width", [80, 120])
def test_figures_are_whole_at_every_width(width: int) -> None:
    page = StringIO()
    result = {"evaluated_on": "test", "teacher": TEACHER, "groups": [GROUP]}
    Console(file=page, width=width).print(result_table(FAILED, result, width))
    shown = page.getvalue()
    assert max(map(len, shown.splitlines())) <= width and "…" not in shown
    for figure in ("97.7%", "98.3%", "-0.6", "50.0%", "1,517,832", "25,210,410", "[draft]", "failed"):
        assert figure in shown
    assert ("99.0%" in shown) == (width == 120), "a narrow one does without the agreement"
