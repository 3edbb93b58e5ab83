"""The histories of nodes on other machines, kept in the lab's folder: on disk here before they count there.

So a node that has lost its machine goes on anywhere else, and snapshots find the stores where they always are.
"""

from itertools import islice
from pathlib import Path
from typing import Any

from leaselab.appliance.adapters.replica import PAGE
from leaselab.appliance.adapters.sqlite import SqliteStore, copy_store
from leaselab.testbed.files import explained


class Archive:
    """The stores of a lab's nodes, one file each.

    Args:
        folder: the lab's.
    """

    def __init__(self, folder: Path) -> None:
        self._nodes = folder / "nodes"
        self._stores: dict[str, SqliteStore] = {}

    def open(self, node: str) -> None:
        """Open a node's store, made if it is new."""
        home = self._nodes / node
        with explained(f"open the store of {node}"):
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            if node not in self._stores:
                self._stores[node] = SqliteStore(home / "device.db")

    def close(self, node: str) -> None:
        """Close a node's store; nothing to do if it is not open."""
        store = self._stores.pop(node, None)
        if store is not None:
            store.close()

    def close_all(self) -> None:
        """Close every store."""
        for node in tuple(self._stores):
            self.close(node)

    def erase(self, node: str) -> None:
        """Forget all that a node, which is off, has ever stored."""
        for file in (self._nodes / node).glob("device.db*"):
            file.unlink()

    def copy(self, node: str, copy: str) -> None:
        """Give a node that is not there yet all that another one has stored."""
        self.erase(copy)
        with explained(f"copy the store of {node}"):
            (self._nodes / copy).mkdir(mode=0o700, exist_ok=True)
            copy_store(self._nodes / node / "device.db", self._nodes / copy / "device.db", device=node, copy=copy)

    def recall(self, node: str, after: int) -> dict[str, Any]:
        """Return a page of a node's events later than number ``after``, and with the first page its snapshot."""
        store = self._stores[node]
        number, state = store.latest_snapshot(node) if after == 0 else (0, None)
        return {
            "snapshot_number": number,
            "snapshot": state.decode() if state is not None else None,
            "events": [(each, at, body.decode()) for each, at, body in islice(store.history(node, after), PAGE)],
        }

    async def keep(self, node: str, acts: list[dict[str, Any]]) -> dict[str, Any]:
        """Do what a node did to its history; returns once that is on disk."""
        store = self._stores[node]
        for act in acts:
            match act:
                case {"append": bodies, "at": at}:
                    store.append(node, at, [body.encode() for body in bodies])
                case {"snapshot": state}:
                    store.snapshot(node, state.encode())
                case {"erase": True}:
                    store.erase(node)
        await store.durable()
        return {}
