"""Log/Monitoring: the device's log by tab, the latest first, by severity and text."""

from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import Page, Show, View
from leaselab.appliance.chronicle import LINES_KEPT
from leaselab.appliance.licensing.eventlog import severity_word
from leaselab.appliance.models.windows import Window

LINES_SHOWN: Final = 100
SEVERITIES: Final = ("Critical", "Major", "Minor", "Info")
_USER_ACCESS: Final = "AUT"
"""Codes of sign-ins begin so (facts 8.1)."""


def _tab(*, users: bool) -> Show:
    async def show(view: View) -> Response:
        """Show what the filter lets through."""
        severity, text = view.query("severity"), view.query("text")
        every = view.node.chronicle.lines()
        lines = [
            (severity_word(line.severity), line)
            for line in every
            if line.code.startswith(_USER_ACCESS) == users
            and severity in {"", severity_word(line.severity)}
            and text.lower() in line.text.lower()
        ]
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


_LOG: Final[Window] = ("System", "Log/Monitoring")
PAGES: Final = (Page((*_LOG, "Events"), _tab(users=False)), Page((*_LOG, "User Access"), _tab(users=True)))
