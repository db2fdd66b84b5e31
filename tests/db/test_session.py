"""A database that is closed keeps no connection open."""

import pytest

from core.db.session import Database


def test_what_is_in_use_when_it_is_closed_is_closed_afterwards(database: Database) -> None:
    in_use = database.engine.raw_connection()
    raw = in_use.driver_connection
    assert raw is not None
    raw.execute("SELECT 1")
    raw.rollback()
    database.close()
    in_use.close()  # back to the pool, as at the end of a thread that was reading
    with pytest.raises(Exception, match="closed"):
        raw.execute("SELECT 1")
