"""A browser without sockets: it asks the pages of a fleet's devices, keeps cookies, and fills in forms as they came.

It calls their REST API as well.

admin = Visitor(fleet, "server")
admin.sign_in()
admin.get("/dana-admin/license/summary.cgi")
admin.submit(op="add", keys=fleet.mint("server", "CONSEC-100U-1YR"))
assert "CONSEC-100U-1YR is installed" in admin.text
assert admin.call("DELETE", "/license/keys/none") == 404
"""

import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any, Final, Self, cast
from urllib.parse import urlencode

import msgspec

from leaselab.appliance.adapters.https.api import dispatch
from leaselab.appliance.adapters.https.api.operations import ROOT
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.https.pages import application
from leaselab.appliance.adapters.wire import asgi
from leaselab.appliance.adapters.wire.http1 import Connection, Request
from leaselab.appliance.chronicle import Chronicle
from leaselab.appliance.config import ApplianceConfig, HostEntry
from leaselab.appliance.console import Effect, Errand
from leaselab.appliance.console.tools import Echo, Neighbour, Probe
from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import eventlog
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, CreateAdministrator
from leaselab.testbed.testing.fleet import Fleet, settled

ADDRESSES: Final = {"internal": "10.0.0.1", "external": "192.0.2.1", "management": "10.9.0.1"}
HOSTS: Final = {"vls1": HostEntry(addresses={"internal": "10.0.0.2"}, https_port=443)}
ADMIN: Final = ("admin", "admin123")
REDIRECTS: Final = 5
"""That are followed one after the other; a page that takes more goes in circles."""


class Visitor:
    """Somebody at a browser.

    Args:
        fleet: has the device.
        device: whose pages are asked.
        source: where the visitor is.
        context: share that of another visitor, so that both meet the same sessions.

    Attributes:
        status: of the latest answer.
        text: its body, without markup's escapes.
        path: where it came from.
        effects: what was asked of the device beyond commands.
    """

    def __init__(
        self,
        fleet: Fleet,
        device: str,
        *,
        source: str = "10.0.0.99",
        context: NodeContext | None = None,
    ) -> None:
        self.effects: list[Effect] = []
        self.context = context or _context(fleet, device, self.effects)
        self.status = 0
        self.body = b""
        self.headers: Mapping[str, str] = {}
        self.path = ""
        self.cookies: dict[str, str] = {}
        self._api_key = ""
        self._connection = cast("Connection", SimpleNamespace(peer=(source, 50_000)))

    @classmethod
    def administrator(cls, fleet: Fleet, device: str, page: str = "") -> Self:
        """Return a browser whose user has signed in as administrator and opened a page."""
        visitor = cls(fleet, device)
        visitor.sign_in()
        if page:
            visitor.get(page)
        return visitor

    @property
    def source(self) -> str:
        """The latest answer as it came."""
        return self.body.decode()

    @property
    def text(self) -> str:
        """The latest answer as a person reads it: without tags, and spaces as one."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.source)).split())

    @property
    def notes(self) -> list[str]:
        """What the page says of the form before it."""
        return [html.unescape(text) for text in re.findall(r'<p class="note \w+"[^>]*>(.*?)</p>', self.source)]

    def get(self, path: str) -> int:
        """Open an address and follow where it leads; return the status."""
        self._ask("GET", path)
        return self._follow()

    def post(self, path: str, fields: Mapping[str, str | Sequence[str]], *, follow: bool = True) -> int:
        """Send a form; return the status of what it leads to."""
        body = urlencode(fields, doseq=True).encode()
        self._ask("POST", path, body, b"application/x-www-form-urlencoded")
        return self._follow() if follow else self.status

    def upload(
        self, path: str, fields: Mapping[str, str | Sequence[str]], *, file: bytes, field: str = "file", name: str = "f"
    ) -> int:
        """Send a form with a file of a name; return the status of what it leads to."""
        parts = [
            (name, one) for name, values in fields.items() for one in ([values] if isinstance(values, str) else values)
        ]
        body = b"".join(
            b'--cut\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value.encode())
            for name, value in parts
        )
        head = f'content-disposition: form-data; name="{field}"; filename="{name}"'
        body += b"--cut\r\n%s\r\n\r\n%s\r\n--cut--\r\n" % (head.encode(), file)
        self._ask("POST", path, body, b"multipart/form-data; boundary=cut")
        return self._follow()

    def submit(self, **fields: str | Sequence[str]) -> int:
        """Send a form of the page that is shown to its own address, with the page's xsauth."""
        return self.post(self.path, {"xsauth": self.xsauth, **fields})

    def sign_in(self, name: str = ADMIN[0], password: str = ADMIN[1]) -> int:
        """Sign in as administrator; return the status of the page that this leads to."""
        return self.post("/dana-na/auth/url_admin/login.cgi", {"username": name, "password": password})

    def call(self, method: str, path: str, body: Any = None) -> int:
        """Call the REST API with an api_key that is asked for at the first call; return the status."""
        if not self._api_key:
            self._call("GET", "/auth", None, ":".join(ADMIN))
            self._api_key = json.loads(self.body)["api_key"]
        self._call(method, path, body, f"{self._api_key}:")
        return self.status

    def _call(self, method: str, path: str, body: Any, credentials: str) -> None:
        request = Request()
        request.method, request.target = method.encode(), f"{ROOT}{path}".encode()
        request.body = b"" if body is None else json.dumps(body).encode()
        request.headers = [(b"authorization", b"Basic " + base64.b64encode(credentials.encode()))]
        answer = settled(dispatch.answer(self.context, request, self._connection))
        self.status, self.body, self.path = answer.status, answer.body, path

    @property
    def xsauth(self) -> str:
        """What the forms of the page carry."""
        found = re.search(r'name="xsauth" value="([0-9a-f]{32})"|xsauth=([0-9a-f]{32})', self.source)
        return (found[1] or found[2]) if found else ""

    def _ask(self, method: str, path: str, body: bytes = b"", content_type: bytes = b"") -> None:
        request = Request()
        request.method, request.target, request.body = method.encode(), path.encode(), body
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        request.headers = [(b"cookie", cookie.encode()), (b"content-type", content_type)]
        answer = settled(asgi.ask(application(), request, self._connection, scheme="https", node=self.context))
        self.status, self.body, self.path = answer.status, answer.body, path
        lines = [line.partition(": ") for line in answer.headers.decode().split("\r\n") if line]
        self.headers = {name: value for name, _, value in lines}
        for name, _, value in lines:
            if name == "set-cookie":
                self._keep(value)

    def _keep(self, text: str) -> None:
        for name, morsel in SimpleCookie(text).items():
            if morsel.value:
                self.cookies[name] = morsel.value
            else:
                self.cookies.pop(name, None)

    def _follow(self) -> int:
        for _ in range(REDIRECTS):
            if "location" not in self.headers:
                return self.status
            self._ask("GET", self.headers["location"])
        raise AssertionError(f"{self.path} leads in circles")


class Peers:
    """A network on which these peers answer, and nobody else."""

    def __init__(self, hosts: Mapping[str, HostEntry]) -> None:
        self._addresses = [host.addresses["internal"] for host in hosts.values()]

    async def act(self, errand: Errand) -> Any:
        """Answer a probe."""
        there = isinstance(errand, Probe) and errand.address in self._addresses
        return Echo(milliseconds=0.25 if there else None)

    def entries(self) -> tuple[Neighbour, ...]:
        """Return the hardware addresses known."""
        return tuple(Neighbour(address, "02:42:0a:00:00:02", "internal") for address in self._addresses)


def _signed_in(fleet: Fleet, device: str) -> int:
    return fleet.report(device).features[CONCURRENT_USERS].signed_in


def _context(fleet: Fleet, device: str, effects: list[Effect]) -> NodeContext:
    """Return the device as its HTTPS edge sees it, with an administrator."""
    config = fleet.world.config(device)
    if not isinstance(config, ApplianceConfig):
        raise TypeError(f"{device} is no appliance")
    fleet.do(device, CreateAdministrator(*ADMIN))

    def write(event: Any, at: Instant) -> list[tuple[int, str, str]]:
        return [(one.severity, one.code, eventlog.format_line(one, at, device)) for one in eventlog.lines(event, at)]

    return NodeContext(
        config=msgspec.structs.replace(config, addresses=ADDRESSES, hosts=HOSTS),
        device=fleet.devices[device],
        store_id="",
        report=lambda: fleet.report(device),
        phase=lambda: "ready",
        observe_request=lambda _verb, _seconds: None,
        chronicle=Chronicle(fleet.store, device, write, signed_in=lambda: _signed_in(fleet, device)),
        take_effect=effects.append,
        network=Peers(HOSTS),
    )
