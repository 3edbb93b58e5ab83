"""The services that a license server halts (GAT-03), in the order of the guide's Appendix A."""

from typing import Final

HALTED_ON_LICENSE_SERVER: Final = {
    "mail-proxy": "Mail proxy services",
    "meeting": "Meeting processes",
    "agentman": "Agentman daemon",
    "federation-server": "Federation server",
    "federation-client": "Federation client",
}
"""Key, as REST and metrics name it, to the name people read."""

RUNNING: Final = "running"
HALTED: Final = "halted"


def service_states(*, license_server: bool) -> dict[str, str]:
    """Return the state of each of these services by its key: all halted on a license server, all running elsewhere."""
    return dict.fromkeys(HALTED_ON_LICENSE_SERVER, HALTED if license_server else RUNNING)
