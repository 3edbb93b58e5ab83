"""What every test shares: how a test says which parts of the system it drives."""

import os
import shutil

import pytest

PARTS = {
    "chromium": "chromium",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "sqlite3": "sqlite3",
}
"""Program to the Debian package that brings it; `.ci/run` installs the same ones."""

SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
"""Debian keeps sshd where a normal user's path does not look."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose parts are missing, and say which; under LEASELAB_REQUIRE_ALL=1 that is a failure."""
    wanted = [part for marker in item.iter_markers("needs") for part in marker.args]
    missing = [part for part in wanted if shutil.which(part, path=SEARCH_PATH) is None]
    if not missing:
        return
    packages = " ".join(dict.fromkeys(PARTS.get(part, part) for part in missing))
    reason = f"not installed: {', '.join(missing)} (Debian: apt-get install {packages})"
    if os.environ.get("LEASELAB_REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
