"""Data sets and teachers: sources are checked, previews come from the packed file, what is used stays."""

import io
from pathlib import Path

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from core.db.models import Dataset
from core.db.session import Database
from core.settings import Settings
from core.storage import Storage
from core.storage import keys as storage_keys
from tests.fixtures.service import RECIPE, Make
from tests.intake.make import picture, write_zip
from tests.intake.reading import read


def test_a_builtin_one(client: TestClient) -> None:
    made = client.post("/v1/datasets", json={"name": "d", "source": {"kind": "builtin", "name": "digits"}})
    assert made.status_code == 201
    assert made.json()["status"] == "validating"
    assert client.get(f"/v1/datasets/{made.json()['id']}").json() == made.json()
    unknown = client.post("/v1/datasets", json={"name": "d", "source": {"kind": "builtin", "name": "mars"}}).json()
    assert (unknown["errors"][0]["pointer"], unknown["errors"][0]["code"]) == ("/source/name", "unknown_dataset")
    assert unknown["errors"][0]["detail"].startswith("There is no builtin data set 'mars'; there are: digits, cifar10,")


def test_known_sets_and_their_files(client: TestClient, settings: Settings) -> None:
    listed = {known["name"]: known for known in client.get("/v1/datasets/builtin").json()["data"]}
    assert next(iter(listed)) == "digits"
    assert listed["digits"]["available"] and listed["digits"]["files"] == []
    assert not listed["cifar100"]["available"]
    folder = settings.data_dir / "datasets" / "cifar100"
    assert listed["cifar100"]["folder"] == str(folder)
    assert listed["cifar100"]["files"][0]["url"].startswith("https://www.cs.toronto.edu/~kriz/cifar-100")
    (folder / "cifar-100-python").mkdir(parents=True)
    listed = {known["name"]: known for known in client.get("/v1/datasets/builtin").json()["data"]}
    assert listed["cifar100"]["available"] and not listed["cifar10"]["available"]


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
    again = client.get(str(image.url), headers={"If-None-Match": image.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    one = client.get(f"/v1/datasets/{id}/samples?label=1&per_class=20").json()
    assert [(c["index"], len(c["images"]), one["has_more"]) for c in one["classes"]] == [(1, 20, False)]
    assert one["classes"][0]["images"][1]["name"] == "train/4.png"
    assert client.get(f"/v1/datasets/{id}/samples?label=3").json()["code"] == "not_found"
    assert client.get(f"/v1/datasets/{id}/samples/val/30.png").status_code == 404
    assert client.get(f"/v1/datasets/{id}/samples/test/0.png").status_code == 404
    assert client.get(f"/v1/datasets/{id}/samples?split=test").status_code == 404
    assert client.get(f"/v1/datasets/{id}/samples/val/-1.png").status_code == 422
    waiting = make.dataset(status="validating")
    assert client.get(f"/v1/datasets/{waiting}/samples").json()["code"] == "not_ready"


def test_previews_of_photographs_and_the_report(
    client: TestClient, make: Make, database: Database, storage: Storage, tmp_path: Path
) -> None:
    """A data set as intake writes it, with images without a label."""
    tree = {f"{c}/{i}.jpg": picture(10 * n + i, (200, 150), "JPEG") for n, c in enumerate("ab") for i in range(3)}
    tree |= {"unlabelled/x.png": picture(99, (130, 300))}
    result = read(tmp_path / "out", write_zip(tmp_path / "a.zip", tree))
    id = make.dataset()
    with database.write() as work:
        row = work.get_one(Dataset, id)
        for name in ("classes", "counts", "form", "image_size", "unlabelled", "report", "warnings"):
            setattr(row, name, result[name])
    storage.put(storage_keys.dataset(id), Path(result["path"]))
    read_back = client.get(f"/v1/datasets/{id}").json()
    assert (read_back["form"], read_back["unlabelled"], read_back["progress"]) == ("files", 1, None)
    assert read_back["report"]["formats"] == {"JPEG": 6, "PNG": 1}
    assert read_back["report"]["sizes"]["width"] == {"min": 130, "median": 200, "max": 200}
    shown = client.get(f"/v1/datasets/{id}/samples").json()["classes"]
    assert [(c["name"], len(c["images"])) for c in shown] == [("a", 2), ("b", 2)]
    url = shown[0]["images"][0]["url"]
    assert Image.open(io.BytesIO(client.get(url).content)).size == (96, 72)
    assert Image.open(io.BytesIO(client.get(url + "?side=512").content)).size == (200, 150)
    bare = client.get(f"/v1/datasets/{id}/samples?label=-1").json()["classes"]
    assert [i["name"] for i in bare[0]["images"]] == ["unlabelled/x.png"]


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
        ({"source": {"kind": "pretrained", "library": "timm", "name": "resnet19x"}}, "unknown_architecture"),
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
