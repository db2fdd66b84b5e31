"""The second half of `distillery doctor`: what a deployment is fed with, and whether its parts answer."""

import socket
from datetime import timedelta
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path

import httpx2
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cli.address import running_stack
from cli.checks import Asked, Findings, fail, first_line, ok, warn
from cli.client import connect
from cli.output import counted, size
from cli.wire import LOOPBACK
from core import VERSION
from core.catalog import BUILTIN_DATASETS
from core.db.models import Worker, now
from core.db.session import Database
from core.errors import DistilleryError

SKEW_SECONDS = 5.0  # what is shown (ages, times left) is then wrong; no lease hangs on a clock (decision 9)
START = "Start it: distillery up, or the parts: distillery api, distillery worker"


# --- what it is fed with ----------------------------------------------------------------------------------------


def roots(asked: Asked) -> Findings:
    """Folders on this machine that data sets may be read from."""
    folders = asked.settings.dataset_roots
    if not folders:
        yield ok("none: data sets come by upload (DISTILLERY_DATASET_ROOTS allows folders of this machine)")
    for folder in folders:
        try:
            count = sum(1 for _ in folder.iterdir())
        except OSError as error:
            yield fail(f"{folder}: {error.strerror}", "Mount it, or take it out of DISTILLERY_DATASET_ROOTS.")
        else:
            yield ok(f"{folder}, {counted(count, 'entry').replace('entrys', 'entries')}")


def known_sets(asked: Asked) -> Findings:
    """Published data sets whose files lie here."""
    folder = asked.settings.builtin_files
    sets = [known for known in BUILTIN_DATASETS.values() if known.files]
    whole = [known.name for known in sets if not known.missing(folder / known.name)]
    begun = [known for known in sets if known.name not in whole and (folder / known.name).is_dir()]
    yield ok(f"{', '.join(['digits', *whole])} (files of others belong in {folder}/<name>)")
    for known in begun:
        names = ", ".join(file.name for file in known.missing(folder / known.name))
        yield warn(f"{folder / known.name} lacks {names}", f"From {known.missing(folder / known.name)[0].url}")


def weights(asked: Asked) -> Findings:
    """Published weights that lie here."""
    folder = asked.settings.pretrained_files
    files = [file for file in folder.glob("*/*") if file.is_file()]
    said = f"{counted(len(files), 'file')} in {folder}"
    said += f", {size(sum(file.stat().st_size for file in files))}" if files else ""
    if asked.settings.downloads:
        yield ok(f"{said}; others are fetched when a job asks for them")
    elif files:
        yield ok(f"{said}; others are not fetched (DISTILLERY_DOWNLOADS)")
    else:
        yield warn(f"{said}, and none are fetched", "Put them there, or DISTILLERY_DOWNLOADS=true (docs/deploy.md).")


# --- whether it answers -----------------------------------------------------------------------------------------


def service(asked: Asked) -> Findings:
    stack = running_stack(asked.settings.data_dir)
    url = asked.settings.url or (stack.url if stack else None)
    if url is None:
        said = f"none found from here (no DISTILLERY_URL, no `up` in {asked.settings.data_dir})"
        yield (fail if asked.alone else warn)(said, START)
        return
    inside = httpx2.URL(url).host in LOOPBACK
    try:
        with httpx2.Client(base_url=url, timeout=10, trust_env=not inside) as http:
            ready = http.get("/readyz")
            other = http.get("/version").json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        yield fail(f"{url} does not answer as Distillery does: {first_line(error)}", START)
        return
    skew = abs((now() - parsedate_to_datetime(ready.headers["date"])).total_seconds()) if "date" in ready.headers else 0
    if not ready.is_success:
        yield fail(
            f"{url} is not ready ({ready.status_code}): {ready.json().get('detail', '')}",
            "On its machine: distillery doctor; its log says more.",
        )
    elif skew > SKEW_SECONDS:
        yield warn(
            f"{url} answers; its clock is {skew:.0f} s away",
            "Times and ages are shown wrong by as much, and nothing else is: run NTP on both machines.",
        )
    elif other.get("version") != VERSION:
        yield warn(f"{url} is version {other.get('version')}, here is {VERSION}", "Install the same version on both.")
    else:
        yield ok(f"{url}, version {other['version']}")
    for check in ready.json().get("checks", []):
        if check["status"] == "degraded":
            yield warn(f"{check['name']} at {url}: {check['detail']}", "Look at it on the service's own machine.")
    try:
        with connect(asked.settings) as client:
            client.get("/v1/sessions/current")
    except DistilleryError as error:
        yield warn(f"the key: {error.detail}", "Make one: distillery keys create --local; set DISTILLERY_API_KEY.")


def workers(asked: Asked) -> Findings:
    """Those that the database has heard of within a lease."""
    yield from _workers(asked, None)


def worker(asked: Asked) -> Findings:
    """The worker on this machine: what a container's health check asks."""
    yield from _workers(asked, socket.gethostname())


def _workers(asked: Asked, host: str | None) -> Findings:
    where = f" on {host}" if host else ""
    settings = asked.settings
    if settings.database_url is None and not Path(settings.database.removeprefix("sqlite:///")).exists():
        yield (fail if asked.alone else ok)("no database, no workers yet", START) if asked.alone else ok("none yet")
        return
    there = Database(settings.database)
    try:
        with there.read() as session:
            known = select(Worker).where(Worker.stopped_at.is_(None))
            rows = list(session.scalars(known.where(Worker.hostname == host) if host else known))
    except SQLAlchemyError as error:
        yield fail(f"the database cannot say: {first_line(error)}", "See the check of the database.")
        return
    finally:
        there.close()
    fresh = [row for row in rows if row.heartbeat_at > now() - timedelta(seconds=settings.lease_seconds)]
    slots = sum(row.slots for row in fresh)
    said = f"{counted(len(fresh), 'worker')}{where} with {counted(slots, 'slot')}, {sum(r.busy for r in fresh)} busy"
    others = sorted({row.version for row in fresh} - {VERSION})
    if not fresh and (asked.alone or rows):
        last = max((row.heartbeat_at for row in rows), default=None)
        silent = f", the last heartbeat was at {last:%Y-%m-%d %H:%M:%S} UTC" if last else ""
        yield (fail if asked.alone else warn)(f"no worker{where} answers{silent}", "Start one: distillery worker")
    elif not fresh:
        yield ok(f"none{where}")
    elif others:
        yield warn(f"{said}; of version {', '.join(others)}, here is {VERSION}", "Restart them with this version.")
    else:
        yield ok(said)


def dashboard(_: Asked) -> Findings:
    spec = find_spec("api")
    package = Path(spec.origin).parent if spec and spec.origin else Path()
    for folder in (package / "dist", package.parent / "frontend" / "dist"):
        if (folder / "index.html").is_file():
            yield ok(str(folder))
            return
    yield fail("it is not built", "In a checkout: make setup. Or install a wheel, which carries it.")
