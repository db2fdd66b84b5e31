"""Teachers of published weights and with a view of their own, and the catalog, from outside."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.db.models import Teacher
from core.db.session import Database
from tests.fixtures.service import Make


def published(**more: Any) -> dict[str, Any]:
    return {"kind": "pretrained", "library": "torchvision", "name": "resnet18"} | more


def test_published_weights_are_registered_by_name(client: TestClient) -> None:
    made = client.post("/v1/teachers", json={"name": "t", "source": published()})
    assert (made.status_code, made.json()["status"]) == (201, "validating")
    assert made.json()["architecture"] == "torchvision/resnet18"
    (run,) = client.get(f"/v1/runs?subject={made.json()['id']}").json()["data"]
    assert run["kind"] == "read_teacher"


@pytest.mark.parametrize(
    ("wish", "pointer", "said"),
    [
        ({"source": published(name="resnet19")}, "/source/name", "Did you mean"),
        ({"source": published(weights="V9")}, "/source/weights", "IMAGENET1K_V1"),
        ({"source": published(), "architecture": "resnet20"}, "/architecture", "torchvision/resnet18"),
        ({"source": published(name="vit_b_16"), "image_size": 32}, "/image_size", "224 px alone"),
        ({"source": published(name="vgg16"), "image_size": 16}, "/image_size", "32 px and more"),
    ],
)
def test_what_cannot_be_is_said_at_its_place(client: TestClient, wish: dict[str, Any], pointer: str, said: str) -> None:
    answer = client.post("/v1/teachers", json={"name": "t"} | wish)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer and said in error["detail"]


def test_a_teacher_shows_what_was_found(client: TestClient, make: Make, database: Database) -> None:
    id = make.teacher()
    assert client.get(f"/v1/teachers/{id}").json()["warnings"] == []
    with database.write() as work:
        row = work.get_one(Teacher, id)
        row.image_size, row.interpolation = 96, "bicubic"
        row.warnings, row.report = ["odd"], {"kind": "safetensors"}
    shown = client.get(f"/v1/teachers/{id}").json()
    assert (shown["image_size"], shown["interpolation"]) == (96, "bicubic")
    assert (shown["warnings"], shown["report"]) == (["odd"], {"kind": "safetensors"})


def test_the_catalog_is_found_by_words_and_paged_exactly(client: TestClient) -> None:
    def names(query: str) -> list[str]:
        return [entry["name"] for entry in client.get(f"/v1/architectures?{query}").json()["data"]]

    assert names("q=resnet18")[:2] == ["timm/resnet18", "torchvision/resnet18"]
    assert names("q=v3+mobilenet+small+torchvision") == ["torchvision/mobilenet_v3_small"]
    assert names("q=resnet18.a1_in1k")[0] == "timm/resnet18"
    alike = names("q=mobilenetv3")
    assert alike == names("q=mobilenet_v3") and {"torchvision/mobilenet_v3_small", "timm/mobilenetv3_small_100"} <= set(
        alike
    )
    assert "torchvision/vit_b_16" not in names("q=vit_b&max_image_size=64")
    assert all(entry.startswith("cifar/") for entry in names("pretrained=false&library=cifar"))
    assert names("q=nothing+of+the+kind") == []
    paged: list[str] = []
    query = "q=resnet&limit=7"
    while True:
        page = client.get(f"/v1/architectures?{query}").json()
        paged += [entry["name"] for entry in page["data"]]
        if not page["has_more"]:
            break
        query = f"q=resnet&limit=7&after={page['next']}"
    assert len(paged) == len(set(paged)) > 50
    assert paged[:100] == names("q=resnet&limit=100")
    one = client.get("/v1/architectures?q=torchvision/resnet18").json()["data"][0]
    assert (one["image_size"], one["fixed_size"], one["min_image_size"]) == (224, False, 4)
    assert one["weights"][0]["url"] == "https://download.pytorch.org/models/resnet18-f37072fd.pth"
