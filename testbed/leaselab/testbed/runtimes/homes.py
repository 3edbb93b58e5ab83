"""The folders of nodes that live outside the lab's own process: each has its store in one, and what else it needs."""

import os
from collections.abc import Iterable
from pathlib import Path

from leaselab.appliance.adapters.sqlite import copy_store
from leaselab.testbed.files import explained


class Homes:
    """A folder a node.

    Args:
        folder: the lab's.
        owner: user and group that nodes run as, where that is not who runs the lab.
    """

    def __init__(self, folder: Path, *, owner: tuple[int, int] | None = None) -> None:
        self._nodes = folder / "nodes"
        self._owner = owner

    def of(self, node: str) -> Path:
        """Return a node's folder, whether it is there or not."""
        return self._nodes / node

    def store(self, node: str) -> Path:
        """Return a node's database file."""
        return self.of(node) / "device.db"

    def make(self, node: str) -> Path:
        """Return a node's folder, made if it is new."""
        home = self.of(node)
        with explained(f"make the folder of {node}"):
            self._nodes.mkdir(mode=0o700, exist_ok=True)
            home.mkdir(mode=0o700, exist_ok=True)
        return home

    def hand_over(self, paths: Iterable[Path]) -> None:
        """Make files and folders those of the user that nodes run as."""
        if self._owner is not None:
            for path in paths:
                os.chown(path, *self._owner)

    def erase(self, node: str) -> None:
        """Forget all that a node, which is off, has ever stored."""
        for file in self.of(node).glob("device.db*"):
            file.unlink()

    def copy(self, node: str, copy: str) -> None:
        """Give a node that is not there yet all that another one has stored."""
        self.erase(copy)
        home = self.make(copy)
        with explained(f"copy the store of {node}"):
            copy_store(self.store(node), self.store(copy), device=node, copy=copy)
            self.hand_over(home.glob("device.db*"))
