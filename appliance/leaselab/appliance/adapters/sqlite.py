"""The store on disk: one SQLite file a process, written ahead and synced in full.

All devices of a process share it, and all that they append within one turn of the event loop is one transaction
(measured: three times the requests a second of a commit each). ``synchronous=FULL`` because the promise is to survive
power loss, not only a killed process (LSE-12).
"""

import asyncio
import contextlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from leaselab.appliance.instants import Instant

SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    at INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX event_of_device ON event (device, number);
CREATE TABLE snapshot (
    device TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;
"""
CACHE_KIB: Final = 512
"""Page cache a store; histories are appended and seldom read."""


class StoreError(OSError):
    """The store cannot be opened or written; the message says which file, why, and what to do."""


def copy_store(source: Path, target: Path, *, device: str, copy: str) -> None:
    """Copy the store of one device, which may be writing to it, for another device.

    Args:
        source: the store's file.
        target: where the copy goes; made with mode 0600.
        device: whose history it is.
        copy: whose the copy is to be.

    Raises:
        StoreError: one of them cannot be read or written.
    """
    try:
        target.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(source)) as there, contextlib.closing(sqlite3.connect(target)) as here:
            there.backup(here)
            for table in ("event", "snapshot"):
                here.execute(f"UPDATE {table} SET device = ? WHERE device = ?", (copy, device))  # noqa: S608 - ours
            here.commit()
    except sqlite3.Error as error:
        raise StoreError(f"{source}: {error}; check the disk and the folder's owner") from error


class SqliteStore:
    """Histories of devices in one file.

    Args:
        path: the database file; made with mode 0600 when absent.

    Raises:
        StoreError: the file cannot be opened, is no store, or has another format.
    """

    def __init__(self, path: Path) -> None:
        self.id = secrets.token_hex(16)
        self.keeps_history = True
        self._path = path
        self._open_transaction = False
        self._waiting: asyncio.Future[None] | None = None
        self._failed: StoreError | None = None
        try:
            path.touch(mode=0o600, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, cached_statements=16)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path}: {error}; check the disk and the folder's owner") from error
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            self._migrate()
        except StoreError:
            self._db.close()
            raise
        except sqlite3.Error as error:
            self._db.close()
            raise StoreError(f"{path}: {error}; check the disk and the folder's owner") from error

    def _migrate(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise StoreError(
                f"{self._path}: state format {version}, this release reads {SCHEMA_VERSION}; "
                "take the lab down with the release that made it, or remove its folder"
            )

    def load(self, device: str) -> tuple[bytes | None, Iterable[tuple[Instant, bytes]]]:
        """Return the latest snapshot, if any, and the events after it, oldest first."""
        number, state = self.latest_snapshot(device)
        events = self._db.execute(
            "SELECT at, body FROM event WHERE device = ? AND number > ? ORDER BY number", (device, number)
        )
        return state, events

    def latest_snapshot(self, device: str) -> tuple[int, bytes | None]:
        """Return the number of the last event that the latest snapshot covers, and the snapshot; 0 if there is none."""
        row = self._db.execute("SELECT number, state FROM snapshot WHERE device = ?", (device,)).fetchone()
        return row or (0, None)

    def append(self, device: str, at: Instant, events: list[bytes]) -> None:
        """Add events to the open transaction.

        Raises:
            StoreError: the disk is full or broken; nothing of the transaction is kept, and the store stays shut
                until it is opened anew, since memory and disk no longer agree.
        """
        try:
            self._begin()
            self._db.executemany(
                "INSERT INTO event (device, at, body) VALUES (?, ?, ?)", [(device, at, event) for event in events]
            )
        except sqlite3.Error as error:
            raise self._break(error) from error

    def snapshot(self, device: str, state: bytes) -> None:
        """Keep the whole state as of the last event appended."""
        try:
            self._begin()
            self._db.execute(
                "INSERT OR REPLACE INTO snapshot (device, number, state) "
                "SELECT ?, coalesce(max(number), 0), ? FROM event WHERE device = ?",
                (device, state, device),
            )
        except sqlite3.Error as error:
            raise self._break(error) from error

    def history(self, device: str, after: int = 0, latest: int = -1) -> Iterator[tuple[int, Instant, bytes]]:
        """Return the number, instant and text of each event of a device later than number ``after``.

        Args:
            device: whose.
            after: the number of the last one known.
            latest: how many at most, counted from the end; all where it is negative.
        """
        if latest >= 0:
            after = max(after, self._number_before(device, latest))
        return self._db.execute(
            "SELECT number, at, body FROM event WHERE device = ? AND number > ? ORDER BY number", (device, after)
        )

    def _number_before(self, device: str, latest: int) -> int:
        """Return the number of the last event before the latest so many, or 0."""
        row = self._db.execute(
            "SELECT number FROM event WHERE device = ? ORDER BY number DESC LIMIT 1 OFFSET ?", (device, latest)
        ).fetchone()
        return row[0] if row is not None else 0

    def erase(self, device: str) -> None:
        """Forget all of a device (factory reset)."""
        self._begin()
        self._db.execute("DELETE FROM event WHERE device = ?", (device,))
        self._db.execute("DELETE FROM snapshot WHERE device = ?", (device,))

    def copy(self, device: str, copy: str) -> None:
        """Give another device of this store, which has none, the history of one."""
        self._begin()
        self._db.execute(
            "INSERT INTO event (device, at, body) SELECT ?, at, body FROM event WHERE device = ? ORDER BY number",
            (copy, device),
        )

    async def durable(self) -> None:
        """Return once all that was appended is on disk; all who ask within one turn of the loop share a commit."""
        if self._failed is not None:
            raise self._failed
        if not self._open_transaction:
            return
        if self._waiting is None:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            loop.call_soon(self._commit_for_waiting, self._waiting)
        await asyncio.shield(self._waiting)

    def commit(self) -> None:
        """Commit now, without the loop."""
        if self._open_transaction:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._break(error) from error
            self._open_transaction = False

    def close(self) -> None:
        """Commit and close; closing twice is fine."""
        if self._failed is None:
            self.commit()
        self._db.close()

    def _begin(self) -> None:
        if self._failed is not None:
            raise self._failed
        if not self._open_transaction:
            self._db.execute("BEGIN IMMEDIATE")
            self._open_transaction = True

    def _commit_for_waiting(self, waiting: asyncio.Future[None]) -> None:
        self._waiting = None
        try:
            self.commit()
        except StoreError as error:
            waiting.set_exception(error)
            waiting.exception()  # those who await the shield get it; nobody need be left
        else:
            waiting.set_result(None)

    def _break(self, error: sqlite3.Error) -> StoreError:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._open_transaction = False
        self._failed = StoreError(f"{self._path}: {error}; free some space or mend the disk, then restart the node")
        return self._failed
