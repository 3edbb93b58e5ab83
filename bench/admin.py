"""The admin console under 20 requests a second, on a license server with a thousand clients.

One administrator's kept connection asks for the pages in turn, each at its appointed instant, so that a slow answer
delays nobody's clock. The floor is the same server's style sheet, asked for between the pages in the same way: what the
network, TLS and our HTTP take is in both.
"""

import http.client
import ssl
import time
import urllib.parse
from pathlib import Path
from typing import Any

from bench import labs
from bench.measure import BenchError
from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, Allocation, SaveClient
from leaselab.testbed.lab import Lab

CLIENTS = 1_000
REQUESTS_A_SECOND = 20
SECONDS = 20
GOAL_P99_MS = 50.0

PAGES = {
    "status": addresses.HOME,
    "summary": addresses.SUMMARY,
    "clients": addresses.CLIENTS,
    "clients, the last page": f"{addresses.CLIENTS}?page=19",
    "clients, found": f"{addresses.CLIENTS}?search=C99",
    "client": f"{addresses.CLIENT}?id=C500",
    "downloads": addresses.DOWNLOADS,
    "events": "/dana-admin/system/log-monitoring/events.cgi",
}
FLOOR = "/static/style.css"


def take(work: Path) -> dict[str, Any]:
    """Return the figure."""
    text = labs.topology("admin", CLIENTS // labs.RESERVED).split("      clients:\n")[0]
    with labs.up("admin", text, work) as (lab, _seconds):
        add_clients(lab)
        visitor = Visitor(lab)
        for page in (FLOOR, *PAGES.values()):  # templates compile once
            visitor.ask(page)
        taken = paced(visitor)
        visitor.close()
    pages = [each for name, times in taken.items() if name != FLOOR for each in times]
    floor = p99(taken[FLOOR])
    return {
        "what": f"admin pages at {REQUESTS_A_SECOND} requests a second, HTTPS, {CLIENTS} clients configured",
        "requests": len(pages),
        "p99_ms": p99(pages),
        "p50_ms": p50(pages),
        "pages_p99_ms": {name: p99(taken[name]) for name in PAGES},
        "floor_p99_ms": floor,
        "floor_p50_ms": p50(taken[FLOOR]),
        "goal": f"p99 under {GOAL_P99_MS:g} ms",
        "holds": p99(pages) < GOAL_P99_MS,
    }


def add_clients(lab: Lab) -> None:
    """Give the server its client records."""
    server = lab[labs.SERVER]
    for number in range(CLIENTS):
        server.command(
            SaveClient(
                id=f"C{number}",
                password="secret",
                password_again="secret",
                platform="psa3000",
                product="pcs",
                allocations={CONCURRENT_USERS: Allocation(reserved=1, increment=1, maximum=2)},
            )
        )


class Visitor:
    """An administrator with one kept connection."""

    def __init__(self, lab: Lab) -> None:
        server = lab[labs.SERVER]
        trust = ssl.create_default_context(cadata=lab.plan.authority_certificate)
        trust.check_hostname = False  # the certificate names the node; we connect by address
        address, port = server.address("internal"), server.ports["https"]
        self._line = http.client.HTTPSConnection(address, port, timeout=30, context=trust)
        form = urllib.parse.urlencode({"username": "admin", "password": "admin123", "realm": "Admin Users"})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self._line.request("POST", "/dana-na/auth/url_admin/login.cgi", form, kind)
        answer = self._line.getresponse()
        answer.read()
        cookies = answer.headers.get_all("set-cookie", [])
        self._cookie = next((text.partition(";")[0] for text in cookies if text.startswith("DSID=")), "")
        if not self._cookie:
            raise BenchError(f"the administrator was not signed in: {answer.status} {answer.headers.get('location')}")

    def ask(self, page: str) -> float:
        """Ask for a page and return the milliseconds until it was there, whole.

        Raises:
            BenchError: it is no page.
        """
        began = time.perf_counter()
        self._line.request("GET", page, headers={"Cookie": self._cookie})
        answer = self._line.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1_000
        if answer.status != http.HTTPStatus.OK or not body:
            raise BenchError(f"{page} was answered {answer.status}")
        return took

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def paced(visitor: Visitor) -> dict[str, list[float]]:
    """Return the milliseconds of each page, and of the floor between any two, from the instant each was due."""
    taken: dict[str, list[float]] = {name: [] for name in (FLOOR, *PAGES)}
    names = list(PAGES)
    began = time.perf_counter()
    for number in range(REQUESTS_A_SECOND * SECONDS):
        due_at = began + number / REQUESTS_A_SECOND
        time.sleep(max(0.0, due_at - time.perf_counter()))
        late = max(0.0, time.perf_counter() - due_at) * 1_000
        name = names[number % len(names)]
        taken[name].append(late + visitor.ask(PAGES[name]))
        taken[FLOOR].append(visitor.ask(FLOOR))
    return taken


def p99(times: list[float]) -> float:
    """Return the time that 99 of 100 do not exceed."""
    return sorted(times)[min(len(times) - 1, len(times) * 99 // 100)]


def p50(times: list[float]) -> float:
    """Return the median."""
    return sorted(times)[len(times) // 2]
