"""Data sets and teachers: sources are checked, previews come from the packed file, what is used stays."""

import io
from pathlib import Path

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys
from tests.fixtures.service import RECIPE, Make


def test_a_builtin_one(client: TestClient) -> None:
    made = client.post("/v1/datasets", json={"name": "d", "source": {"kind": "builtin", "name": "digits"}})
    assert made.status_code == 201
    assert made.json()["status"] == "validating"
    assert client.get(f"/v1/datasets/{made.json()['id']}").json() == made.json()
    unknown = client.post("/v1/datasets", json={"name": "d", "source": {"kind": "builtin", "name": "mars"}}).json()
    assert unknown["errors"][0] == {
        "pointer": "/source/name",
        "code": "unknown_dataset",
        "detail": "There is no builtin data set 'mars'; there are: digits.",
    }


def test_folders_only_below_the_roots(client: TestClient, app: FastAPI, settings: Settings, tmp_path: Path) -> None:
    root = tmp_path / "images"
    (root / "set").mkdir(parents=True)
    (root / "out").symlink_to("/etc")

    def ask(path: object) -> tuple[int, str]:
        answer = client.post("/v1/datasets", json={"name": "f", "source": {"kind": "folder", "path": str(path)}})
        return answer.status_code, answer.json().get("code", "")

    assert ask(root / "set") == (422, "folders_not_allowed")
    app.state.settings = settings.model_copy(update={"dataset_roots": [root]})
    assert ask(root / "set") == (201, "")
    assert ask("/etc") == (422, "folder_outside_roots")
    assert ask(root / ".." / "..") == (422, "folder_outside_roots")
    assert ask(root / "out") == (422, "folder_outside_roots")
    assert ask("images/set") == (422, "folder_outside_roots")
    assert ask(root / "none") == (422, "no_such_folder")
    assert ask(root / ("x" * 3000)) == (422, "folder_outside_roots")


def test_previews(client: TestClient, make: Make) -> None:
    id = make.dataset(classes=3)
    shown = client.get(f"/v1/datasets/{id}/samples?per_class=2&limit=2&split=val").json()
    assert [(c["index"], c["name"], len(c["images"])) for c in shown["classes"]] == [
        (0, "class 0", 2),
        (1, "class 1", 2),
    ]
    assert (shown["has_more"], shown["next"]) == (True, "1")
    rest = client.get(f"/v1/datasets/{id}/samples?after=1").json()
    assert [c["name"] for c in rest["classes"]] == ["class 2"]
    image = client.get(shown["classes"][1]["images"][0]["url"])
    assert image.headers["content-type"] == "image/png"
    assert "immutable" in image.headers["cache-control"]
    assert Image.open(io.BytesIO(image.content)).size == (8, 8)
    assert client.get(f"/v1/datasets/{id}/samples/val/30.png").status_code == 404
    assert client.get(f"/v1/datasets/{id}/samples/test/0.png").status_code == 404
    assert client.get(f"/v1/datasets/{id}/samples?split=test").status_code == 404
    assert client.get(f"/v1/datasets/{id}/samples/val/-1.png").status_code == 422
    waiting = make.dataset(status="validating")
    assert client.get(f"/v1/datasets/{waiting}/samples").json()["code"] == "not_ready"


def test_what_is_used_stays(client: TestClient, make: Make, storage: Storage) -> None:
    dataset, teacher = make.dataset(), make.teacher()
    job = client.post("/v1/jobs", json=RECIPE | {"dataset": dataset, "teacher": teacher}).json()["id"]
    for path in (f"/v1/datasets/{dataset}", f"/v1/teachers/{teacher}"):
        refused = client.delete(path)
        assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
        assert job in refused.json()["detail"]
    client.post(f"/v1/jobs/{job}/cancel")
    client.delete(f"/v1/jobs/{job}")
    for path in (f"/v1/datasets/{dataset}", f"/v1/teachers/{teacher}"):
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == 404
    assert not storage.exists(storage_keys.dataset(dataset))


def test_what_waits_can_be_deleted(client: TestClient) -> None:
    made = client.post("/v1/datasets", json={"name": "d", "source": {"kind": "builtin", "name": "digits"}}).json()
    assert client.delete(f"/v1/datasets/{made['id']}").status_code == 204
    assert client.get(f"/v1/runs?subject={made['id']}").json()["data"] == []


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"source": {"kind": "pretrained", "library": "timm", "name": "resnet18"}}, "not_yet_available"),
        ({"source": {"kind": "upload", "upload": "upl_none"}}, "unknown_upload"),
        ({"source": {"kind": "student", "student": "stu_none"}}, "unknown_student"),
        ({"source": {"kind": "upload", "upload": "upl_none"}, "architecture": "resnet21"}, "unknown_architecture"),
    ],
)
def test_teachers_that_cannot_be(client: TestClient, wish: dict[str, object], code: str) -> None:
    answer = client.post("/v1/teachers", json={"name": "t"} | wish)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_lists_of_teachers(client: TestClient, make: Make) -> None:
    ready, _ = make.teacher(), make.teacher(status="rejected")
    assert [t["id"] for t in client.get("/v1/teachers?status=ready").json()["data"]] == [ready]
    assert len(client.get("/v1/teachers?name=STRONG").json()["data"]) == 2
