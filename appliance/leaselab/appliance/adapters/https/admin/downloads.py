"""Download Licenses: on demand with or without an authentication code, and by schedule (DLD, VLS-03)."""

from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View, message_of
from leaselab.appliance.instants import NEVER
from leaselab.appliance.licensing import commands
from leaselab.appliance.licensing.client import NETWORKS
from leaselab.appliance.licensing.download import QUERY_KEY
from leaselab.appliance.machine import Refusal

_WINDOW: Final = ("System", "Configuration", "Licensing", "Download Licenses")


async def show(view: View) -> Response:
    """Show the settings, and what the last download brought."""
    return _page(view)


def _page(view: View, *, code: str = "", errors: tuple[str, ...] = ()) -> Response:
    state = view.state
    return view.show(
        "download_licenses.html",
        status=INVALID if errors else 200,
        code=code,
        errors=errors,
        networks=NETWORKS,
        next_query_at=state.agenda.entries.get(QUERY_KEY, NEVER),
    )


async def act(view: View) -> Response:
    """Download now, or save the settings; the fields are the product's (facts 6.3)."""
    if view.word("cmd") == "download":
        return await _download(view)
    network = view.word("preferredNetwork")
    command = commands.SetDownloads(enabled=view.word("autoDownload") == "enabled", preferred_network=network)
    problem = message_of(await view.do(command))
    return _page(view, errors=(problem,)) if problem else view.done("The settings are saved.")


async def _download(view: View) -> Response:
    code = view.word("txtVLSAuthCode")
    report = await view.do(commands.DownloadKeys(code=code))
    if isinstance(report, Refusal):
        return _page(view, code=code, errors=(message_of(report),))
    errors = tuple(f"{one.message}." for one in report.outcomes if one.result not in commands.TAKEN)
    if report.error:  # the center's own words, shown as they came (DLD-02)
        errors = (f"The download center says: {report.error}", *errors)
    if errors:
        return _page(view, code=code, errors=errors)
    fine = [f"{one.message}." for one in report.outcomes]
    return view.done(" ".join(fine) or "The download center has no new license key for this device.", addresses.SUMMARY)


PAGES: Final = (Page(_WINDOW, show, act),)
