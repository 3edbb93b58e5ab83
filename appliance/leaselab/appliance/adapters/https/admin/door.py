"""The door of the admin console: sign-in and sign-out by the product's addresses, fields and cookies (facts 6.3)."""

from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.adapters.https.browser import COOKIE, give, refusal_of_foreign_link, source_of
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.door import ADMIN_REALM, admit
from leaselab.appliance.adapters.https.rendering import page
from leaselab.appliance.adapters.https.sessions import AdminSession, shows_xsauth
from leaselab.appliance.console.tools import RECOVERY
from leaselab.appliance.licensing.commands import NoteAdministrator
from leaselab.appliance.machine import Refusal

WELCOME: Final = "/dana-na/auth/url_admin/welcome.cgi"
LOGIN: Final = "/dana-na/auth/url_admin/login.cgi"
PENDING_COOKIE: Final = "DSPREAUTH"
"""Holds a sign-in that waits for a word on the administrator's other sessions."""

SUPER_ADMIN: Final = "Super Admin"
"""Whose session it is that the console opens."""

_REASONS: Final = {
    "failed": "Invalid username or password.",
    "paused": "Too many wrong passwords. Wait a minute, then try again; no password is looked at until then.",
    "logout": "You have signed out.",
    "forced-off": "Your session has ended. Please sign in again.",
}


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route("/admin", _entrance, methods=["GET"]),
        Route("/admin/", _entrance, methods=["GET"]),
        Route(WELCOME, welcome, methods=["GET"]),
        Route(LOGIN, login, methods=["POST"]),
        Route(RECOVERY, recover, methods=["GET", "POST"]),
    ]


async def _entrance(_request: Request) -> Response:
    return RedirectResponse(WELCOME, status_code=302)


async def welcome(request: Request) -> Response:
    """Show the administrators' sign-in page, or ask about their other sessions."""
    node: NodeContext = request.state.node
    if node.report is None:
        text = "The vendor's side is no appliance: there is nothing to administer."
        return page("message.html", {"title": "No admin console here", "text": text}, 403)
    result = request.query_params.get("p", "")
    pending = node.pending.find(request.cookies.get(PENDING_COOKIE, ""))
    if result == "admin-confirm" and pending is not None:
        others = node.sessions.of(pending.name)
        return page("admin/confirm.html", {"report": node.report(), "pending": pending, "sessions": others})
    return page("admin/signin.html", {"report": node.report(), "reason": _REASONS.get(result, "")})


async def login(request: Request) -> Response:
    """Sign an administrator in, or say why not."""
    node: NodeContext = request.state.node
    form = await request.form()
    if "FormDataStr" in form:
        return _confirmed(request, node, form)
    pending = await admit(
        node,
        node.pending,
        name=str(form.get("username", "")),
        password=str(form.get("password", "")),
        realm=str(form.get("realm", ADMIN_REALM)),
        source=source_of(request),
    )
    if isinstance(pending, Refusal):
        return RedirectResponse(f"{WELCOME}?p={pending.reason}", status_code=302)
    if not node.sessions.of(pending.name):
        return _signed_in(node, pending)
    response = RedirectResponse(f"{WELCOME}?p=admin-confirm", status_code=302)
    give(response, PENDING_COOKIE, pending.token)
    return response


def _confirmed(request: Request, node: NodeContext, form: FormData) -> Response:
    """Go on with a sign-in that was asked about, or drop it; the cookie and the form, with its xsauth, must agree."""
    token = str(form.get("FormDataStr", ""))
    pending = node.pending.find(token) if token == request.cookies.get(PENDING_COOKIE, "") else None
    if pending is None or not shows_xsauth(token, str(form.get("xsauth", ""))):
        return RedirectResponse(f"{WELCOME}?p=failed", status_code=302)
    if "btnContinue" in form:
        response = _signed_in(node, pending)
    else:
        node.pending.end(token)
        response = RedirectResponse(WELCOME, status_code=302)
    response.delete_cookie(PENDING_COOKIE)
    return response


def _signed_in(node: NodeContext, pending: AdminSession) -> Response:
    node.pending.end(pending.token)
    return _with_cookies(node.sessions.open(pending.name))


def _with_cookies(session: AdminSession) -> Response:
    response = RedirectResponse(addresses.HOME, status_code=302)
    for cookie, value in ((COOKIE, session.token), ("DSSIGNIN", "url_admin"), ("DSSignInURL", "/admin/")):
        give(response, cookie, value)
    return response


async def recover(request: Request) -> Response:
    """Let in who has the token of a Super Admin session, which the console gives out."""
    node: NodeContext = request.state.node
    if node.report is None:
        return await welcome(request)
    if request.method != "POST":
        return page("admin/recover.html", {"report": node.report(), "reason": ""})
    source = source_of(request)
    if node.attempts.pause_seconds(source, SUPER_ADMIN):
        reason = "Too many wrong tokens. Wait a minute, then try again; no token is looked at until then."
        return page("admin/recover.html", {"report": node.report(), "reason": reason}, 422)
    right = node.recovery.redeem(str((await request.form()).get("token", "")))
    await node.device.handle(NoteAdministrator(name=SUPER_ADMIN, source=source, admitted=right))
    if not node.attempts.judge(source, SUPER_ADMIN, right=right):
        reason = "Invalid token, or one that is used or has ended. The console gives out another one."
        return page("admin/recover.html", {"report": node.report(), "reason": reason}, 422)
    return _with_cookies(node.sessions.open(SUPER_ADMIN))


def session_of(request: Request) -> AdminSession | None:
    """Return the administrator who asks; a session idle for too long has ended."""
    node: NodeContext = request.state.node
    return node.sessions.find(request.cookies.get(COOKIE, ""))


def forced_off() -> Response:
    """Answer who is not signed in, or not any more."""
    return RedirectResponse(f"{WELCOME}?p=forced-off", status_code=302)


def sign_out(request: Request, token: str) -> Response:
    """End an administrator's session."""
    node: NodeContext = request.state.node
    foreign = refusal_of_foreign_link(request, token)
    if foreign is not None:
        return foreign
    node.sessions.end(token)
    response = RedirectResponse(f"{WELCOME}?p=logout", status_code=302)
    response.delete_cookie(COOKIE)
    return response
