"""The only reader of environment variables (DISTILLERY_*), of .env, and of secrets that lie in files."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import DirectoryPath, Field, IPvAnyNetwork, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)


class Settings(BaseSettings):
    """Everything an operator can set. A value that cannot work is refused at start, by name."""

    model_config = SettingsConfigDict(env_prefix="DISTILLERY_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("data"), description="Database, storage and work folders of a single machine.")
    secrets_dir: DirectoryPath | None = Field(
        None, description="Folder of files that hold one setting each, named like its variable in lower case."
    )
    database_url: str | None = Field(None, description="SQLAlchemy URL; default: SQLite in the data dir.")
    database_password: SecretStr | None = Field(None, description="Goes into a database_url that has none.")
    broker_url: str | None = Field(None, description="Redis URL of the nudges; without one workers poll.")
    storage_url: str | None = Field(
        None, description="Folder (file:///…) or bucket (s3://bucket/prefix) of files; default: in the data dir."
    )
    storage_endpoint: str | None = Field(
        None, pattern="^https?://", description="Address of an S3-compatible store; default: Amazon's."
    )
    storage_region: str | None = Field(None, description="The bucket's region; default: as boto3 finds it.")
    storage_access_key: str | None = Field(None, description="Who opens the bucket; default: as boto3 finds it.")
    storage_secret_key: SecretStr | None = Field(None, description="The secret of storage_access_key.")
    cache_bytes: int = Field(
        50 * 2**30, gt=0, description="Local copies of a bucket's files; those in use come on top."
    )
    lease_seconds: float = Field(30.0, gt=0, description="A worker that is silent for so long loses its run.")
    heartbeat_seconds: float = Field(5.0, gt=0, description="How often a worker renews its leases.")
    outage_seconds: float = Field(3600.0, gt=0, description="A run goes on so long without the database answering.")
    poll_seconds: float = Field(2.0, gt=0, description="How often a worker looks for work that no nudge announced.")
    dataset_roots: Annotated[list[Path], NoDecode] = Field(
        default_factory=list, description="Folders from which data sets may be read, separated by ':'."
    )
    datasets_dir: Path | None = Field(None, description="Files of known data sets; default: datasets in the data dir.")
    weights_dir: Path | None = Field(None, description="Published weights; default: weights in the data dir.")
    downloads: bool = Field(True, description="Whether a worker may fetch published weights that are not there yet.")
    slots: int | None = Field(None, ge=1, le=64, description="Jobs at once per worker; default: its GPUs, else 1.")
    gpus_per_slot: int = Field(1, ge=1, le=8, description="GPUs that one job may have; those it asks for train it.")
    threads: int | None = Field(None, ge=1, description="Threads per child; default: cores // slots.")
    max_crashes: int = Field(3, ge=1, description="Crashes without a new checkpoint until a job fails.")
    stop_grace_seconds: float = Field(15.0, gt=0, description="From a cooperative stop to SIGTERM, then SIGKILL.")
    checkpoint_seconds: float = Field(300.0, gt=0, description="Time after which a checkpoint is due within an epoch.")
    max_upload_bytes: int = Field(20 * 2**30, gt=0, description="Largest upload.")
    upload_quota_bytes: int = Field(100 * 2**30, gt=0, description="All uploads of one project together.")
    storage_quota_bytes: int | None = Field(
        None, gt=0, description="Everything a project keeps; default: no limit. `distillery projects` sets one's own."
    )
    running_jobs_quota: int | None = Field(None, ge=1, description="Jobs of one project at once; default: no limit.")
    rate_limit: int = Field(
        100,
        ge=0,
        description="Requests per second and key at each API process, with bursts of ten seconds; 0: no limit.",
    )
    upload_expiry_hours: float = Field(24 * 7, gt=0, description="Time from its last part until an upload is dropped.")
    upload_part_bytes: int = Field(16 * 2**20, gt=0, description="Size of an upload's parts.")
    root_path: str = Field("", pattern=r"^(/[\w.~-]+)*$", description="Path prefix under which a proxy serves it.")
    trusted_proxies: str | None = Field(
        None, description="Whose X-Forwarded-For and -Proto are believed: addresses, networks or *; default: nobody's."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Names by which it may be asked, separated by ','; *.example.org: all below. "
        "Default: any; of `up` on a loopback address: this machine's own.",
    )
    secure_cookies: Literal["auto", "always"] = Field("auto", description="auto: Secure where the request is https.")
    signing_key: SecretStr | None = Field(
        None, min_length=32, description="Of all webhooks' secrets; default: made in the data dir, for one API alone."
    )
    webhook_networks: Annotated[list[IPvAnyNetwork], NoDecode] = Field(
        default_factory=list, description="Networks of your own that webhooks may reach, separated by ','."
    )
    session_hours: float = Field(24 * 14, gt=0, description="How long a sign-in lasts.")
    log_format: Literal["text", "json"] = Field("text", description="Of the lines that the API and workers log.")
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Who asks for /metrics must send it; without one only this machine is answered.",
    )
    url: str | None = Field(None, description="The service that the command line talks to; default: `up` in data_dir.")
    api_key: SecretStr | None = Field(None, description="The command line's key; default: the one `up` wrote.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Files of secrets come last: whatever is set beside them holds."""
        folder = Path(os.environ.get("DISTILLERY_SECRETS_DIR") or os.devnull)
        files = SecretsSettingsSource(settings_cls, folder) if folder.is_dir() else file_secret_settings
        return init_settings, env_settings, dotenv_settings, files

    @field_validator("dataset_roots", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value

    @field_validator("webhook_networks", "allowed_hosts", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, value: list[str]) -> list[str]:
        """As a Host header has them, without port and brackets."""
        for name in value:
            if not re.fullmatch(r"(\*\.)?[\w-]+(\.[\w-]+)*|[0-9a-fA-F:]*:[0-9a-fA-F:.]*", name):
                raise ValueError(f"{name!r} is no name or address; no scheme, port or path belongs to it")
        return [name.lower() for name in value]

    @field_validator("storage_url")
    @classmethod
    def _folder_or_bucket(cls, value: str | None) -> str | None:
        url = urlsplit(value or "file:")
        if "@" in url.netloc or url.query or url.fragment:
            raise ValueError("an address and nothing else: keys and endpoint have settings of their own")
        if url.scheme != "file" and not (url.scheme == "s3" and url.netloc):
            raise ValueError(f"{url.scheme or value!r} is not supported; use file:///a/folder or s3://bucket/prefix")
        return value

    @model_validator(mode="after")
    def _whole_key(self) -> Self:
        if (self.storage_access_key is None) != (self.storage_secret_key is None):
            raise ValueError("storage_access_key and storage_secret_key go together: set both or neither")
        return self

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @property
    def builtin_files(self) -> Path:
        """A folder for each builtin data set that needs files: `<here>/cifar100/…`."""
        return self.datasets_dir or self.data_dir / "datasets"

    @property
    def pretrained_files(self) -> Path:
        """A folder for each library: `<here>/torchvision/resnet18-….pth`."""
        return self.weights_dir or self.data_dir / "weights"

    @property
    def database(self) -> str:
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'distillery.db'}"
        scheme, _, rest = self.database_url.partition("://")
        user, at, place = rest.partition("@")
        if self.database_password is None or not at or ":" in user:
            return self.database_url
        return f"{scheme}://{user}:{quote(self.database_password.get_secret_value(), safe='')}@{place}"

    @property
    def storage(self) -> str:
        return self.storage_url or (self.data_dir / "storage").as_uri()

    @property
    def admin_key_file(self) -> Path:
        return self.data_dir / "admin.key"

    @property
    def work_dir(self) -> Path:
        """Scratch of training children; nothing in it is needed after a restart."""
        return self.data_dir / "work"

    def slots_for(self, gpus: int) -> int:
        """Jobs at once on a machine with so many GPUs."""
        return self.slots or max(1, gpus // self.gpus_per_slot)

    def threads_per_child(self, slots: int) -> int:
        return self.threads or max(1, (os.cpu_count() or 1) // slots)
