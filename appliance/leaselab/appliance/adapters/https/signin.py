"""End users' sign-in and sign-out: the product's addresses and fields; the machine decides who may (ENF, PLT-06)."""

import hmac
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaselab.appliance.adapters.https.browser import COOKIE, give, refusal_of_foreign_link, source_of
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.door import USERS_REALM, pause_of
from leaselab.appliance.adapters.https.rendering import page
from leaselab.appliance.adapters.https.sessions import xsauth_of
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.licensing.commands import RefuseUser, SeeUser, Session, SignIn, SignOut
from leaselab.appliance.licensing.users import cookie_of, session_of
from leaselab.appliance.machine import Refusal

WELCOME: Final = "/dana-na/auth/url_default/welcome.cgi"
HOME: Final = "/dana/home/index.cgi"

REASONS: Final = {
    "failed": "Invalid username or password. Please sign in again.",
    "paused": "Too many wrong passwords. Wait a minute, then try again; no password is looked at until then.",
    "limit": "The device has reached the number of users it is licensed for. Try again later.",
    "license-server": "This device is a license server; it admits no end users.",
    "logout": "You have signed out.",
    "ended": "Your session has ended. Please sign in again.",
    "invalid": "This user name cannot be used.",
}


def routes() -> list[Route]:
    """Return the addresses of this module."""
    return [
        Route(WELCOME, welcome, methods=["GET"]),
        Route("/dana-na/auth/url_default/login.cgi", login, methods=["POST"]),
        Route(HOME, home, methods=["GET"]),
        Route("/dana-na/auth/logout.cgi", logout, methods=["GET"]),
    ]


async def welcome(request: Request) -> Response:
    """Show the sign-in page."""
    node: NodeContext = request.state.node
    reason = REASONS.get(request.query_params.get("p", ""), "")
    context = {"node": node, "report": node.report() if node.report else None, "reason": reason}
    return page("signin.html", context)


async def login(request: Request) -> Response:
    """Sign an end user in, or say why not (ENF-04)."""
    node: NodeContext = request.state.node
    form = await request.form()
    user, password = str(form.get("username", "")), str(form.get("password", ""))
    source = source_of(request)
    paused = pause_of(node, source, user)
    if paused is not None:
        return _refused(paused.reason, paused.message)
    right = str(form.get("realm", USERS_REALM)) == USERS_REALM and _right(password, node)
    if not node.attempts.judge(source, user, right=right):
        reply = await node.device.handle(RefuseUser(user=user, source=source))
        return _refused("failed", reply.message)
    reply = await node.device.handle(SignIn(user=user, source=source))
    if isinstance(reply, Refusal):
        return _refused(reply.reason, reply.message)
    response = RedirectResponse(HOME, status_code=302)
    value = cookie_of(reply.id, node.cookie_key)
    give(response, COOKIE, value)
    return response


def _right(password: str, node: NodeContext) -> bool:
    expected = node.config.user_password if isinstance(node.config, ApplianceConfig) else ""
    return bool(expected) and hmac.compare_digest(password.encode(), expected.encode())


def _refused(reason: str, message: str) -> Response:
    return RedirectResponse(f"{WELCOME}?p={reason}", status_code=302, headers={"x-refused": message})


def _session(node: NodeContext, cookie: str) -> Session | None:
    """Return the session that a cookie opens."""
    sessions: dict[str, Session] = getattr(node.device.state, "sessions", {})
    return sessions.get(session_of(cookie, node.cookie_key))


async def home(request: Request) -> Response:
    """Show a signed-in user that this is so."""
    node: NodeContext = request.state.node
    cookie = request.cookies.get(COOKIE, "")
    session = _session(node, cookie)
    if session is None:
        return RedirectResponse(f"{WELCOME}?p=ended" if cookie else WELCOME, status_code=302)
    await node.device.handle(SeeUser(session=session.id))
    return page("home.html", {"node": node, "session": session, "xsauth": xsauth_of(cookie)})


async def logout(request: Request) -> Response:
    """End the cookie's session, an end user's or an administrator's, by the link that carries its xsauth."""
    from leaselab.appliance.adapters.https import admin

    node: NodeContext = request.state.node
    cookie = request.cookies.get(COOKIE, "")
    if node.sessions.find(cookie) is not None:
        return admin.sign_out(request, cookie)
    session = _session(node, cookie)
    if session is not None:
        foreign = refusal_of_foreign_link(request, cookie)
        if foreign is not None:
            return foreign
        await node.device.handle(SignOut(session=session.id))
    response = RedirectResponse(f"{WELCOME}?p=logout", status_code=302)
    response.delete_cookie(COOKIE)
    return response
