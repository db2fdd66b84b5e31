"""Every order that a list of jobs offers is an index's: the first page of ten thousand reads twenty."""

from typing import Any

import pytest
from sqlalchemy import event

from core.db import jobs
from core.db.paging import Window
from core.db.session import Database


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", jobs.Sort)
def test_no_order_sorts(sqlite_url: str, sort: jobs.Sort, order: Any) -> None:
    database = Database(sqlite_url)
    asked: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    with database.read() as session:
        jobs.listing(session, "prj_default", Window(order=order), sort=sort)
    lists = [one for one in asked if "ORDER BY" in one[0]]
    with database.engine.connect() as connection:
        for statement, values in lists:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            assert not any("TEMP B-TREE" in step for step in plan), plan
    database.close()
    assert lists
