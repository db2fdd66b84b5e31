"""The description of the interface, true to what it does. `python -m api.openapi > frontend/openapi.json`"""

import json
import sys
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE


def describe(app: FastAPI) -> None:
    """Let `app.openapi()` name the media type that errors have."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            for operations in made["paths"].values():
                for operation in operations.values():
                    problem = operation["responses"].get("default", {}).get("content", {})
                    for said in set(problem) - {MEDIA_TYPE}:  # that of the operation's own answers
                        problem[MEDIA_TYPE] = problem.pop(said)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def text() -> str:
    """The same bytes for the same code, wherever it runs."""
    from api.app import create_app
    from core.db.session import Database
    from core.queue import PollingQueue
    from core.settings import Settings
    from core.storage import Storage

    class _Nowhere:
        pass

    nowhere: Any = _Nowhere()
    storage: Storage = nowhere
    app = create_app(Settings(), Database("sqlite://"), storage, PollingQueue())
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
