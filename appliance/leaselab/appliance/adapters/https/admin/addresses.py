"""Where each window of the admin console is: the product's own address where it is public (facts 6.3), else ours."""

import re
from functools import lru_cache
from typing import Final

from leaselab.appliance.models.menu import CONFIGURE_CLIENTS
from leaselab.appliance.models.windows import Window

ROOT: Final = "/dana-admin/"
HOME: Final = "/dana-admin/misc/admin.cgi"
SUMMARY: Final = "/dana-admin/license/summary.cgi"
AGREEMENT: Final = "/dana-admin/license/agreement.cgi"
SERVER: Final = "/dana-admin/license/configureserver.cgi"
CLIENTS: Final = "/dana-admin/license/configureclients.cgi"
CLIENT: Final = "/dana-admin/license/client.cgi"
DOWNLOADS: Final = "/dana-admin/license/downloadlicenses.cgi"
PLATFORM: Final = "/dana-admin/sysinfo/sysinfo.cgi"
DATE_TIME: Final = "/dana-admin/sysinfo/datetime.cgi"
TRANSFER: Final = "/dana-admin/cached/config/config.cgi"
EXPORT: Final = "/dana-admin/download/system.cfg"

_LICENSING: Final[Window] = ("System", "Configuration", "Licensing")
_KNOWN: Final[dict[Window, str]] = {
    ("System", "Status", "Overview"): HOME,
    (*_LICENSING, "Licensing Summary"): SUMMARY,
    (*_LICENSING, "Configure Server"): SERVER,
    CONFIGURE_CLIENTS: CLIENTS,
    (*_LICENSING, "Download Licenses"): DOWNLOADS,
    ("Authentication", "Auth. Servers"): "/dana-admin/auth/listServers.cgi",
    ("Maintenance", "System", "Platform"): PLATFORM,
    ("Maintenance", "Import/Export", "Configuration"): TRANSFER,
}


@lru_cache(maxsize=256)
def of(window: Window) -> str:
    """Return a window's address."""
    known = _KNOWN.get(window)
    return known or f"{ROOT}{'/'.join(re.sub(r'[^a-z0-9]+', '-', part.lower()).strip('-') for part in window)}.cgi"
