"""Log/Monitoring: the device's log by tab, the latest first, by severity and text."""

import re
from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import Page, Show, View
from leaselab.appliance.chronicle import LINES_KEPT, Line
from leaselab.appliance.licensing.eventlog import severity_word
from leaselab.appliance.models.windows import Window

LINES_SHOWN: Final = 100
SEVERITIES: Final = ("Critical", "Major", "Minor", "Info")
_SIGN_INS: Final = "AUT"
"""Their codes begin so (facts 8.1)."""

_OF_ADMINISTRATORS: Final = re.compile(r"\(Admin Users\)\[\] - [^\[]*$")
"""The realm before the message. A user's name stands before the realm, and cannot pass for one."""

EVENTS: Final = "Events"
USER_ACCESS: Final = "User Access"
ADMIN_ACCESS: Final = "Admin Access"


def tab_of(line: Line) -> str:
    """Return in which tab a line is shown."""
    if not line.code.startswith(_SIGN_INS):
        return EVENTS
    return ADMIN_ACCESS if _OF_ADMINISTRATORS.search(line.text) else USER_ACCESS


def _tab(name: str) -> Show:
    async def show(view: View) -> Response:
        """Show what the filter lets through."""
        severity, text = view.query("severity"), view.query("text")
        every = view.node.chronicle.lines()
        lines = [
            (severity_word(line.severity), line)
            for line in every
            if tab_of(line) == name
            and severity in {"", severity_word(line.severity)}
            and text.lower() in line.text.lower()
        ]
        if view.query("save"):
            return _file(f"{view.state.name}-{name.lower().replace(' ', '-')}.log", [line.text for _, line in lines])
        return view.show(
            "log.html",
            severity=severity,
            severities=SEVERITIES,
            text=text,
            found=len(lines),
            kept=LINES_KEPT,
            lines=lines[: -LINES_SHOWN - 1 : -1],
        )

    return show


def _file(name: str, lines: list[str]) -> Response:
    """Answer with lines as a file. Each begins with its severity: no spreadsheet takes one for a formula."""
    return Response(
        "".join(f"{line}\n" for line in lines),
        media_type="text/plain",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


_LOG: Final[Window] = ("System", "Log/Monitoring")
PAGES: Final = tuple(Page((*_LOG, name), _tab(name)) for name in (EVENTS, USER_ACCESS, ADMIN_ACCESS))
