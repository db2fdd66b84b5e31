"""The API's process: `python -m api.serve --host 127.0.0.1 --port 8000`."""

import argparse

import uvicorn

from api.impatient import Impatient

STOP_SECONDS = 3  # open event streams are cut after so long


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the API and the dashboard.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--trusted-proxies", help="whose X-Forwarded-For and -Proto are believed")
    options = parser.parse_args()
    uvicorn.run(
        "api.app:create_app",
        factory=True,
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


if __name__ == "__main__":
    main()
