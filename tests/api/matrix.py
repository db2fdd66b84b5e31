"""Who may do what: one row for each operation. A route without a row fails its test (test_isolation.py)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import httpx2
from fastapi import FastAPI
from starlette.testclient import TestClient

from core.db import keys
from core.db.keys import DEFAULT_PROJECT
from core.db.models import ApiKey, now
from core.db.session import Database

Needs = Literal["nobody", "token", "read", "submit", "admin"]

_READ = """
    list_architectures get_counts list_datasets list_builtin_datasets get_dataset list_names list_samples get_sample
    watch_changes list_jobs get_job list_checkpoints list_events list_logs get_metrics get_limits list_losses
    list_metrics list_presets list_runs get_session get_storage_use list_students get_student list_disagreements
    get_evaluation download_student_file head_student_file list_teachers get_teacher list_uploads get_upload
    list_workers delete_session
"""
_SUBMIT = """
    create_dataset delete_dataset create_job change_jobs delete_job change_job cancel_job pause_job resume_job
    retry_job create_teacher delete_teacher create_upload send_upload delete_upload complete_upload put_part
"""
_ADMIN = """
    list_api_keys create_api_key revoke_api_key rotate_api_key list_audit_entries list_webhooks create_webhook
    delete_webhook get_webhook change_webhook list_deliveries resend_delivery rotate_webhook test_webhook
"""
MATRIX: dict[str, Needs] = {
    **dict.fromkeys(("get_health", "get_readiness", "get_version", "create_session"), "nobody"),
    "scrape_metrics": "token",
    **dict.fromkeys(_READ.split(), "read"),
    **dict.fromkeys(_SUBMIT.split(), "submit"),
    **dict.fromkeys(_ADMIN.split(), "admin"),
}
STRANGERS = ("nobody", "wrong", "revoked", "expired")
SCOPES = ("read", "submit", "admin")


@dataclass(frozen=True)
class Person:
    """`by`: how they say who they are."""

    who: str
    by: Literal["key", "cookie"]
    client: TestClient

    @property
    def name(self) -> str:
        return f"{self.who} by {self.by}"


def people(app: FastAPI, database: Database, project: str = DEFAULT_PROJECT) -> list[Person]:
    """Everybody who could ask, each with a key and as a browser that signed in with it."""
    found = []
    for who in (*STRANGERS, *SCOPES):
        with database.write() as work:
            row, secret = keys.create(work, project, who, scope=who if who in SCOPES else "admin")
            token = keys.sign_in(work, row, hours=1)
            id = row.id
        if who == "wrong":
            secret, token = f"dkd_{'w' * 43}", "w" * 43
        if who in ("revoked", "expired"):
            with database.write() as work:
                field = "revoked_at" if who == "revoked" else "expires_at"
                setattr(work.get_one(ApiKey, id), field, now() - timedelta(seconds=1))
        for by in ("key", "cookie"):
            client = TestClient(app, raise_server_exceptions=False)
            if who != "nobody" and by == "key":
                client.headers["Authorization"] = f"Bearer {secret}"
            if who != "nobody" and by == "cookie":
                client.cookies.set("distillery_session", token)
            found.append(Person(who, by, client))
    return found


def told(answer: httpx2.Response, ids: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """What somebody learns from an answer: everything but the ids they asked by, and the request's own number."""
    unlike = {"x-request-id", "content-length", "date"}
    headers = {name: value for name, value in answer.headers.items() if name not in unlike}
    text = answer.text.replace(answer.headers["x-request-id"], "<request>")
    for name, id in ids.items():
        text = text.replace(id, f"<{name}>") if len(id) > 8 else text
    return answer.status_code, headers, text
