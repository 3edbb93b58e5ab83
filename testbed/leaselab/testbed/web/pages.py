"""The pages of `leaselab web`: server-rendered, forms that work without JavaScript, kept fresh by a few lines of it."""

from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import jinja2
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from leaselab.appliance.adapters.https.rendering import environment
from leaselab.appliance.adapters.wire import asgi
from leaselab.appliance.instants import NEVER, Instant, format_instant
from leaselab.testbed.errors import LeaselabError, UnknownLabError, UnknownNodeError
from leaselab.testbed.lab import Lab
from leaselab.testbed.web import views
from leaselab.testbed.web.acts import ACTS

FOLDER: Final = Path(__file__).parent
STATIC: Final = {"web.css": "text/css", "web.js": "text/javascript"}

_POLICY: Final = (
    b"default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    b"img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Inline styles are allowed for the drawing, which brings its own style sheet; scripts are not."""

_SECURITY: Final = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


def application() -> ASGIApp:
    """Return the pages as an ASGI application."""
    return Starlette(
        routes=[
            Route("/", _labs),
            Route("/static/{name}", _static),
            Route("/labs/{lab}", _lab),
            Route("/labs/{lab}/nodes/{node}", _node),
            Route("/labs/{lab}/{act}", _act, methods=["POST"]),
        ],
        middleware=[Middleware(asgi.WithHeaders, headers=_SECURITY)],
        exception_handlers={LeaselabError: _refused, HTTPStatus.NOT_FOUND: _not_found},  # type: ignore[dict-item]  # Starlette's types want Exception for each
    )


async def _labs(_request: Request) -> Response:
    return _page("labs.html", labs=await run_in_threadpool(Lab.list))


async def _lab(request: Request) -> Response:
    view = await run_in_threadpool(views.lab_view, request.path_params["lab"])
    return _page("lab.html", view=view, drawing=Markup(view.drawing), said=request.query_params.get("said", ""))  # noqa: S704 - graph_svg escapes all that it writes


async def _node(request: Request) -> Response:
    view = await run_in_threadpool(views.node_view, request.path_params["lab"], request.path_params["node"])
    return _page("node.html", view=view, said=request.query_params.get("said", ""))


async def _act(request: Request) -> Response:
    """Do what a form asks, and go back to its page with a word on how it went."""
    name, act = request.path_params["lab"], request.path_params["act"]
    if act not in ACTS:
        return _message("No such act", f"A lab cannot {act}.", "", HTTPStatus.NOT_FOUND)
    async with request.form() as sent:
        form = {key: value for key, value in sent.items() if isinstance(value, str)}
    said = await run_in_threadpool(_do, name, act, form)
    back = f"/labs/{quote(name)}/nodes/{quote(form['node'])}" if form.get("page") == "node" else f"/labs/{quote(name)}"
    return RedirectResponse(f"{back}?said={quote(said)}" if said else back, status_code=HTTPStatus.SEE_OTHER)


def _do(name: str, act: str, form: dict[str, str]) -> str:
    return ACTS[act](Lab.attach(name), form)


@cache
def _file(name: str) -> bytes:
    return (FOLDER / "static" / name).read_bytes()


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        return await _not_found(request, None)
    return Response(_file(name), media_type=STATIC[name])


async def _refused(_request: Request, error: LeaselabError) -> Response:
    unknown = isinstance(error, UnknownLabError | UnknownNodeError)
    status = HTTPStatus.NOT_FOUND if unknown else HTTPStatus.CONFLICT
    return _message("The lab says no", error.message, error.hint, status)


async def _not_found(_request: Request, _error: Exception | None) -> Response:
    return _message("No such page", "There is nothing at this address.", "", HTTPStatus.NOT_FOUND)


def _message(title: str, text: str, hint: str, status: HTTPStatus) -> Response:
    return _page("message.html", title=title, text=text, hint=hint, status=status)


def _page(template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    return HTMLResponse(_environment().get_template(template).render(**values), status_code=status)


@cache
def _environment() -> jinja2.Environment:
    return environment(FOLDER / "templates", instant=_instant, fields=_fields)


def _instant(at: Instant) -> str:
    """Print an instant for people: to the second, which the lab's own time is full of."""
    return "never" if at >= NEVER else format_instant(at).replace("T", " ").removesuffix("Z")


def _fields(fields: dict[str, Any]) -> str:
    return "  ".join(f"{name} {value}" for name, value in fields.items())
