"""Where nodes run: all in one process, a process each, or a container each.

The lab sees only :class:`protocol.Runtime`.
"""

from typing import Final

RUNTIMES: Final = ("embedded", "process", "docker")
"""By name, as in ``up --runtime``; the first is the default."""
