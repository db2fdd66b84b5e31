"""Published weights of the libraries, as files of this machine: found where they lie, or downloaded. No torch.

The worker does this before it starts a child: the child has no network.
"""

import hashlib
import http.client
import logging
import os
import re
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from core.catalog import Architecture, architecture
from core.catalog.architectures import Weights
from core.errors import Failure, Invalid, Problem, TrainingFailed
from core.plan import StudentPlan
from core.recipe import Pretrained
from core.settings import Settings
from core.views import published_weights

log = logging.getLogger(__name__)
CHUNK = 2**20
SILENCE_SECONDS = 30.0  # a server that sends nothing for so long is given up
NOTE_BYTES = 64 * 2**20  # progress is logged every so often


def published(source: Mapping[str, str | None]) -> tuple[Architecture, str]:
    """The network and the tag that a teacher's source `{library, name, weights}` names; `Invalid` where none is."""
    network = architecture(f"{source['library']}/{source['name']}", "/source/name")
    weights = published_weights(network, Pretrained(kind="pretrained", weights=source.get("weights")), "/source")
    if weights.classes == 0:
        detail = f"The weights {weights.tag} of {network.name} have no head: they know no classes."
        raise Invalid([Problem("/source/weights", "no_classes", detail)])
    return network, weights.tag


def start_files(plans: Iterable[StudentPlan], settings: Settings) -> dict[str, Path]:
    """The files that these students start from, by `architecture:weights`, each there; see TrainAssignment.

    TrainingFailed `weights_missing` names all that are not: who carries them by hand goes once.
    """
    networks = ((architecture(plan.architecture), plan.init) for plan in plans if isinstance(plan.init, Pretrained))
    wanted = {(network.name, published_weights(network, init).tag): network for network, init in networks}
    found: dict[str, Path] = {}
    missing: list[Failure] = []
    for (name, tag), network in wanted.items():
        try:
            found[f"{name}:{tag}"] = locate(network, tag, settings)
        except TrainingFailed as error:
            missing.append(error.failure)
    if missing:
        detail, hint = (" ".join(getattr(one, part) for one in missing) for part in ("detail", "hint"))
        errors = [place for one in missing for place in one.errors]
        raise TrainingFailed(replace(missing[0], detail=detail, hint=hint, errors=errors))
    return found


def locate(network: Architecture, tag: str, settings: Settings, url: str | None = None) -> Path:
    """The file of these weights, downloaded (from `url` instead of the catalog's address) where it is not there yet.

    TrainingFailed `weights_missing` names the address, the file and the folder to put it in.
    """
    weights = next(weights for weights in network.weights if weights.tag == tag)
    path = settings.pretrained_files / network.library / weights.file
    if path.is_file():
        return path
    if not settings.downloads:
        raise _missing(network, weights, path, "Downloads are switched off (DISTILLERY_DOWNLOADS).")
    try:
        _download(url or weights.url, path)
    except (OSError, ValueError, http.client.HTTPException) as error:  # URLError is an OSError
        raise _missing(network, weights, path, f"The download failed: {_reason(error)}.") from error
    return path


def _download(url: str, path: Path) -> None:
    """Whole or not at all; two workers that fetch the same file do not disturb each other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    log.info("downloading %s to %s", url, path.parent)
    request = urllib.request.Request(url, headers={"User-Agent": "distillery"})
    with (
        urllib.request.urlopen(request, timeout=SILENCE_SECONDS) as response,
        tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file,
    ):
        partial = Path(file.name)
        try:
            expected = int(response.headers.get("Content-Length") or 0)
            digest, done = hashlib.sha256(), 0
            while chunk := response.read(CHUNK):
                file.write(chunk)
                digest.update(chunk)
                if done // NOTE_BYTES < (done + len(chunk)) // NOTE_BYTES:
                    log.info("%s: %.0f of %.0f MB", path.name, (done + len(chunk)) / 1e6, expected / 1e6)
                done += len(chunk)
            _check(path.name, digest.hexdigest(), done, expected)
            file.flush()
            os.fsync(file.fileno())
            partial.chmod(0o644)
            os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _check(name: str, sha256: str, done: int, expected: int) -> None:
    if done == 0 or (expected and done != expected):
        raise ValueError(f"{done:,} of {expected:,} bytes arrived")
    promised = re.search(r"-([0-9a-f]{8,})\.pth$", name)  # torchvision's names end with the digest's beginning
    if promised and not sha256.startswith(promised.group(1)):
        raise ValueError(f"its SHA-256 begins with {sha256[:8]}, not with {promised.group(1)}")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"the server answered {error.code} {error.reason}"
    return str(getattr(error, "reason", None) or error)


def _missing(network: Architecture, weights: Weights, path: Path, why: str) -> TrainingFailed:
    detail = f"The weights {weights.tag} of {network.name} are not on this machine. {why}"
    hint = f"Get {weights.url} and save it as {path.name} in the folder {path.parent}; then try again."
    place = {"pointer": "", "code": "weights_missing", "detail": f"{weights.url} -> {path}"}
    return TrainingFailed(
        Failure("weights_missing", "Published weights are missing", detail, hint, retryable=True, errors=[place])
    )
