"""Published weights: found, fetched from a real server, or asked for by address, file and folder."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.catalog import Architecture, architecture
from core.catalog.architectures import Weights
from core.errors import Failure, Invalid, TrainingFailed
from core.plan import plan_students
from core.recipe import Recipe
from core.settings import Settings
from core.weights import locate, published, start_files

CONTENT = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", _env_file=None)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the files in `tmp_path/served`."""
    (tmp_path / "served").mkdir()
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=tmp_path / "served")) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def network(url: str, file: str = f"net-{DIGEST[:8]}.pth") -> Architecture:
    weights = Weights("V1", 1000, 224, (0.5,) * 3, (0.5,) * 3, "bilinear", 0.875, url, file)
    return Architecture(name="torchvision/net", family="net", image_size=224, weights=(weights,))


def failure(net: Architecture, settings: Settings) -> Failure:
    with pytest.raises(TrainingFailed) as caught:
        locate(net, "V1", settings)
    return caught.value.failure


def folder(settings: Settings) -> Path:
    return settings.pretrained_files / "torchvision"


def test_a_file_that_is_there_is_taken(settings: Settings) -> None:
    folder(settings).mkdir(parents=True)
    (folder(settings) / f"net-{DIGEST[:8]}.pth").write_bytes(b"as it is")
    offline = settings.model_copy(update={"downloads": False})
    assert locate(network("http://127.0.0.1:1/x"), "V1", offline).read_bytes() == b"as it is"


def test_a_file_that_is_missing_is_fetched_once(settings: Settings, server: str, tmp_path: Path) -> None:
    (tmp_path / "served" / "x").write_bytes(CONTENT)
    net = network(f"{server}/x")
    path = locate(net, "V1", settings)
    assert path == folder(settings) / f"net-{DIGEST[:8]}.pth" and path.read_bytes() == CONTENT
    (tmp_path / "served" / "x").unlink()
    assert locate(net, "V1", settings) == path
    assert list(folder(settings).iterdir()) == [path]


def test_offline_the_address_the_file_and_the_folder_are_named(settings: Settings) -> None:
    net = network("https://download.example/net.pth")
    told = failure(net, settings.model_copy(update={"downloads": False}))
    assert (told.code, told.retryable) == ("weights_missing", True)
    for part in ("https://download.example/net.pth", f"net-{DIGEST[:8]}.pth", str(folder(settings))):
        assert part in told.hint
    assert "DISTILLERY_DOWNLOADS" in told.detail


def test_what_goes_wrong_with_a_download_is_said_and_leaves_nothing(
    settings: Settings, server: str, tmp_path: Path
) -> None:
    assert "404" in failure(network(f"{server}/nothing"), settings).detail
    assert "refused" in failure(network("http://127.0.0.1:1/x"), settings).detail
    (tmp_path / "served" / "x").write_bytes(CONTENT[:-1])
    wrong = failure(network(f"{server}/x"), settings)
    assert "SHA-256" in wrong.detail and DIGEST[:8] in wrong.detail
    (tmp_path / "served" / "empty").write_bytes(b"")
    assert "0 of 0 bytes" in failure(network(f"{server}/empty", "net.safetensors"), settings).detail
    assert list(folder(settings).iterdir()) == []


def test_the_files_of_a_job_are_named_by_network_and_tag(settings: Settings) -> None:
    student = {"name": "a", "architecture": "torchvision/resnet18", "init": "pretrained"}
    recipe = Recipe.model_validate({"dataset": "d", "students": [student], "control": False})
    other = student | {"name": "b", "architecture": "torchvision/resnet34"}
    both = Recipe.model_validate({"dataset": "d", "students": [student, other], "control": False})
    with pytest.raises(TrainingFailed) as caught:
        start_files(plan_students(both), settings.model_copy(update={"downloads": False}))
    told = caught.value.failure
    assert "resnet18-f37072fd.pth" in told.hint and "resnet34-b627a593.pth" in told.hint and len(told.errors) == 2
    with pytest.raises(TrainingFailed, match=r"IMAGENET1K_V1"):
        start_files(plan_students(recipe), settings.model_copy(update={"downloads": False}))
    (weights,) = architecture("torchvision/resnet18").weights
    path = folder(settings) / weights.file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    assert start_files(plan_students(recipe), settings) == {"torchvision/resnet18:IMAGENET1K_V1": path}


def test_a_teacher_of_published_weights_must_exist() -> None:
    found, tag = published({"library": "torchvision", "name": "resnet18", "weights": None})
    assert (found.name, tag) == ("torchvision/resnet18", "IMAGENET1K_V1")
    with pytest.raises(Invalid, match=r"/source/weights: .*IMAGENET1K_V1"):
        published({"library": "torchvision", "name": "resnet18", "weights": "V9"})
    with pytest.raises(Invalid, match=r"/source/name: There is no architecture"):
        published({"library": "timm", "name": "nothing", "weights": None})
