"""Where nodes run: all in one process, or a process each. The lab sees only :class:`protocol.Runtime`."""

from typing import Final

RUNTIMES: Final = ("embedded", "process")
"""By name, as in ``up --runtime``; the first is the default."""
