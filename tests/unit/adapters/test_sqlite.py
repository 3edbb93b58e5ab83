"""The store on disk: what is durable, what a broken disk leaves, which formats it reads."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from leaselab.appliance.adapters.sqlite import SqliteStore, StoreError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lab.db"


def stored(path: Path) -> list[bytes]:
    """What another process reads: only what was committed."""
    connection = sqlite3.connect(path)
    try:
        return [body for (body,) in connection.execute("SELECT body FROM event ORDER BY number")]
    finally:
        connection.close()


async def test_what_was_appended_is_on_disk_once_durable_returns(path: Path) -> None:
    store = SqliteStore(path)
    store.append("gw1", 1, [b"a", b"b"])
    assert stored(path) == []

    await store.durable()

    assert stored(path) == [b"a", b"b"]
    store.close()


async def test_all_who_wait_within_one_turn_share_a_commit(path: Path) -> None:
    store = SqliteStore(path)
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)

    async def append(number: int) -> None:
        store.append(f"gw{number}", number, [b"x"])
        await store.durable()

    await asyncio.gather(*(append(number) for number in range(64)))

    assert statements.count("COMMIT") == 1
    assert len(stored(path)) == 64
    store.close()


async def test_durable_with_nothing_appended_returns_at_once(path: Path) -> None:
    store = SqliteStore(path)
    await store.durable()
    store.close()


async def test_a_device_is_loaded_from_its_snapshot_and_what_came_after(path: Path) -> None:
    store = SqliteStore(path)
    store.append("gw1", 1, [b"a"])
    store.append("gw2", 1, [b"other"])
    store.snapshot("gw1", b"state")
    store.append("gw1", 2, [b"b"])

    state, events = store.load("gw1")

    assert (state, list(events)) == (b"state", [(2, b"b")])
    assert [body for _, _, body in store.history("gw1")] == [b"a", b"b"]
    store.close()


async def test_the_latest_of_a_long_history_are_read_alone(path: Path) -> None:
    store = SqliteStore(path)
    for body in (b"a", b"b", b"c", b"d"):
        store.append("gw1", 1, [body])
        store.append("gw2", 1, [b"other"])

    assert [body for _, _, body in store.history("gw1", latest=2)] == [b"c", b"d"]
    assert [body for _, _, body in store.history("gw1", latest=9)] == [b"a", b"b", b"c", b"d"]
    third = list(store.history("gw1"))[2][0]
    assert [body for _, _, body in store.history("gw1", third, latest=3)] == [b"d"]
    store.close()


async def test_an_erased_device_has_no_history_and_others_keep_theirs(path: Path) -> None:
    store = SqliteStore(path)
    store.append("gw1", 1, [b"a"])
    store.append("gw2", 1, [b"b"])
    store.snapshot("gw1", b"state")

    store.erase("gw1")

    assert list(store.history("gw1")) == []
    assert store.load("gw1")[0] is None
    assert [body for _, _, body in store.history("gw2")] == [b"b"]
    store.close()


async def test_a_full_disk_is_an_error_for_all_who_wait_and_nothing_is_half_written(path: Path) -> None:
    store = SqliteStore(path)
    store.append("gw1", 1, [b"first"])
    await store.durable()
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count={pages}")

    with pytest.raises(StoreError, match="full"):
        store.append("gw1", 2, [b"x" * 100_000])
    with pytest.raises(StoreError, match="full"):
        await store.durable()
    with pytest.raises(StoreError, match="full"):
        store.append("gw1", 3, [b"small"])

    store.close()
    assert stored(path) == [b"first"]


def test_a_store_of_another_format_is_refused_with_what_to_do(path: Path) -> None:
    SqliteStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()

    with pytest.raises(StoreError, match="state format 99, this release reads 1; take the lab down"):
        SqliteStore(path)


def test_a_file_that_is_no_store_is_refused_with_its_name(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)

    with pytest.raises(StoreError, match=r"lab\.db: file is not a database"):
        SqliteStore(path)


def test_a_folder_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/lab\.db"):
        SqliteStore(tmp_path / "missing" / "lab.db")


def test_the_file_is_for_its_owner_only(path: Path) -> None:
    SqliteStore(path).close()

    assert path.stat().st_mode & 0o777 == 0o600
