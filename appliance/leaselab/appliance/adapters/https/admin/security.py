"""System > Configuration > Security: the lowest TLS that the web server takes, in force from the next connection on."""

from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View, message_of
from leaselab.appliance.licensing.commands import TLS_VERSIONS, SetMinimumTls


async def show(view: View) -> Response:
    """Show the setting."""
    return _page(view, view.state.minimum_tls)


def _page(view: View, chosen: str, error: str = "") -> Response:
    return view.show(
        "security.html", status=INVALID if error else 200, versions=TLS_VERSIONS, chosen=chosen, error=error
    )


async def act(view: View) -> Response:
    """Save it."""
    version = view.word("minimum_tls")
    problem = message_of(await view.do(SetMinimumTls(version=version)))
    return _page(view, version, problem) if problem else view.done("The settings are saved.")


PAGES: Final = (Page(("System", "Configuration", "Security"), show, act),)
