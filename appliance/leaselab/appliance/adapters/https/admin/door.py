"""The door of the admin console: sign-in and sign-out by the product's addresses, fields and cookies (facts 6.3)."""

import hmac
import secrets
import time
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.adapters.https.context import AdminSession, Failures, NodeContext
from leaselab.appliance.adapters.https.rendering import page
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import MINUTE, Duration
from leaselab.appliance.licensing.passwords import verify_password

WELCOME: Final = "/dana-na/auth/url_admin/welcome.cgi"
LOGIN: Final = "/dana-na/auth/url_admin/login.cgi"
COOKIE: Final = "DSID"
PENDING_COOKIE: Final = "DSPREAUTH"
"""Holds a sign-in that waits for a word on the administrator's other sessions."""

IDLE: Final[Duration] = 30 * MINUTE
"""An administrator's session ends after this long without a request, on the lab's clock."""

MAX_SESSIONS: Final = 64
MAX_PENDING: Final = 64
FAILURES_BEFORE_PAUSE: Final = 5
LONGEST_PAUSE_SECONDS: Final = 60.0
MAX_SOURCES: Final = 1_024

_NOBODY: Final = "scrypt$10$00$00"
"""Checked when the name is unknown, so that an unknown name takes as long as a wrong password."""

_REASONS: Final = {
    "failed": "Invalid username or password.",
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
    ]


def is_open(request: Request) -> bool:
    """Tell whether administrators may come in here: on appliances, by every port but the external one."""
    node: NodeContext = request.state.node
    config = node.config
    if not isinstance(config, ApplianceConfig):
        return False
    here: str = request.scope["server"][0]
    return here != config.addresses.get("external") or here == config.addresses.get("internal")


def closed() -> Response:
    """Answer where administrators may not come in."""
    text = "Administrators sign in on the internal or the management port of an appliance."
    return page("message.html", {"title": "No admin console here", "text": text}, 403)


async def _entrance(request: Request) -> Response:
    return RedirectResponse(WELCOME, status_code=302) if is_open(request) else closed()


async def welcome(request: Request) -> Response:
    """Show the administrators' sign-in page, or ask about their other sessions."""
    node: NodeContext = request.state.node
    if not is_open(request) or node.report is None:
        return closed()
    result = request.query_params.get("p", "")
    token = request.cookies.get(PENDING_COOKIE, "")
    if result == "admin-confirm" and token in node.pending_admins:
        name = node.pending_admins[token].name
        context = {"report": node.report(), "token": token, "pending": node.pending_admins[token]}
        return page("admin/confirm.html", {**context, "sessions": _sessions_of(node, name)})
    return page("admin/signin.html", {"report": node.report(), "reason": _REASONS.get(result, "")})


async def login(request: Request) -> Response:
    """Sign an administrator in; after repeated failures from one address only after a pause."""
    node: NodeContext = request.state.node
    if not is_open(request):
        return closed()
    form = await request.form()
    if "FormDataStr" in form:
        return _confirmed(request, node, form)
    name, password = str(form.get("username", "")), str(form.get("password", ""))
    source = request.client.host if request.client else ""
    if _paused(node, source):
        return RedirectResponse(f"{WELCOME}?p=failed", status_code=302, headers={"retry-after": "60"})
    stored = node.device.state.administrators.get(name, _NOBODY)
    if not verify_password(password, stored):
        _note_failure(node, source)
        return RedirectResponse(f"{WELCOME}?p=failed", status_code=302)
    node.failures.pop(source, None)
    if _sessions_of(node, name):
        return _ask_first(node, name)
    return _signed_in(node, name)


def _sessions_of(node: NodeContext, name: str) -> list[AdminSession]:
    """Return the live sessions of an administrator."""
    return [one for one in node.admin_sessions.values() if one.name == name and not _idle(node, one)]


def _idle(node: NodeContext, session: AdminSession) -> bool:
    return node.now - session.last_seen_at > IDLE


def _ask_first(node: NodeContext, name: str) -> Response:
    token = _add(node.pending_admins, _new_session(node, name), limit=MAX_PENDING)
    response = RedirectResponse(f"{WELCOME}?p=admin-confirm", status_code=302)
    response.set_cookie(PENDING_COOKIE, token, secure=True, httponly=True, samesite="strict")
    return response


def _confirmed(request: Request, node: NodeContext, form: FormData) -> Response:
    """Go on with a sign-in that was asked about, or drop it; the cookie, the form and its xsauth must agree."""
    token = request.cookies.get(PENDING_COOKIE, "")
    pending = node.pending_admins.pop(token, None)
    agrees = pending is not None and same(str(form.get("FormDataStr", "")), token)
    if pending is None or not agrees or not same(str(form.get("xsauth", "")), pending.xsauth):
        return RedirectResponse(f"{WELCOME}?p=failed", status_code=302)
    response = _signed_in(node, pending.name) if "btnContinue" in form else RedirectResponse(WELCOME, status_code=302)
    response.delete_cookie(PENDING_COOKIE)
    return response


def _new_session(node: NodeContext, name: str) -> AdminSession:
    return AdminSession(name=name, xsauth=secrets.token_hex(16), since=node.now, last_seen_at=node.now)


def _add(sessions: dict[str, AdminSession], session: AdminSession, *, limit: int) -> str:
    """Keep a session, and of too many drop the oldest; return its token."""
    while len(sessions) >= limit:
        sessions.pop(next(iter(sessions)))
    token = secrets.token_hex(16)
    sessions[token] = session
    return token


def _signed_in(node: NodeContext, name: str) -> Response:
    token = _add(node.admin_sessions, _new_session(node, name), limit=MAX_SESSIONS)
    response = RedirectResponse(addresses.HOME, status_code=302)
    for cookie, value in ((COOKIE, token), ("DSSIGNIN", "url_admin"), ("DSSignInURL", "/admin/")):
        response.set_cookie(cookie, value, secure=True, httponly=True, samesite="strict")
    return response


def _paused(node: NodeContext, source: str) -> bool:
    failures = node.failures.get(source)
    return failures is not None and time.monotonic() < failures.closed_until


def _note_failure(node: NodeContext, source: str) -> None:
    if source not in node.failures and len(node.failures) >= MAX_SOURCES:
        node.failures.pop(next(iter(node.failures)))
    failures = node.failures.setdefault(source, Failures(count=0, closed_until=0.0))
    failures.count += 1
    over = failures.count - FAILURES_BEFORE_PAUSE
    if over >= 0:
        failures.closed_until = time.monotonic() + min(2.0**over, LONGEST_PAUSE_SECONDS)


def session_of(request: Request) -> AdminSession | None:
    """Return the administrator who asks; a session idle for too long has ended."""
    node: NodeContext = request.state.node
    token = request.cookies.get(COOKIE, "")
    session = node.admin_sessions.get(token)
    if session is None:
        return None
    if _idle(node, session):
        del node.admin_sessions[token]
        return None
    session.last_seen_at = node.now
    return session


def forced_off() -> Response:
    """Answer who is not signed in, or not any more."""
    return RedirectResponse(f"{WELCOME}?p=forced-off", status_code=302)


def same(shown: str, expected: str) -> bool:
    """Compare secrets without telling by the time it takes."""
    return hmac.compare_digest(shown.encode(), expected.encode())


def sign_out(request: Request, token: str) -> Response:
    """End an administrator's session; without its xsauth another site's link could do it."""
    node: NodeContext = request.state.node
    if not same(request.query_params.get("xsauth", ""), node.admin_sessions[token].xsauth):
        return Response("Sign out by the link on the page.\n", status_code=403, media_type="text/plain")
    del node.admin_sessions[token]
    response = RedirectResponse(f"{WELCOME}?p=logout", status_code=302)
    response.delete_cookie(COOKIE)
    return response
