"""What a person does at the console of a node in a real lab really happens, and the lab knows of it."""

import http.client
import re
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.console_driver import ConsoleDriver, ConsoleError
from leaselab.testbed.errors import NodeFailedError
from leaselab.testbed.testing.topologies import pair

PATIENCE_SECONDS = 30.0
TOPOLOGY = """
name: operations
release: ${RELEASE:-8.3R1}
nodes:
  gw1:
    kind: ${KIND:-psa3000}
    boot: {accept-license: true, admin: {name: admin, password: admin123}}
  gw2:
    kind: psa3000
    boot: {accept-license: true, admin: {name: admin, password: admin123}}
"""

LEASING = pair("leasing")


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def at_menu(console: ConsoleDriver, *dialogue: tuple[str, str]) -> str:
    """Wake the console and answer its prompts; return what the last answer was to."""
    console.sendline()
    shown = ""
    for prompt, answer in dialogue:
        shown = console.expect(prompt, timeout=PATIENCE_SECONDS)
        console.sendline(answer)
    return shown


def test_the_console_is_attached_anew_after_an_upgrade() -> None:
    with Lab.up(TOPOLOGY) as lab:
        at_menu(lab["gw1"].console, ("Choice:", ""))

        lab["gw1"].upgrade("9.0R1")

        lab["gw1"].console.expect("9.0R1", timeout=PATIENCE_SECONDS)


@pytest.mark.rule("CON-02")
@pytest.mark.rule("CON-05")
def test_a_console_that_was_protected_stays_so_when_the_node_restarts() -> None:
    with Lab.up(TOPOLOGY) as lab:
        at_menu(lab["gw1"].console, ("Choice:", "5"))
        lab["gw1"].console.expect("console (On)", timeout=PATIENCE_SECONDS)

        lab["gw1"].restart()

        shown = at_menu(lab["gw1"].console, ("Username:", "admin"), ("Password:", "admin123"), ("Choice:", ""))
        assert "Toggle password protection for the console (On)" in shown


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_a_node_shut_down_at_its_console_is_off_until_it_is_started(runtime: str) -> None:
    with Lab.up(TOPOLOGY, runtime=runtime) as lab:
        at_menu(lab["gw1"].console, ("Choice:", "4"), ("Choice:", "2"), ("(y/n)", "y"))

        until(lambda: {"shut-down", "stopped"} <= {event.kind for event in lab.events() if event.node == "gw1"})
        assert lab["gw1"].phase == "off"
        lab["gw1"].close()
        lab["gw1"].start()

        assert lab["gw1"].phase == "ready"


def signed_in(lab: Lab, count: int) -> bool:
    """Sign users in, unless the services are just being restarted."""
    try:
        return lab["gw1"].users.set(count).signed_in == count
    except NodeFailedError:
        return False


@pytest.mark.rule("CON-02")
def test_restarting_services_leaves_the_console_where_it_is_and_hangs_up_on_peers() -> None:
    with Lab.up(TOPOLOGY) as lab:
        lab["gw1"].users.set(1)
        at_menu(lab["gw1"].console, ("Choice:", "4"), ("Choice:", "3"), ("(y/n)", "y"))

        lab["gw1"].console.expect("Restarting services", timeout=PATIENCE_SECONDS)
        lab["gw1"].console.expect("Choice:", timeout=PATIENCE_SECONDS)

        until(lambda: signed_in(lab, 2))
        assert "Starting system software" not in lab["gw1"].console.screen.partition("Restarting services")[2]


@pytest.mark.rule("CON-02")
def test_ping_feels_that_a_node_is_off_and_the_arp_cache_forgets_it() -> None:
    with Lab.up(LEASING) as lab:
        console, address = lab["gw1"].console, lab["server"].address()
        at_menu(console, ("Choice:", "1"), ("Choice:", "5"), ("hostname/IP address:", "server"))
        console.expect("6 packets transmitted, 6 received, 0% packet loss", timeout=PATIENCE_SECONDS)
        at_menu(console, ("Serial Console!", "1"), ("Choice:", "3"))
        console.expect(f"{address}".ljust(16) + "ether", timeout=PATIENCE_SECONDS)

        lab["server"].kill()

        at_menu(console, ("Serial Console!", "1"), ("Choice:", "5"), ("hostname/IP address:", address))
        console.expect("6 packets transmitted, 0 received, 100% packet loss", timeout=PATIENCE_SECONDS)
        at_menu(console, ("Serial Console!", "1"), ("Choice:", "3"))
        console.expect("The ARP cache is empty.", timeout=PATIENCE_SECONDS)


@pytest.mark.rule("CON-05")
def test_a_mag_reset_at_its_console_can_start_from_its_other_image_and_is_not_provisioned() -> None:
    with Lab.up(TOPOLOGY, variables={"KIND": "mag2600", "RELEASE": "7.1R1"}) as lab:
        hardware_id = lab["gw1"].report().hardware_id
        at_menu(lab["gw1"].console, ("Choice:", "4"), ("Choice:", "5"), ("(y/n)", "y"), ("personality images", ""))
        assert not lab["gw1"].status().provisioned

        lab["gw1"].console.sendline("2")
        lab["gw1"].console.expect("Junos Pulse Access Control Service.", timeout=PATIENCE_SECONDS)
        until(lambda: lab["gw1"].phase == "ready")

        report = lab["gw1"].report()
        assert (report.personality, report.release, report.hardware_id) == ("pps", "4.1R1", hardware_id)


@pytest.mark.rule("CON-04")
@pytest.mark.rule("CON-05")
def test_a_mag_whose_image_the_file_names_is_what_the_file_says_after_a_reset_at_its_console() -> None:
    named = TOPOLOGY.replace("boot: {", "boot: {factory-image: pcs, ", 1)
    with Lab.up(named, variables={"KIND": "mag2600", "RELEASE": "7.1R1"}) as lab:
        at_menu(lab["gw1"].console, ("Choice:", "4"), ("Choice:", "5"), ("(y/n)", "y"), ("personality images", ""))

        until(lambda: lab["gw1"].status().provisioned)

        assert lab["gw1"].report().personality == "pcs"
        assert [event.node for event in lab.events() if event.kind == "erased"] == ["gw1"]


@pytest.mark.rule("CON-02")
@pytest.mark.rule("CON-05")
def test_a_rollback_runs_the_release_before_and_outlives_a_restart() -> None:
    with Lab.up(TOPOLOGY) as lab:
        lab["gw1"].request({"do": "command", "command": {"type": "PowerOn", "release": "9.0R1", "secret": ""}})
        assert lab["gw1"].report().release == "9.0R1"

        at_menu(lab["gw1"].console, ("Choice:", "4"), ("Choice:", "4"), ("(y/n)", "y"))
        lab["gw1"].console.expect("Starting system software version 8.3R1", timeout=PATIENCE_SECONDS)
        until(lambda: lab["gw1"].phase == "ready")
        lab["gw1"].restart()

        assert lab["gw1"].report().release == "8.3R1"


@pytest.mark.rule("CON-03")
def test_a_power_cut_drops_the_line_at_once() -> None:
    with Lab.up(TOPOLOGY) as lab:
        console = lab["gw1"].console
        at_menu(console, ("Choice:", "2"))

        lab["gw1"].kill()

        with pytest.raises(ConsoleError):
            console.expect("a line that is dead shows nothing", timeout=PATIENCE_SECONDS)


@pytest.mark.rule("CON-01")
@pytest.mark.rule("CLU-01")
def test_tab_at_boot_joins_a_cluster() -> None:
    with Lab.up(TOPOLOGY) as lab:
        console = lab["gw1"].console
        missed = True
        while missed:  # the boot waits three seconds for a key, and this machine may be busy for longer
            at_menu(console, ("Choice:", "4"), ("Choice:", "1"), ("(y/n)", "y"))
            console.expect("Choose a number", timeout=PATIENCE_SECONDS)
            console.send("1\t")
            shown = console.expect(re.compile("Cluster name|Press <Enter>"), timeout=PATIENCE_SECONDS)
            missed = shown.endswith("Press <Enter>")
        console.sendline("west")
        console.expect("Names of its members", timeout=PATIENCE_SECONDS)
        console.sendline("gw1 gw2")
        console.expect("This device is a member of cluster west.", timeout=PATIENCE_SECONDS)
        until(lambda: lab["gw1"].phase == "ready")

        joined = [event for _, _, event in lab["gw1"].history() if event["type"] == "ClusterJoined"]
        assert [(event["name"], event["members"]) for event in joined] == [("west", ["gw1", "gw2"])]


def browse(lab: Lab, path: str, *, cookie: str = "", **fields: str) -> tuple[int, str, bytes]:
    """Ask gw1 for a page, as a browser that knows no TLS but 1.2; return status, session cookie and body."""
    context = ssl.create_default_context(cadata=lab.plan.authority_certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = http.client.HTTPSConnection(
        lab["gw1"].address(), lab["gw1"].ports["https"], context=context, timeout=PATIENCE_SECONDS
    )
    headers = {"cookie": f"DSID={cookie}", "content-type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST" if fields else "GET", path, urlencode(fields) or None, headers)
        answer = connection.getresponse()
        given = re.search(r"DSID=([0-9a-f]+)", str(answer.headers))
        return answer.status, given[1] if given else "", answer.read()
    finally:
        connection.close()


@pytest.mark.rule("CON-02")
def test_the_console_lets_an_administrator_in_who_lost_every_password_and_every_modern_browser() -> None:
    security = "/dana-admin/system/configuration/security.cgi"
    with Lab.up(TOPOLOGY) as lab:
        console = lab["gw1"].console
        at_menu(console, ("Choice:", "6"), ("(y/n)", "y"))
        console.expect("enter this token: ", timeout=PATIENCE_SECONDS)
        token = console.expect("\n", timeout=PATIENCE_SECONDS).strip()
        status, cookie, _ = browse(lab, "/dana-na/auth/recover.cgi", token=token)
        assert (status, bool(cookie)) == (302, True)

        at_menu(console, ("Choice:", "7"), ("Choice:", "1"))
        console.expect("The snapshot ", timeout=PATIENCE_SECONDS)
        name = console.expect(" was taken", timeout=PATIENCE_SECONDS).removesuffix(" was taken")
        _, _, content = browse(
            lab, f"/dana-admin/maintenance/troubleshooting/system-snapshot.cgi?name={name}", cookie=cookie
        )
        assert content.startswith(b"PK")

        page = browse(lab, security, cookie=cookie)[2].decode()
        xsauth = re.findall(r'name="xsauth" value="(\w+)"', page)[0]
        assert browse(lab, security, cookie=cookie, xsauth=xsauth, minimum_tls="1.3")[0] == 303
        with pytest.raises((ssl.SSLError, ConnectionError)):
            browse(lab, security, cookie=cookie)

        at_menu(console, ("Choice:", ""), ("Choice:", "8"), ("(y/n)", "y"))
        console.expect("was reset", timeout=PATIENCE_SECONDS)
        assert browse(lab, security, cookie=cookie)[0] == 200
