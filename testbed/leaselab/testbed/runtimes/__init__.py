"""Where nodes run: all in one process, a process each, a container each, or containers over many machines.

The lab sees only :class:`protocol.Runtime`.
"""

from typing import Final

RUNTIMES: Final = ("embedded", "process", "docker", "swarm")
"""By name, as in ``up --runtime``; the first is the default."""
