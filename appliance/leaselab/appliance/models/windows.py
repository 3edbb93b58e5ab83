"""The admin console's windows that a license server does not have (GAT-01).

The list is the guide's Appendix A, in its order. It names 19 windows.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

Window: TypeAlias = tuple[str, ...]
"""A menu path, from the section down."""

DISABLED_ON_LICENSE_SERVER: Final[tuple[Window, ...]] = (
    ("System", "Status", "Meeting Schedule"),
    ("System", "Status", "Virtual Desktop Sessions"),
    ("System", "Configuration", "Secure Meeting"),
    ("System", "Configuration", "User Record Synchronization"),
    ("System", "Configuration", "Sensors"),
    ("System", "Configuration", "Virtual Desktops"),
    ("System", "Configuration", "NCP"),
    ("System", "Network", "Network Connect"),
    ("System", "Clustering"),
    ("System", "Virtual Systems"),
    ("System", "IF-MAP Federation"),
    ("System", "Log/Monitoring", "Sensors"),
    ("System", "Log/Monitoring", "User Access"),
    ("System", "Log/Monitoring", "Client Logs"),
    ("Maintenance", "Push Config"),
    ("Maintenance", "Troubleshooting", "Monitoring", "Cluster"),
    ("Maintenance", "Troubleshooting", "User Session"),
    ("Maintenance", "Archiving", "Secure Meetings"),
    ("Maintenance", "Import/Export", "IVS"),
)


def is_disabled(path: Sequence[str], *, license_server: bool) -> bool:
    """Tell whether a window is disabled: it, or a window it lies under, is on the list (GAT-02)."""
    wanted = tuple(path)
    return license_server and any(wanted[: len(window)] == window for window in DISABLED_ON_LICENSE_SERVER)


def format_window(path: Sequence[str]) -> str:
    """Return a menu path as the guide prints it, e.g. ``System > Status > Meeting Schedule``."""
    return " > ".join(path)
