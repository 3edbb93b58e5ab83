"""Unix sockets whose paths may be longer than the kernel takes: labs live where their user wants them."""

import os
import sys
from pathlib import Path
from typing import Any, Final

ADDRESS_LIMIT: Final = 100
"""Bytes of a Unix socket's address; the kernel has 108."""


class SocketAddress:
    """The address of a Unix socket whose path may be longer than the kernel takes.

    Used as a context; a long path goes through an open descriptor of its folder, which is valid inside it only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = -1

    def __enter__(self) -> str:
        """Return an address that fits."""
        if len(os.fsencode(self._path)) <= ADDRESS_LIMIT:
            return str(self._path)
        self._folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return f"/proc/self/fd/{self._folder}/{self._path.name}"

    def __exit__(self, *_: object) -> None:
        """Close the descriptor."""
        if self._folder >= 0:
            os.close(self._folder)


KEEP_SOCKET: Final[dict[str, Any]] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
"""For servers on such an address: from Python 3.13 on they look at it when it is no longer valid, to remove the file.
Ours are removed with their folder."""
