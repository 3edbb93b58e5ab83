"""What every test shares: how a test says which parts of the system it drives."""

import gc
import os
import shutil
import sys
import warnings
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A shared machine may be slow, and a run says of a change what the next run will say: the same examples, no asserted
# times. `--hypothesis-profile=default` hunts for others.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

PARTS = {
    "chromium": "chromium",
    "dockerd": "docker.io",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "sqlite3": "sqlite3",
}
"""Program to the Debian package that brings it; `.ci/run` installs the same ones."""

OF_OUR_OWN = {"sslyze": "./run audit", "ssh-audit": "./run setup"}
"""Program to what brings it where that is no Debian package."""

ENGINE = "docker"
"""The part that is no program: a container engine that answers, by Docker's interface, and has our image."""

_ROOT = Path(__file__).parents[1]
SEARCH_PATH = os.pathsep.join(
    [
        os.environ.get("PATH", os.defpath),
        "/usr/sbin",  # Debian keeps sshd where a normal user's path does not look
        "/sbin",
        str(Path(sys.executable).parent),
        str(_ROOT / ".venv-audit" / "bin"),
    ]
)


@cache
def why_no_engine() -> str:
    """Return why containers cannot be run here, or nothing. Asked once a process."""
    from leaselab.testbed.containers.engine import Engine
    from leaselab.testbed.containers.images import current_image
    from leaselab.testbed.errors import EngineError

    try:
        engine = Engine.connect()
    except EngineError as error:
        return error.message
    try:
        current_image(engine)
    except EngineError as error:
        return error.message
    finally:
        engine.close()
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep Chromium and container engines in one worker: Chromium gives up a page when the machine gets a network."""
    for item in items:
        if {"chromium", ENGINE} & {part for marker in item.iter_markers("needs") for part in marker.args}:
            item.add_marker(pytest.mark.xdist_group("networks"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Bury what the SDK leaves unclosed where an engine does not answer, lest a later test be blamed for it."""
    yield
    if any(ENGINE in marker.args for marker in item.iter_markers("needs")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose parts are missing, and say which; under LEASELAB_REQUIRE_ALL=1 that is a failure."""
    wanted = [part for marker in item.iter_markers("needs") for part in marker.args]
    programs = [part for part in wanted if part != ENGINE]
    missing = [part for part in programs if shutil.which(part, path=SEARCH_PATH) is None]
    if missing:
        packages = " ".join(dict.fromkeys(PARTS.get(part, part) for part in missing if part not in OF_OUR_OWN))
        calls = [OF_OUR_OWN[part] for part in missing if part in OF_OUR_OWN]
        hint = "; ".join([*([f"Debian: apt-get install {packages}"] if packages else []), *calls])
        reason = f"not installed: {', '.join(missing)} ({hint})"
    elif ENGINE in wanted and why_no_engine():
        reason = f"{why_no_engine()} (`eval $(.ci/engine start)` starts one and builds the image)"
    else:
        return
    if os.environ.get("LEASELAB_REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
