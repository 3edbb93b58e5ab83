"""The admin console's menu tree, and which of its windows a device shows (facts 6.1; GAT, VLS-02, VLS-04).

Names are the product's. `Network Connect` keeps the name that the guide's Appendix A gives it in every release; from
8.0 on the product itself writes `VPN Tunneling` there.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from leaselab.appliance.models.platforms import PCS
from leaselab.appliance.models.releases import Release, matching_release
from leaselab.appliance.models.windows import Window, is_disabled

Branch: TypeAlias = Mapping[str, "Branch"]
"""Names at one level of the tree, each with what lies under it."""


def _leaves(*names: str) -> Branch:
    return {name: {} for name in names}


_TREE: Final[Branch] = {
    "System": {
        "Status": _leaves("Overview", "Active Users", "Meeting Schedule", "Virtual Desktop Sessions"),
        "Configuration": {
            "Licensing": _leaves("Licensing Summary", "Configure Server", "Configure Clients", "Download Licenses"),
            **_leaves("Security", "Certificates", "DMI Agent", "NCP", "Sensors", "Client Types", "Secure Meeting"),
            **_leaves("User Record Synchronization", "Virtual Desktops"),
        },
        "Network": {
            "Overview": {},
            "Internal Port": _leaves("Settings", "Virtual Ports", "ARP Cache", "ND Cache"),
            "External Port": _leaves("Settings", "Virtual Ports", "ARP Cache", "ND Cache"),
            "Management Port": _leaves("Settings", "ARP Cache", "ND Cache"),
            **_leaves("VLANs", "Routes", "Hosts", "Network Connect"),
        },
        "Clustering": {},
        "Virtual Systems": {},
        "IF-MAP Federation": {},
        "Log/Monitoring": _leaves("Events", "User Access", "Admin Access", "Sensors", "Client Logs", "SNMP"),
        "Reports": {},
    },
    "Authentication": _leaves("Signing In", "Endpoint Security", "Auth. Servers"),
    "Administrators": _leaves("Admin Realms", "Admin Roles", "Cloud Management"),
    "Users": _leaves(
        "User Realms", "User Roles", "Resource Profiles", "Resource Policies", "Junos Pulse", "Pulse Secure Client"
    ),
    "Maintenance": {
        "System": _leaves("Platform", "Upgrade/Downgrade", "Change Personality", "Options", "Installers"),
        "Import/Export": _leaves("Configuration", "User Accounts", "IVS", "XML Import/Export"),
        "Push Config": {},
        "Archiving": _leaves("Archiving Servers", "Local Backups", "Secure Meetings"),
        "Troubleshooting": {
            "User Session": {},
            "Monitoring": _leaves("Node", "Cluster"),
            "Tools": _leaves("Commands"),
            "System Snapshot": {},
        },
    },
}


def _paths(branch: Branch, above: Window = ()) -> Iterator[Window]:
    for name, under in branch.items():
        yield from _paths(under, (*above, name)) if under else ((*above, name),)


WINDOWS: Final[tuple[Window, ...]] = tuple(_paths(_TREE))
"""Every window of any release, in the menu's order."""

_EIGHT: Final = Release(8, 0)
_SINCE_EIGHT: Final = frozenset(
    {("System", "Reports"), ("Administrators", "Cloud Management"), ("Users", "Pulse Secure Client")}
)
_BEFORE_EIGHT: Final = frozenset({("Users", "Junos Pulse")})
"""Facts 6.1, last column."""

CONFIGURE_CLIENTS: Final[Window] = ("System", "Configuration", "Licensing", "Configure Clients")

_VIRTUAL_LICENSE_SERVER_SHOWS: Final[tuple[Window, ...]] = (
    ("System", "Status", "Overview"),
    ("System", "Configuration", "Licensing", "Licensing Summary"),
    CONFIGURE_CLIENTS,
    ("System", "Configuration", "Licensing", "Download Licenses"),
    ("System", "Configuration", "Security"),
    ("System", "Configuration", "Certificates"),
    ("System", "Network"),
    ("System", "Log/Monitoring", "Events"),
    ("System", "Log/Monitoring", "Admin Access"),
    ("System", "Log/Monitoring", "SNMP"),
    ("Authentication", "Auth. Servers"),
    ("Administrators",),
    ("Maintenance", "System"),
    ("Maintenance", "Import/Export", "Configuration"),
    ("Maintenance", "Import/Export", "XML Import/Export"),
    ("Maintenance", "Archiving", "Archiving Servers"),
    ("Maintenance", "Archiving", "Local Backups"),
    ("Maintenance", "Troubleshooting", "Tools"),
    ("Maintenance", "Troubleshooting", "System Snapshot"),
)
"""VLS-02 says that only license-server UI is exposed and names no window: these are what running one takes."""


class Viewed(NamedTuple):
    """What decides which windows a device shows.

    Attributes:
        release: as its personality names it.
        license_server: whether it is one, of either sort.
        virtual_license_server: whether it booted as one.
        why_no_server: why it cannot be a license server; empty where it can.
    """

    release: Release
    license_server: bool = False
    virtual_license_server: bool = False
    why_no_server: str = ""


def why_absent(window: Window, viewed: Viewed) -> str:
    """Say why a device has no such window, or nothing."""
    if is_disabled(window, license_server=viewed.license_server):
        return "It is disabled on a license server."
    if viewed.virtual_license_server and not any(
        window[: len(shown)] == shown for shown in _VIRTUAL_LICENSE_SERVER_SHOWS
    ):
        return "A Virtual License Server has the windows of a license server only."
    if window == CONFIGURE_CLIENTS and viewed.why_no_server:
        return f"This device cannot be a license server: {viewed.why_no_server}."
    modern = matching_release(viewed.release, PCS) >= _EIGHT
    if window in (_BEFORE_EIGHT if modern else _SINCE_EIGHT):
        return f"Release {viewed.release} has no such window."
    return ""


@lru_cache(maxsize=256)
def windows(viewed: Viewed) -> tuple[Window, ...]:
    """Return the windows of a device, in the menu's order; kept, since every page shows them."""
    return tuple(window for window in WINDOWS if not why_absent(window, viewed))
