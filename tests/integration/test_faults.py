"""Every fault on a running lab, in both local runtimes: what it does, and that nothing is left of it."""

import secrets
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from leaselab.appliance.instants import HOUR, MINUTE, SECOND
from leaselab.testbed import Lab
from leaselab.testbed.errors import CallError, LeaselabError
from leaselab.testbed.testing.topologies import pair

TOPOLOGY = pair("troubled", licensed=1000, reserved=50, maximum=200, gateway="")


@pytest.fixture(scope="module", params=["embedded", "process"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file: Path = tmp_path_factory.mktemp("faults") / "troubled.yml"
    file.write_text(TOPOLOGY)
    with Lab.up(file, name=f"troubled-{secrets.token_hex(4)}", runtime=request.param) as lab:
        yield lab


@pytest.fixture(autouse=True)
def calm(lab: Lab) -> Iterator[None]:
    """Begin and end each test in contact and without faults."""
    yield
    lab.faults.clear()
    lab.clock.advance(hours=7)
    assert standing(lab) == ("up", "")


def standing(lab: Lab) -> tuple[str, str]:
    client = lab["gw1"].report().client
    return client.contact, client.why


@pytest.mark.parametrize(
    ("kind", "how", "why"),
    [
        ("cut", {"between": ("gw1", "server")}, "server is out of reach"),
        ("cut", {"between": ("server", "gw1"), "one_way": True}, "the answer of server was lost"),
        ("cut", {"network": "internal"}, "server is out of reach"),
        ("delay", {"between": ("gw1", "server"), "delay": "40s"}, "server did not answer within 30s"),
        ("slow", {"node": "server", "delay": "40s"}, "server did not answer within 30s"),
        ("throttle", {"between": ("gw1", "server"), "bytes_per_second": 1}, "server did not answer within 30s"),
        ("loss", {"between": ("gw1", "server"), "loss": 1.0}, "the request to server was lost"),
        ("kill", {"node": "server"}, "server cannot be reached: Connection refused"),
        ("pause", {"node": "server"}, "server is out of reach"),
        ("error", {"node": "server"}, "server answered 500, which is no lease reply"),
        ("wrong", {"node": "server"}, "server answered 200, which is no lease reply"),
        ("disk-full", {"node": "server"}, "server answered 507, which is no lease reply"),
        (
            "bad-certificate",
            {"node": "server"},
            "server: its certificate is not trusted: it was not issued by the authority this device trusts",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_client_feels_the_fault_and_recovers(lab: Lab, kind: str, how: dict[str, object], why: str) -> None:
    with lab.faults.during(kind, **how):
        lab.clock.advance(hours=7)

        assert standing(lab) == ("down", why)
    lab.clock.advance(hours=7)

    assert standing(lab) == ("up", "")


def test_a_fault_ends_by_itself_and_both_ends_of_it_are_events(lab: Lab) -> None:
    row = lab.faults.cut("gw1", "server", lasts="2h")
    lab.clock.advance(hours=3)

    told = [(event.kind, event.at) for event in lab.events() if event.fields.get("n") == row.n]
    assert [kind for kind, _ in told] == ["fault", "fault-over"]
    assert told[1][1] - told[0][1] == 2 * HOUR
    assert lab.faults.list() == ()


def test_a_short_delay_only_makes_the_answer_late(lab: Lab) -> None:
    with lab.faults.during("delay", between=("gw1", "server"), delay="5s"):
        before = lab["gw1"].report().client
        lab.clock.to(before.next_contact_at + 4 * SECOND)
        assert lab["gw1"].report().client.last_contact_at == before.last_contact_at
        lab.clock.advance(seconds=1)

        assert lab["gw1"].report().client.last_contact_at == before.next_contact_at + 5 * SECOND


def test_a_skewed_clock_reads_wrong_and_right_again_and_time_goes_on(lab: Lab) -> None:
    with lab.faults.during("skew", node="gw1", skew="3m"):
        assert lab["gw1"].report().now == lab.clock.now + 3 * MINUTE
        lab.clock.advance(days=2)
        assert standing(lab) == ("up", "")
        lab["gw1"].restart()
        assert lab["gw1"].report().now == lab.clock.now + 3 * MINUTE

    before = lab.clock.now
    lab["gw1"].restart()
    assert (lab.clock.now, lab["gw1"].report().now) == (before, before)


def test_a_paused_console_shows_what_was_typed_when_it_goes_on(lab: Lab) -> None:
    gateway = lab["gw1"]
    before = gateway.screen()
    with lab.faults.during("pause", node="gw1"):
        gateway.type("\r")
        assert gateway.screen() == before
        with pytest.raises(LeaselabError, match="gw1 is paused"):
            lab["gw1"].request({"do": "command", "command": {"type": "PullState"}})

    assert gateway.screen() != before


def test_a_paused_node_answers_no_scrape_until_it_goes_on(lab: Lab) -> None:
    url = urlsplit(lab["gw1"].metrics_url)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=120) as scrape:
        with lab.faults.during("pause", node="gw1"):
            scrape.sendall(b"GET /metrics HTTP/1.1\r\nhost: gw1\r\n\r\n")
            assert select.select([scrape], [], [], 0.5)[0] == []

        assert scrape.recv(15) == b"HTTP/1.1 200 OK"


def test_a_restart_is_over_as_soon_as_it_has_happened(lab: Lab) -> None:
    row = lab.faults.inject("restart", node="gw1")

    assert (row.state, lab.faults.list()) == ("over", ())
    assert lab["gw1"].phase == "ready"


def test_a_node_that_starts_under_a_fault_has_it(lab: Lab) -> None:
    with lab.faults.during("cut", between=("gw1", "server")):
        lab["gw1"].kill()
        lab["gw1"].start()
        lab.clock.advance(hours=7)

        assert standing(lab)[0] == "down"


def test_heal_takes_back_what_is_between_two_nodes_and_nothing_else(lab: Lab) -> None:
    lab.faults.cut("gw1", "server")
    skew = lab.faults.inject("skew", node="gw1", skew="1m")

    assert [row.kind for row in lab.faults.heal("server", "gw1")] == ["cut"]
    assert [row.n for row in lab.faults.list()] == [skew.n]


@pytest.mark.parametrize(
    ("kind", "how", "message"),
    [
        ("kut", {"node": "gw1"}, "there is no fault 'kut'"),
        ("kill", {"node": "gw2"}, "there is no node 'gw2'"),
        ("skew", {"node": "gw1", "skew": "much"}, "is not a duration"),
        ("kill", {"node": "gw1", "color": 3}, "color"),
    ],
)
def test_what_is_no_fault_is_refused_and_nothing_is_injected(
    lab: Lab, kind: str, how: dict[str, str], message: str
) -> None:
    with pytest.raises(CallError, match=message):
        lab.faults.inject(kind, **how)  # type: ignore[arg-type]  # what a person may type wrongly

    assert lab.faults.list() == ()


def test_a_number_that_is_no_faults_is_refused(lab: Lab) -> None:
    with pytest.raises(CallError, match="there is no fault 999"):
        lab.faults.clear(999)
