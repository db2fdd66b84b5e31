"""The courier's pace: with much to send it does not wait for its next look."""

import asyncio
from ipaddress import ip_network

import pytest
from sqlalchemy import select

from api.events.streams import running
from api.webhooks import courier
from api.webhooks.courier import PLACES, Courier
from core.db import webhooks
from core.db.keys import DEFAULT_PROJECT
from core.db.models import Delivery, Project
from core.db.session import Database
from tests.api.receiver import receiving
from tests.fixtures import loops

MESSAGES = 3 * PLACES + 5


def test_a_crowd_of_messages_does_not_wait_for_the_next_look(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "LOOK_SECONDS", 3600.0)
    with receiving() as receiver:
        with database.write() as work:
            work.add(Project(id=DEFAULT_PROJECT, name="default"))
            work.flush()
            webhook = webhooks.create(work, DEFAULT_PROJECT, name="", url=receiver.url, events=["*"])
            for _ in range(MESSAGES):
                webhooks.tell_test(work, webhook)

        def untried() -> int:
            with database.read() as session:
                return len(session.scalars(select(Delivery.id).where(Delivery.tries == 0)).all())

        async def send() -> None:
            async with running(Courier(database, b"k" * 32, [ip_network("127.0.0.0/8")])), asyncio.timeout(60):
                while await asyncio.to_thread(untried):
                    await asyncio.sleep(0.02)

        loops.run(send())
        assert receiver.got
