"""A bucket of Amazon's S3, or of what speaks like it: where it is, what a key is called in it, its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.errors import NotFound, StorageUnavailable

MISSING = ("NoSuchKey", "404")


class Bucket:
    """`StorageUnavailable` at once where it cannot be listed. Without keys boto3 looks for its own."""

    def __init__(
        self,
        name: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        region: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        self.name, self.root = name, f"{prefix}/" if prefix else ""
        self._said = f"The bucket {name}" + (f" at {endpoint}" if endpoint else "")
        config = Config(
            s3={"addressing_style": "path" if endpoint else "auto", "payload_signing_enabled": True},
            connect_timeout=5,
            retries={"mode": "standard", "max_attempts": 3},
            max_pool_connections=64,
            request_checksum_calculation="when_required",  # other stores than Amazon's may not know these checksums:
            response_checksum_validation="when_required",  # the signature covers what is sent, our hash what comes
        )
        with self.told():
            session = Session(access_key, secret_key, region_name=region)
            try:
                self.client: Any = session.client("s3", endpoint_url=endpoint, config=config)
            except ValueError as error:  # an address that is none
                raise StorageUnavailable(f"{self._said} cannot be there: {error}") from error
        self.check()

    def check(self) -> None:
        """Whether address, keys and name are right."""
        with self.told():
            self.client.list_objects_v2(Bucket=self.name, Prefix=self.root, MaxKeys=1)

    @contextmanager
    def told(self, key: str = "") -> Iterator[None]:
        """The library's errors as ours: `NotFound` where this file is not there, else `StorageUnavailable`."""
        try:
            yield
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                raise NotFound("file", key) from error
            raise StorageUnavailable(f"{self._said} refuses: {error}") from error
        except (BotoCoreError, Boto3Error) as error:
            raise StorageUnavailable(f"{self._said} does not answer: {error}") from error

    def place(self, key: str) -> dict[str, str]:
        """As the client's methods want it."""
        if any(name in ("", ".", "..") for name in key.split("/")):
            raise ValueError(f"key {key!r} leaves the storage folder")
        return {"Bucket": self.name, "Key": self.root + key}

    def folder(self, prefix: str) -> str:
        """What the names of everything below a folder of keys begin with; of all keys, where it has no name."""
        return f"{self.place(prefix)['Key']}/" if prefix else self.root

    def key(self, name: str) -> str:
        return name.removeprefix(self.root)

    def pages(self, operation: str, **asked: str) -> Iterator[dict[str, Any]]:
        with self.told():
            yield from self.client.get_paginator(operation).paginate(Bucket=self.name, **asked)
