"""Secrets and signatures of webhooks (Standard Webhooks 1.0.0).

A secret is derived from the service's one signing key, the webhook's id and a generation that rotating raises: the
database holds none, and a copy of it gives none away.
"""

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from core import private
from core.settings import Settings

PREFIX = "whsec_"
KEY_BYTES = 32


def signing_key(settings: Settings) -> bytes:
    """As set, else the one in the data dir, which the first call makes (mode 0600)."""
    if settings.signing_key is not None:
        return settings.signing_key.get_secret_value().encode()
    path = settings.data_dir / "signing.key"
    if not path.exists():
        private.write_first(path, secrets.token_hex(KEY_BYTES))
    return _read(path)


def _read(path: Path) -> bytes:
    key = path.read_bytes().strip()
    if len(key) < KEY_BYTES:
        raise SystemExit(f"distillery api: {path} is damaged. Restore it, or remove it: all webhooks get new secrets.")
    return key


def secret_of(key: bytes, webhook: str, generation: int) -> str:
    """`whsec_` and 32 bytes in base64."""
    derived = hmac.digest(key, f"webhook {webhook} {generation}".encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(derived).decode()


def signature(secret: str, message: str, timestamp: int, body: str) -> str:
    """`v1,…` of a message with this id, sent at this time (seconds since 1970)."""
    signed = f"{message}.{timestamp}.{body}".encode()
    digest = hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()
