"""Authentication > Auth. Servers: local administrators, and who of them may use the REST API (facts 7.1)."""

from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View, message_of
from leaselab.appliance.licensing.commands import CreateAdministrator, DeleteAdministrator, SetRestAccess


async def show(view: View) -> Response:
    """List the accounts, with the form for another."""
    return _page(view)


def _page(view: View, error: str = "") -> Response:
    return view.show("accounts.html", status=INVALID if error else 200, name=view.word("name"), error=error)


async def act(view: View) -> Response:
    """Save an account or its right to REST, or delete it."""
    name = view.word("name")
    match view.word("op"):
        case "save":
            return await _save(view, name)
        case "rest":
            allowed = "rest" in view.form
            problem = message_of(await view.do(SetRestAccess(name=name, allowed=allowed)))
            return _answer(view, problem, f"{name} may {'' if allowed else 'not '}use the REST API.")
        case "delete":
            problem = message_of(await view.do(DeleteAdministrator(name=name)))
            return _answer(view, problem, f"Administrator {name} is deleted.")
    return view.done("Choose what is to be done by a button of this page.")


async def _save(view: View, name: str) -> Response:
    """Create an administrator, or give one a new password, which ends the sessions of that account."""
    password = view.text("password")
    if password != view.text("password_again"):
        return _page(view, "Password and confirmation differ; nothing was saved.")
    problem = message_of(await view.do(CreateAdministrator(name=name, password=password)))
    return _answer(view, problem, f"Administrator {name} is saved.")


def _answer(view: View, problem: str, done: str) -> Response:
    return _page(view, problem) if problem else view.done(done)


PAGES: Final = (Page(("Authentication", "Auth. Servers"), show, act),)
