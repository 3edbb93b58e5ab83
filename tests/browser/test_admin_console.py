"""The admin console in Chromium, page by page, against a running lab."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.browser.chromium import launch, visit

from leaselab.appliance.adapters.https.admin import addresses, others, pages
from leaselab.testbed import Lab
from leaselab.testbed.node import Node

pytestmark = pytest.mark.needs("chromium")

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "docs" / "screens"
WRITES_SCREENS = os.environ.get("LEASELAB_SCREENS") == "1"
"""`./run screens`: the pictures of docs/admin-console.md are taken anew."""

MAX_SCREEN_BYTES = 150_000
PATIENCE_MS = 60_000
CODE = "Ab12-Cd34-Ef56-Gh78"
EVENTS = "/dana-admin/system/log-monitoring/events.cgi"
ACTIVE_USERS = "/dana-admin/system/status/active-users.cgi"
CLUSTERING = "/dana-admin/system/clustering.cgi"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab, with half a day of users behind it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASELAB_HOME", str(tmp_path_factory.mktemp("home")))
        with Lab.up(Path(__file__).with_name("admin.yml"), timeout=120) as running:
            for hours, users in ((3, 90), (4, 120), (2, 75)):
                running.clock.advance(hours=hours)
                running["branch"].users.set(users)
            running.clock.advance(hours=3)
            yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


class Desk:
    """An administrator's browser at one device."""

    def __init__(self, context: BrowserContext, node: Node) -> None:
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.node = node
        self.url = node.admin_url.removesuffix("/admin")
        visit(self.page, node.admin_url)
        self.sign_in()

    def sign_in(self, password: str = "admin123") -> None:
        self.page.get_by_label("Username").fill("admin")
        self.page.get_by_label("Password").fill(password)
        with self.page.expect_navigation():
            self.press("Sign In")
        if "admin-confirm" in self.page.url:
            with self.page.expect_navigation():
                self.press("Continue the session")

    def sign_in_again(self) -> None:
        """Sign in where the clock has ended the session."""
        visit(self.page, self.node.admin_url)
        self.sign_in()

    def go(self, address: str) -> int:
        answer = visit(self.page, self.url + address)
        assert answer is not None
        return answer.status

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def tell(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page says so of what was done."""
        expect(self.page.locator("p.note").first).to_contain_text(text)


class Desks:
    def __init__(self, browser: Browser, lab: Lab) -> None:
        self._browser = browser
        self._lab = lab
        self._contexts: list[BrowserContext] = []

    def at(self, node: str, *, script: bool = True, dark: bool = False) -> Desk:
        """Sit down at a device, in a browser that knows nothing of the others."""
        context = self._browser.new_context(
            ignore_https_errors=True,
            java_script_enabled=script,
            viewport={"width": 1280, "height": 860},
            color_scheme="dark" if dark else "light",
        )
        self._contexts.append(context)
        return Desk(context, self._lab[node])

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def desks(browser: Browser, lab: Lab) -> Iterator[Desks]:
    found = Desks(browser, lab)
    yield found
    found.close()


def minted(lab: Lab, node: str, sku: str) -> str:
    """Mint a key."""
    command = [sys.executable, "-m", "leaselab.testbed.cli", "license", "mint", node, sku, "--lab", lab.name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


# --- how it looks; before the stories change what is shown -----------------------------------------------------------

SHOWN = [
    ("status", "branch", addresses.HOME),
    ("licensing-summary", "branch", addresses.SUMMARY),
    ("configure-server", "branch", addresses.SERVER),
    ("configure-clients", "server", addresses.CLIENTS),
    ("client", "server", f"{addresses.CLIENT}?id=EAST"),
    ("platform-groups", "server", f"{addresses.SUMMARY}?group=va"),
    ("download-licenses", "vls", addresses.DOWNLOADS),
    ("events", "branch", f"{EVENTS}?text=LIC3"),
    ("clustering", "east", CLUSTERING),
    ("import-export", "branch", addresses.TRANSFER),
]


@pytest.mark.parametrize(("name", "node", "address"), SHOWN, ids=[name for name, _, _ in SHOWN])
def test_a_main_page_is_drawn_whole_and_without_a_word_of_complaint(
    desks: Desks, name: str, node: str, address: str
) -> None:
    desk = desks.at(node)
    complaints: list[str] = []
    desk.page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    desk.page.on("requestfailed", lambda request: complaints.append(request.url))

    assert desk.go(address) == 200
    picture = desk.page.screenshot()

    expect(desk.page.locator("h1")).to_be_visible()
    width = desk.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] == width[1]
    assert [text for text in complaints if not text.startswith("verbose: ")] == []
    assert len(picture) < MAX_SCREEN_BYTES
    if WRITES_SCREENS:
        SCREENS.mkdir(exist_ok=True)
        (SCREENS / f"{name}.png").write_bytes(picture)


SIGN_IN = "/dana-na/auth/url_admin/welcome.cgi?p=failed"
OF_THEIR_OWN = [
    page.address or addresses.of(page.window) for page in pages() if page.show.__module__ != others.__name__
]
A_WINDOW_OUTSIDE = "/dana-admin/authentication/signing-in.cgi"


PLACES = [
    *(("branch", place) for place in [*OF_THEIR_OWN, A_WINDOW_OUTSIDE, f"{addresses.PLATFORM}?op=btnReboot", SIGN_IN]),
    *(("server", place) for place in [addresses.HOME, addresses.SUMMARY, addresses.CLIENTS, CLUSTERING]),
    ("server", f"{addresses.CLIENT}?id=EAST"),
    *(("branch by night", place) for place in [addresses.HOME, addresses.SUMMARY, addresses.SERVER, EVENTS]),
]
"""Every page of its own, one that stands for the windows without, and those that are shown otherwise elsewhere."""


@pytest.fixture(scope="module")
def readers(browser: Browser, lab: Lab) -> Iterator[dict[str, Desk]]:
    """A desk at each device, one of them with the colours of the night."""
    found = Desks(browser, lab)
    yield {"branch": found.at("branch"), "server": found.at("server"), "branch by night": found.at("branch", dark=True)}
    found.close()


@pytest.mark.parametrize(("reader", "place"), PLACES, ids=[f"{reader} {place}" for reader, place in PLACES])
def test_nothing_on_a_page_is_in_the_way_of_keyboard_or_screen_reader(
    readers: dict[str, Desk], reader: str, place: str
) -> None:
    desk = readers[reader]
    desk.go(place)

    violations = Axe().run(desk.page, options={"resultTypes": ["violations"]}).response["violations"]

    assert [
        (each["id"], [part["html"] for part in each["nodes"]])
        for each in violations
        if each["impact"] in {"serious", "critical"}
    ] == []


# --- stories ---------------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_said_and_the_right_one_leads_to_the_status(desks: Desks) -> None:
    desk = desks.at("spare")
    desk.page.get_by_role("link", name="Sign Out").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("You have signed out.")

    desk.sign_in("guess")
    expect(desk.page.get_by_role("alert")).to_contain_text("Invalid username or password.")

    desk.sign_in()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("System Status")


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_a_client_is_added_changed_and_deleted(desks: Desks, lab: Lab, *, script: bool) -> None:
    desk, client = desks.at("server", script=script), "SCRIPTED" if script else "PLAIN"
    page = desk.page
    desk.go(addresses.CLIENTS)
    page.get_by_role("link", name="New Client").click()
    available = page.locator("output").first
    before = int(available.inner_text())
    page.get_by_label("Client ID").fill(client)
    page.get_by_label("Password", exact=True).fill("secret4")
    page.get_by_label("Confirm password").fill("secret4")
    page.get_by_label("concurrent-users, reserved count").fill("40")
    page.get_by_label("concurrent-users, increment count").fill("25")
    page.get_by_label("concurrent-users, maximum count").fill("30")
    if not script:
        desk.press("Recalculate available")
    expect(available).to_have_text(str(before - 40))

    page.get_by_label("Password", exact=True).fill("secret4")  # no page gives a password back
    page.get_by_label("Confirm password").fill("secret4")
    desk.press("Save Changes")
    desk.tell("nothing was saved")
    page.get_by_label("concurrent-users, maximum count").fill("90")
    page.get_by_label("Password", exact=True).fill("secret4")
    page.get_by_label("Confirm password").fill("secret4")
    desk.press("Save Changes")
    desk.tell(f"License client {client} is saved")
    row = page.get_by_role("row", name=client)
    expect(row).to_contain_text("40")

    row.get_by_role("link", name=client).click()
    page.get_by_label("Client configuration expires").fill("2018-06-30")
    desk.press("Save Changes")
    expect(page.get_by_role("row", name=client)).to_contain_text("2018-06-30")

    page.get_by_role("link", name=client, exact=True).click()
    page.get_by_label("Delete this client").check()
    desk.press("Delete")
    desk.tell(f"License client {client} is deleted")
    assert client not in [one.id for one in lab["server"].report().server.clients]


def test_a_change_on_the_server_is_pulled_by_the_client(desks: Desks, lab: Lab) -> None:
    server, client = desks.at("server"), desks.at("west")
    server.go(f"{addresses.CLIENT}?id=WEST")
    server.page.get_by_label("concurrent-users, reserved count").fill("110")
    server.press("Save Changes")
    server.tell("hears of it at its next renewal")
    assert lab["west"].leased("concurrent-users") == 100

    client.go(addresses.SERVER)
    client.press("Pull State from Server")
    client.tell("State pulled from server.")

    expect(client.page.get_by_role("row", name="concurrent-users")).to_contain_text("110")


def test_keys_are_added_surrendered_and_recalled(desks: Desks, lab: Lab) -> None:
    client, server = desks.at("branch"), desks.at("server")
    client.go(addresses.SUMMARY)
    client.page.get_by_label("License key(s):").fill(f"{minted(lab, 'branch', 'CONSEC-ADD-50U')}\nNOT-A-KEY")
    client.press("Add")
    expect(client.page.locator("p.note")).to_contain_text(["CONSEC-ADD-50U is installed.", re.compile("key|license")])

    client.page.get_by_role("checkbox", name="CONSEC-ADD-50U").check()
    client.press("Surrender")
    client.tell("is surrendered")
    lab.clock.advance(hours=7)
    server.sign_in_again()
    server.go(addresses.SUMMARY)
    expect(server.page.get_by_role("row", name="CONSEC-ADD-50U")).to_contain_text("BRANCH")

    client.sign_in_again()
    client.go(addresses.SUMMARY)
    client.page.get_by_role("checkbox", name="CONSEC-ADD-50U").check()
    client.press("Recall")
    client.tell("is recalled")


@pytest.mark.rule("VLS-03")
@pytest.mark.rule("VLS-04")
def test_a_virtual_license_server_downloads_its_keys_and_then_configures_clients(desks: Desks, lab: Lab) -> None:
    desk = desks.at("vls", script=False)
    desk.go(addresses.DOWNLOADS)
    assert desk.page.get_by_role("link", name="Configure Clients").count() == 0

    desk.page.get_by_label("Authentication code").fill("Zz99-Zz99-Zz99-Zz99")
    desk.press("Download and Install")
    desk.tell("The download center says: ")
    desk.page.get_by_label("Authentication code").fill(CODE)
    desk.press("Download and Install")
    desk.tell("LICENSE-SVR is installed.")

    desk.page.get_by_role("link", name="Configure Clients").click()
    desk.page.get_by_label("Enable Licensing server").check()
    desk.press("Save Changes")
    desk.tell("The settings are saved.")
    assert lab["vls"].report().server.enabled

    desk.go(addresses.SUMMARY)
    desk.page.get_by_label("Licenses applicable for specific platform groups").select_option("VA-SPE devices")
    desk.press("Show")
    expect(desk.page.get_by_role("row", name=re.compile("concurrent-users PCS"))).to_contain_text("1000")


@pytest.mark.rule("GAT-04")
def test_a_gateway_that_becomes_a_license_server_loses_windows_at_once_and_gets_them_back(desks: Desks) -> None:
    desk = desks.at("spare")
    menu = desk.page.get_by_role("navigation", name="Main menu")
    expect(menu.get_by_role("link", name="Clustering")).to_be_visible()

    for act, count in (("check", 0), ("uncheck", 1)):
        desk.go(addresses.CLIENTS)
        getattr(desk.page.get_by_label("Enable Licensing server"), act)()
        desk.press("Save Changes")
        desk.tell("The settings are saved.")
        assert menu.get_by_role("link", name="Clustering").count() == count
        assert desk.go(CLUSTERING) == (200 if count else 403)


def test_users_are_signed_out_from_the_table(desks: Desks, lab: Lab) -> None:
    desk = desks.at("east")
    desk.go(ACTIVE_USERS)
    desk.page.get_by_role("checkbox", name="user3", exact=True).check()
    desk.press("Delete Session")
    desk.tell("1 session ended.")

    expect(desk.page.get_by_role("row", name="user3")).to_have_count(0)
    assert lab["east"].users.count == 11


def test_the_log_is_filtered(desks: Desks) -> None:
    desk = desks.at("server")
    desk.go(EVENTS)
    desk.page.get_by_label("Severity").select_option("Major")
    desk.page.get_by_label("Text or code").fill("LIC30502")
    desk.press("Filter")

    lines = desk.page.locator(".log li")
    expect(lines.first).to_contain_text("registered with machine ID")
    assert {line.partition(" ")[0] for line in lines.all_inner_texts()} == {"Major"}


def test_a_configuration_is_exported_and_imported_elsewhere(desks: Desks, lab: Lab, tmp_path: Path) -> None:
    first, second = desks.at("spare"), desks.at("vls")
    first.go("/dana-admin/system/network/internal-port/settings.cgi")
    first.page.get_by_label("DNS domains").fill("exported.example")
    first.press("Save Changes")
    first.tell("The settings of the internal port are saved.")
    first.go(addresses.TRANSFER)
    section = first.page.locator("section", has_text="Export").first
    section.get_by_label("Password", exact=True).fill("sealed with this")
    section.get_by_label("Confirm password").fill("sealed with this")
    with first.page.expect_download() as download:
        first.press("Save Config As...")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "spare-system.cfg"

    second.go(addresses.TRANSFER)
    second.page.get_by_label("Configuration file").set_input_files(file)
    second.page.get_by_label("Password of the file").fill("sealed with this")
    for name in ("License server", "License client", "Downloads", "Licenses"):
        second.page.get_by_label(name, exact=True).uncheck()
    second.press("Import Config")
    second.tell("Imported network: 1 changes.")

    second.go("/dana-admin/system/network/internal-port/settings.cgi")
    expect(second.page.get_by_label("DNS domains")).to_have_value("exported.example")


def test_a_device_is_rebooted_and_asks_for_a_sign_in_again(desks: Desks, lab: Lab) -> None:
    desk = desks.at("spare")
    before = len([event for _, _, event in lab["spare"].history() if event["type"] == "Booted"])
    desk.go(addresses.PLATFORM)
    desk.press("Reboot...")
    desk.press("Reboot")
    expect(desk.page.get_by_role("status")).to_contain_text("The device is rebooting.")

    lab["spare"].console.expect("Licensing Hardware ID")
    desk.go(addresses.HOME)
    expect(desk.page.get_by_role("alert")).to_contain_text("Your session has ended.")
    assert len([event for _, _, event in lab["spare"].history() if event["type"] == "Booted"]) == before + 1


def test_a_device_is_shut_down(desks: Desks, lab: Lab) -> None:
    desk = desks.at("idle")
    desk.go(addresses.PLATFORM)
    desk.press("Shut Down...")
    desk.press("Shut Down")
    expect(desk.page.get_by_role("status")).to_contain_text("The device is shutting down.")

    deadline = time.monotonic() + PATIENCE_MS / 1_000
    while lab["idle"].phase == "ready" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert lab["idle"].phase != "ready"


def test_on_a_narrow_screen_the_menu_opens_on_request_without_javascript(desks: Desks) -> None:
    desk = desks.at("branch", script=False)
    desk.page.set_viewport_size({"width": 600, "height": 860})
    menu = desk.page.get_by_role("navigation", name="Main menu")
    expect(menu).to_be_hidden()

    desk.page.get_by_label("Menu", exact=True).check()

    expect(menu).to_be_visible()
    menu.get_by_role("link", name="Clustering").click()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Clustering")
