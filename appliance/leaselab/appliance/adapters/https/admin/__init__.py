"""The admin console: the product's menu, sign-in and licensing pages, server-rendered, plain forms.

A page is reached by three gates, in this order: a session, a window that the device has (GAT-02), and for whatever
changes something the session's xsauth. That the request came by an admin port, the server has seen to.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leaselab.appliance.adapters.https.admin import (
    accounts,
    addresses,
    clients,
    door,
    downloads,
    exportxml,
    license_server,
    logs,
    maintenance,
    others,
    security,
    status,
    summary,
    system,
    transfer,
    troubleshooting,
)
from leaselab.appliance.adapters.https.admin.door import sign_out
from leaselab.appliance.adapters.https.admin.view import FORBIDDEN, Page, View
from leaselab.appliance.adapters.https.sessions import shows_xsauth
from leaselab.appliance.models.menu import WINDOWS, why_absent

_PAGES: Final[tuple[Page, ...]] = (
    *status.PAGES,
    *summary.PAGES,
    *license_server.PAGES,
    *clients.PAGES,
    *downloads.PAGES,
    *logs.PAGES,
    *system.PAGES,
    *maintenance.PAGES,
    *transfer.PAGES,
    *exportxml.PAGES,
    *accounts.PAGES,
    *security.PAGES,
    *troubleshooting.PAGES,
)

MAX_FIELDS: Final = 10_000
"""Of one form; a table of many rows has a check box for each."""


def pages() -> tuple[Page, ...]:
    """Return every page: those of their own, and for each window that has none what is known of it."""
    own = {page.window for page in _PAGES if not page.address}
    return (*_PAGES, *(others.page(window) for window in WINDOWS if window not in own))


def routes() -> list[Route]:
    """Return the addresses of the console."""
    return [
        *door.routes(),
        *(
            Route(
                page.address or addresses.of(page.window),
                _endpoint(page),
                methods=["GET", "POST"] if page.act is not None else ["GET"],
            )
            for page in pages()
        ),
    ]


def _endpoint(page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        session = door.session_of(request)
        if session is None:
            return door.forced_off()
        view = View(request, session, page.window, FormData())
        absent = why_absent(page.window, view.viewed)
        if absent:
            return view.absent(absent)
        if request.method != "POST" or page.act is None:
            return await page.show(view)
        async with request.form(max_fields=MAX_FIELDS) as form:
            if not shows_xsauth(session.token, str(form.get("xsauth", ""))):
                return view.show("stale.html", status=FORBIDDEN)
            return await page.act(View(request, session, page.window, form))

    return answer


__all__ = ["pages", "routes", "sign_out"]
