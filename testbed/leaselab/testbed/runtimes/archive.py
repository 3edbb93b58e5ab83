"""The histories of nodes on other machines, kept in the lab's folder: on disk here before they count there.

So a node that has lost its machine goes on anywhere else, and snapshots find the stores where they always are.
"""

from itertools import islice
from typing import Any

from leaselab.appliance.adapters.replica import PAGE
from leaselab.appliance.adapters.sqlite import SqliteStore
from leaselab.testbed.files import explained
from leaselab.testbed.runtimes.homes import Homes


class Archive:
    """The stores of a lab's nodes, one file each.

    Args:
        homes: the nodes' folders.
    """

    def __init__(self, homes: Homes) -> None:
        self._homes = homes
        self._stores: dict[str, SqliteStore] = {}

    def open(self, node: str) -> None:
        """Open a node's store, made if it is new."""
        self._homes.make(node)
        with explained(f"open the store of {node}"):
            if node not in self._stores:
                self._stores[node] = SqliteStore(self._homes.store(node))

    def close(self, node: str) -> None:
        """Close a node's store; nothing to do if it is not open."""
        store = self._stores.pop(node, None)
        if store is not None:
            store.close()

    def close_all(self) -> None:
        """Close every store."""
        for node in tuple(self._stores):
            self.close(node)

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
