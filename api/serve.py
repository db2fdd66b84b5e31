"""The API's process: `python -m api.serve --host 127.0.0.1 --port 8000`."""

import argparse
import contextlib
import gc
import socket
import sys
import threading
import time
from typing import Any

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.impatient import Impatient

STOP_SECONDS = 3  # requests that are still open are cut after so long
COLLECT_SECONDS = 60
YOUNG = (5_000, 10)  # objects, rounds: after which young garbage is collected


class Server(uvicorn.Server):
    """Ends the event streams when it stops, which would else be cut off; clients come back to the next one."""

    app: FastAPI

    def __init__(self, **options: Any) -> None:
        super().__init__(uvicorn.Config(self._make, factory=True, **options))

    def _make(self) -> FastAPI:
        """What is there from the start stays, so the collector need not look at it again."""
        self.app = create_app()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*YOUNG, 1_000_000)
        threading.Thread(target=_tend, args=(self.app,), name="tend", daemon=True).start()
        return self.app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.app.state.broadcaster.close()
        self.app.state.watcher.close()
        await super().shutdown(sockets)


def _tend(app: FastAPI) -> None:
    """What else would stop everybody whenever it pleases: the description, made when it is first asked for, for a
    second; full collections, with a thousand open streams, for a fifth of one.
    """
    app.openapi()
    while True:
        time.sleep(COLLECT_SECONDS)
        gc.collect()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the API and the dashboard.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--trusted-proxies", help="whose X-Forwarded-For and -Proto are believed")
    options = parser.parse_args()
    server = Server(
        host=options.host,
        port=options.port,
        http=Impatient,
        ws="none",
        access_log=False,
        proxy_headers=options.trusted_proxies is not None,
        forwarded_allow_ips=options.trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server.config.load_app()  # outside the loop: what keeps it from starting is one line
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(3)  # as uvicorn itself does


if __name__ == "__main__":
    main()
