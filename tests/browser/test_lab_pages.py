"""`leaselab web` in Chromium, from the address it prints to the lab that has changed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright
from tests.browser.chromium import launch, visit

from leaselab.testbed.lab import Lab

pytestmark = pytest.mark.needs("chromium")

QUICKSTART = Path(__file__).parents[2] / "topologies" / "quickstart.yml"
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The quickstart, up in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASELAB_HOME", str(tmp_path_factory.mktemp("home")))
        with Lab.up(QUICKSTART, name="shown") as running:
            yield running


@pytest.fixture(scope="module")
def address(lab: Lab) -> Iterator[str]:
    """What `leaselab web` prints."""
    command = [sys.executable, "-m", "leaselab.testbed.cli", "web"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=30) == 130


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    """A page of a browser that was sent to the labs; the browser ends with the module."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        visit(page, address)
        yield page
        browser.close()


def go(page: Page, path: str) -> None:
    visit(page, page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + path)


def test_all_labs_are_listed_and_one_is_opened(page: Page) -> None:
    go(page, "/")
    page.get_by_role("link", name="shown").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("shown")
    expect(page.locator(".map svg")).to_contain_text("50 leased of 200")


def test_the_clock_is_moved_and_leases_are_renewed(page: Page, lab: Lab) -> None:
    go(page, "/labs/shown")
    before = lab.clock.now

    page.get_by_role("button", name="+1d").click()

    expect(page.get_by_role("status")).to_contain_text("The clock went on by 1d")
    assert lab.clock.now == before + 24 * 3600 * 1000


def test_a_duration_that_is_none_is_answered_in_words(page: Page) -> None:
    go(page, "/labs/shown")
    page.get_by_label("Advance by").fill("soon")
    page.get_by_role("button", name="Go").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The lab says no")
    expect(page.locator("main")).to_contain_text("soon")


def test_users_are_signed_in_and_the_page_keeps_itself_fresh(page: Page, lab: Lab) -> None:
    go(page, "/labs/shown/nodes/gw1")
    page.get_by_label("Users signed in").fill("75")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_role("status")).to_contain_text("75 are signed in at gw1")

    lab["gw1"].users.set(10)

    row = page.locator('[data-live="counts"] tr', has_text="concurrent-users")
    expect(row.locator("td").first).to_have_text("10")


def test_what_is_typed_reaches_the_serial_console(page: Page) -> None:
    go(page, "/labs/shown/nodes/gw2")
    page.get_by_role("button", name="Enter").click()

    expect(page.locator('[data-live="screen"]')).to_contain_text("System Operations")


def test_a_node_is_switched_off_and_on(page: Page, lab: Lab) -> None:
    go(page, "/labs/shown/nodes/nac1")
    page.get_by_role("button", name="Kill").click()
    expect(page.locator("h1 .state")).to_have_text("off")
    assert lab["nac1"].phase == "off"

    page.get_by_role("button", name="Start").click()
    expect(page.locator("h1 .state")).to_have_text("ready")


@pytest.mark.parametrize("path", ["/", "/labs/shown", "/labs/shown/nodes/gw1", "/labs/absent"])
def test_nothing_on_a_page_is_in_the_way_of_keyboard_or_screen_reader(page: Page, path: str) -> None:
    go(page, path)

    found = Axe().run(page)

    assert [each["id"] for each in found.response["violations"] if each["impact"] in ("serious", "critical")] == []


def test_without_the_token_there_is_nothing_to_see(address: str, page: Page) -> None:
    stranger = page.context.browser
    assert stranger is not None
    other = stranger.new_context().new_page()
    answer = visit(other, address.partition("?")[0])

    assert answer is not None
    assert answer.status == 403
