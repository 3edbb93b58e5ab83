"""Configure Server: where a license client leases from, and Pull State from Server (CLT-01, CFG-01)."""

from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View, message_of
from leaselab.appliance.licensing import commands
from leaselab.appliance.licensing.client import NETWORKS
from leaselab.appliance.licensing.report import client_leases, client_standing

_WINDOW: Final = ("System", "Configuration", "Licensing", "Configure Server")


async def show(view: View) -> Response:
    """Show the settings as they are."""
    standing = client_standing(view.state)
    values = {
        "server": standing.server,
        "client_id": standing.client_id,
        "preferred_network": standing.preferred_network,
        "verify_certificate": standing.verify_certificate,
    }
    return _page(view, values)


def _page(view: View, values: dict[str, object], error: str = "") -> Response:
    return view.show(
        "configure_server.html",
        status=INVALID if error else 200,
        values=values,
        error=error,
        networks=NETWORKS,
        standing=client_standing(view.state),
        leases=list(client_leases(view.state)),
    )


async def act(view: View) -> Response:
    """Save the settings, forget them, or contact the server now."""
    match view.word("op"):
        case "pull":
            return await _pull(view)
        case "remove":
            problem = message_of(await view.do(commands.RemoveServer()))
            done = "No license server is set any more."
        case _:
            problem = message_of(await view.do(_settings(view)))
            done = f"The settings are saved; this device leases from {view.word('server')}."
    if problem:
        names = ("server", "client_id", "preferred_network")
        typed: dict[str, object] = {name: view.word(name) for name in names}
        return _page(view, typed | {"verify_certificate": "verify_certificate" in view.form}, problem)
    return view.done(done)


def _settings(view: View) -> commands.SetServer:
    """Return what the form says; two empty passwords keep the one that is set."""
    saved = view.state.client.settings
    kept = saved.password if saved is not None and not view.text("password") + view.text("password_again") else ""
    return commands.SetServer(
        server=view.word("server"),
        client_id=view.word("client_id"),
        password=view.text("password") or kept,
        password_again=view.text("password_again") or kept,
        preferred_network=view.word("preferred_network"),
        verify_certificate="verify_certificate" in view.form,
    )


async def _pull(view: View) -> Response:
    problem = message_of(await view.do(commands.PullState()))
    if problem:
        return view.done(problem)
    standing = client_standing(view.state)
    if standing.contact == "up":
        return view.done(f"State pulled from {standing.server}.")
    return view.done(f"{standing.server} did not answer: {standing.why}.")


PAGES: Final = (Page(_WINDOW, show, act),)
