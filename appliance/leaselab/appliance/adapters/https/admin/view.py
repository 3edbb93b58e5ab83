"""One request of a signed-in administrator: what was asked, of which window, and the ways to answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.rendering import page
from leaselab.appliance.adapters.https.sessions import AdminSession
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Command, Refusal
from leaselab.appliance.models.menu import Viewed, windows
from leaselab.appliance.models.releases import product_name
from leaselab.appliance.models.windows import Window

INVALID: Final = 422
"""Answers a form that was refused: it is shown again, with what was typed and why."""

FORBIDDEN: Final = 403
ROWS_A_PAGE: Final = 50
MAX_DIGITS: Final = 18

T = TypeVar("T")


class View:
    """A request, its device, and its administrator.

    Args:
        request: as it came.
        session: whose it is.
        window: the place in the menu.
        form: what was posted; empty for a page that is only looked at.
    """

    def __init__(self, request: Request, session: AdminSession, window: Window, form: FormData) -> None:
        self.request = request
        self.session = session
        self.window = window
        self.form = form
        self.node: NodeContext = request.state.node

    @property
    def state(self) -> ApplianceState:
        """The device's state; to be read only."""
        state: ApplianceState = self.node.device.state
        return state

    @property
    def config(self) -> ApplianceConfig:
        """What the device was told at switch-on."""
        return cast("ApplianceConfig", self.node.config)  # the vendor's side has no admin console

    @property
    def now(self) -> Instant:
        """The device's time."""
        return self.node.now

    @cached_property
    def viewed(self) -> Viewed:
        """What decides which windows the device shows."""
        return viewed(self.state)

    def query(self, name: str) -> str:
        """Return a field of the address, stripped."""
        return self.request.query_params.get(name, "").strip()

    def part(self, rows: Sequence[T]) -> tuple[Sequence[T], dict[str, Any]]:
        """Return the rows of the page that the address asks for, and what the pager under them says.

        Pages count from 0; one past the end is the last.
        """
        pages, text = -(-len(rows) // ROWS_A_PAGE), self.query("page")
        page = min(int(text), max(0, pages - 1)) if is_whole(text) else 0
        pager = {"found": len(rows), "page": page, "pages": pages}
        return rows[page * ROWS_A_PAGE : (page + 1) * ROWS_A_PAGE], pager

    def text(self, name: str) -> str:
        """Return a posted field as it was typed."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def word(self, name: str) -> str:
        """Return a posted field, stripped."""
        return self.text(name).strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of a posted field, e.g. the check boxes of a table."""
        return tuple(value for value in self.form.getlist(name) if isinstance(value, str))

    async def file(self, name: str) -> bytes:
        """Return the content of a posted file, empty where there is none."""
        value = self.form.get(name)
        return await value.read() if isinstance(value, UploadFile) else b""

    def file_name(self, name: str) -> str:
        """Return the name of a posted file, empty where there is none."""
        value = self.form.get(name)
        return (value.filename or "") if isinstance(value, UploadFile) else ""

    async def do(self, command: Command) -> Any:
        """Have the device take a command; return its reply or a :class:`Refusal`."""
        return await self.node.device.handle(command)

    def show(self, template: str, /, *, status: int = 200, **context: Any) -> Response:
        """Answer with a page."""
        notes, self.session.notes = self.session.notes, ()
        return page(f"admin/{template}", {"view": self, "state": self.state, "notes": notes, **context}, status)

    def done(self, message: str, address: str = "", **query: str) -> Response:
        """Answer a form that was taken: say so on the page that follows, which can be reloaded safely."""
        self.session.notes += (message,) if message else ()
        to = address or self.request.url.path
        return RedirectResponse(f"{to}?{urlencode(query)}" if query else to, status_code=303)

    def absent(self, why: str) -> Response:
        """Answer that there is no such window here."""
        return self.show("absent.html", status=FORBIDDEN, why=why)

    # --- what every page shows around its own ---

    @property
    def product(self) -> str:
        """The product's name, for the bar at the top."""
        return product_name(self.state.parsed_release, self.state.personality)

    @property
    def menu(self) -> Mapping[str, list["Link"]]:
        """The sections with their items."""
        found: dict[str, list[Link]] = {}
        for section, item in dict.fromkeys(window[:2] for window in windows(self.viewed)):
            found.setdefault(section, []).append(self._link((section, item)))
        return found

    @property
    def tabs(self) -> list[list["Link"]]:
        """The tabs of the item, then those of the tab, as far as there are any."""
        rows = []
        for depth in range(3, len(self.window) + 1):
            above = self.window[: depth - 1]
            beside = [
                window for window in windows(self.viewed) if len(window) >= depth and window[: depth - 1] == above
            ]
            names = dict.fromkeys(window[:depth] for window in beside)
            rows.append([self._link(path) for path in names])
        return rows

    def _link(self, path: Window) -> "Link":
        first = next(window for window in windows(self.viewed) if window[: len(path)] == path)
        current = "page" if path == self.window else "true" if self.window[: len(path)] == path else ""
        return Link(path[-1], addresses.of(first), current)


class Link(NamedTuple):
    """An entry of a menu or a row of tabs; ``current`` is ARIA's word: ``page``, ``true`` for one above it, or none."""

    name: str
    address: str
    current: str


Show: TypeAlias = Callable[[View], Awaitable[Response]]
"""Answers who looks, or who posted a form: refusals are shown, and what was taken redirects."""


class Page(NamedTuple):
    """One address of the console.

    Attributes:
        window: where in the menu it belongs.
        show: answers GET.
        act: answers POST; None where there is nothing to change.
        address: empty for the window's own.
    """

    window: Window
    show: Show
    act: Show | None = None
    address: str = ""


def viewed(state: ApplianceState) -> Viewed:
    """Return what decides which windows a device shows."""
    return Viewed(
        release=state.parsed_release,
        license_server=state.is_license_server,
        virtual_license_server=state.virtual_license_server,
        why_no_server=state.why_no_server(),
    )


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number that is written plainly, and in digits that `int` takes."""
    return text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS


def message_of(reply: Any) -> str:
    """Return why a command was refused, as a sentence; empty where it was not."""
    if not isinstance(reply, Refusal):
        return ""
    return reply.message[:1].upper() + reply.message[1:] + "."
