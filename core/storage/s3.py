"""Storage in a bucket: Amazon's S3, or what speaks like it. A file appears with the request that completes it.

Files that are written here carry their SHA-256; a local copy is checked against it.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from core.errors import Damaged, NotFound, StorageUnavailable
from core.storage.bucket import Bucket
from core.storage.cache import Cache

CHUNK = 1 << 20
SHA256 = "sha256"  # the name under which a file carries its hash
PART_BYTES = range(5 << 20, (5 << 30) + 1)  # what S3 takes as a part of a file; the last one may be smaller,
PARTS = 10_000  # and so many of them
COPIES = 8  # parts copied at once, inside the bucket
AT_ONCE = 1000  # files deleted by one request

# One request for what is smaller; the parts of what is larger are in memory while they are sent, four of them at most.
TRANSFER = TransferConfig(multipart_threshold=64 << 20, multipart_chunksize=16 << 20, max_concurrency=4)
TRANSFER.max_in_memory_upload_chunks = 4


class S3Storage:
    def __init__(self, bucket: Bucket, cache: Cache) -> None:
        self._bucket, self._client, self._cache = bucket, bucket.client, cache

    # --- in -----------------------------------------------------------------------------------------------------

    def put(self, key: str, source: Path) -> None:
        with source.open("rb") as file:
            self._send(key, file)

    @contextmanager
    def writing(self, key: str) -> Iterator[IO[bytes]]:
        with self._cache.spool() as file:
            yield file
            self._send(key, file)

    def _send(self, key: str, file: IO[bytes]) -> None:
        place = self._bucket.place(key)
        file.seek(0)
        carried = {"Metadata": {SHA256: hashlib.file_digest(file, "sha256").hexdigest()}}  # type: ignore[arg-type]
        file.seek(0)
        with self._bucket.told(key):
            self._client.upload_fileobj(file, **place, ExtraArgs=carried, Config=TRANSFER)

    def join(self, key: str, parts: Sequence[tuple[str, int]], check: Callable[[str], None]) -> None:
        with self._cache.alone(key):
            try:
                sha256, versions = self._read(parts)
                check(sha256)
                self._compose(key, parts, versions, sha256)
            except NotFound:  # joined before, by a call that did not live to tell, or elsewhere in this moment
                if not self.exists(key):
                    raise
                check(self._read([(key, sum(size for _, size in parts))])[0])
            self._delete(self._bucket.root + part for part, _ in parts)

    def _read(self, parts: Sequence[tuple[str, int]]) -> tuple[str, list[str]]:
        """The SHA-256 of the whole, and each part's version."""
        hasher, versions = hashlib.sha256(), []
        for key, size in parts:
            with self._bucket.told(key):
                answer = self._client.get_object(**self._bucket.place(key))
                with closing(answer["Body"]) as body:
                    if answer["ContentLength"] != size:
                        raise NotFound("file", key)
                    for chunk in body.iter_chunks(CHUNK):
                        hasher.update(chunk)
            versions.append(answer["ETag"])
        return hasher.hexdigest(), versions

    def _compose(self, key: str, parts: Sequence[tuple[str, int]], versions: list[str], sha256: str) -> None:
        """The whole, of parts of just these versions: inside the bucket, where it takes them as they are."""
        if len(parts) > PARTS or any(size not in PART_BYTES for _, size in parts[:-1]):
            with self.writing(key) as file:
                for part, _ in parts:
                    with self.reading(part) as chunks:
                        file.writelines(chunks)
                file.seek(0)
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:  # type: ignore[arg-type]
                    raise StorageUnavailable(f"Parts of {key} have changed meanwhile")
            return

        def copy(numbered: tuple[int, tuple[str, int], str]) -> dict[str, Any]:
            n, (part, _), version = numbered
            source = self._bucket.place(part)
            made = self._client.upload_part_copy(**whole, PartNumber=n, CopySource=source, CopySourceIfMatch=version)
            return {"PartNumber": n, "ETag": made["CopyPartResult"]["ETag"]}

        with self._bucket.told(key):
            place = self._bucket.place(key)
            begun = self._client.create_multipart_upload(**place, Metadata={SHA256: sha256})
            whole = {**place, "UploadId": begun["UploadId"]}
            try:
                with ThreadPoolExecutor(COPIES) as pool:
                    made = list(pool.map(copy, zip(range(1, len(parts) + 1), parts, versions, strict=True)))
                self._client.complete_multipart_upload(**whole, MultipartUpload={"Parts": made})
            except BaseException:
                with suppress(ClientError, BotoCoreError):  # else it is found later
                    self._client.abort_multipart_upload(**whole)
                raise

    def unfinished(self) -> Iterator[str]:
        for page in self._bucket.pages("list_multipart_uploads", Prefix=self._bucket.root):
            for upload in page.get("Uploads", []):
                yield f"{self._bucket.key(upload['Key'])}?{upload['UploadId']}"

    def abandon(self, name: str) -> None:
        key, _, upload = name.partition("?")
        with self._bucket.told(key):
            try:
                self._client.abort_multipart_upload(**self._bucket.place(key), UploadId=upload)
            except self._client.exceptions.NoSuchUpload:
                return

    # --- out ----------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[Iterator[bytes]]:
        part = {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"} if start or stop is not None else {}
        with self._bucket.told(key):
            answer = self._client.get_object(**self._bucket.place(key), **part)
            with closing(answer["Body"]) as body:
                yield body.iter_chunks(CHUNK)

    def fetch(self, key: str, hold: Path | None = None) -> Path:
        head = self._head(key)

        def fill(file: IO[bytes]) -> None:
            with self._bucket.told(key):
                self._client.download_fileobj(Fileobj=file, **self._bucket.place(key), Config=TRANSFER)
            file.seek(0)
            found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            if found != head["Metadata"].get(SHA256, found):  # none: put there by somebody else
                raise Damaged(key)

        copy = self._cache.get(key, head["ETag"], head["ContentLength"], fill)
        return copy if hold is None else self._cache.hold(copy, hold)

    def _head(self, key: str) -> dict[str, Any]:
        place = self._bucket.place(key)
        try:
            with self._bucket.told(key):
                head: dict[str, Any] = self._client.head_object(**place)
                return head
        except NotFound:
            self._bucket.check()  # a bucket that is not there answers the same
            raise

    def exists(self, key: str) -> bool:
        try:
            self._head(key)
        except NotFound:
            return False
        return True

    def free_bytes(self) -> int:
        return sys.maxsize

    def folders(self, prefix: str) -> list[str]:
        folder = self._bucket.folder(prefix)
        pages = self._bucket.pages("list_objects_v2", Prefix=folder, Delimiter="/")
        found = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]
        return [name.removeprefix(folder).rstrip("/") for name in found]

    def files(self, prefix: str) -> Iterator[str]:
        for page in self._bucket.pages("list_objects_v2", Prefix=self._bucket.folder(prefix)):
            for one in page.get("Contents", []):
                yield self._bucket.key(one["Key"])

    # --- away ---------------------------------------------------------------------------------------------------

    def delete(self, key: str) -> None:
        self._cache.forget(key)
        with self._bucket.told(key):
            self._client.delete_object(**self._bucket.place(key))

    def delete_prefix(self, prefix: str) -> None:
        self._cache.forget(prefix)
        self._delete(self._bucket.root + key for key in self.files(prefix))

    def _delete(self, names: Iterator[str]) -> None:
        while batch := [{"Key": name} for name in islice(names, AT_ONCE)]:
            with self._bucket.told():
                answer = self._client.delete_objects(Bucket=self._bucket.name, Delete={"Objects": batch, "Quiet": True})
            for error in answer.get("Errors", []):
                raise StorageUnavailable(f"The bucket does not delete {error['Key']}: {error.get('Message')}")
