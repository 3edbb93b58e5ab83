"""Debian's Chromium as the tests of pages drive it."""

from playwright.sync_api import Browser, Error, Page, Playwright, Response

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
PASSING = ("ERR_NETWORK_CHANGED", 'interrupted by another navigation to "chrome-error')
"""What Chromium says when a network interface comes or goes, and of the visit that follows too soon."""

VISITS = 20
PAUSE_MS = 250


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)


def visit(page: Page, url: str) -> Response | None:
    """Go to an address; again where Chromium gives up because other tests make networks for containers meanwhile."""
    for _ in range(VISITS - 1):
        try:
            return page.goto(url)
        except Error as error:
            if not any(one in error.message for one in PASSING):
                raise
            page.wait_for_timeout(PAUSE_MS)
    return page.goto(url)
