"""End users' sign-in and sign-out: the product's addresses and fields; the machine decides who may (ENF, PLT-06)."""

import hmac
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.rendering import page
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.licensing.commands import SignIn, SignOut
from leaselab.appliance.machine import Refusal

WELCOME: Final = "/dana-na/auth/url_default/welcome.cgi"
HOME: Final = "/dana/home/index.cgi"
COOKIE: Final = "DSID"

REASONS: Final = {
    "failed": "Invalid username or password. Please sign in again.",
    "limit": "The device has reached the number of users it is licensed for. Try again later.",
    "license-server": "This device is a license server; it admits no end users.",
    "logout": "You have signed out.",
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
    password = str(form.get("password", ""))
    if not isinstance(node.config, ApplianceConfig) or not _right(password, node.config.user_password):
        return _refused("failed", "wrong user name or password")
    source = request.client.host if request.client else ""
    reply = await node.device.handle(SignIn(user=str(form.get("username", "")), source=source))
    if isinstance(reply, Refusal):
        return _refused(reply.reason, reply.message)
    response = RedirectResponse(HOME, status_code=302)
    response.set_cookie(COOKIE, reply.id, secure=True, httponly=True, samesite="strict")
    return response


def _right(password: str, expected: str) -> bool:
    return bool(expected) and hmac.compare_digest(password.encode(), expected.encode())


def _refused(reason: str, message: str) -> Response:
    return RedirectResponse(f"{WELCOME}?p={reason}", status_code=302, headers={"x-refused": message})


async def home(request: Request) -> Response:
    """Show a signed-in user that this is so."""
    node: NodeContext = request.state.node
    session = getattr(node.device.state, "sessions", {}).get(request.cookies.get(COOKIE, ""))
    if session is None:
        return RedirectResponse(WELCOME, status_code=302)
    return page("home.html", {"node": node, "session": session})


async def logout(request: Request) -> Response:
    """End the session that the cookie names: an end user's, or an administrator's (who must show its xsauth)."""
    from leaselab.appliance.adapters.https import admin

    node: NodeContext = request.state.node
    cookie = request.cookies.get(COOKIE, "")
    if cookie in node.admin_sessions:
        return admin.sign_out(request, cookie)
    await node.device.handle(SignOut(session=cookie))
    response = RedirectResponse(f"{WELCOME}?p=logout", status_code=302)
    response.delete_cookie(COOKIE)
    return response
