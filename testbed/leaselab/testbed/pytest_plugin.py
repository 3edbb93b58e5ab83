"""The pytest plugin: ``lab`` from ``@pytest.mark.lab(FILE)``, and what the lab has to say when a test fails.

.. code-block:: python

    @pytest.mark.lab("topologies/quickstart.yml", scope="module", users=50)
    def test_a_gateway_leases_what_it_needs(lab: Lab) -> None:
        assert lab["gw1"].leased("concurrent-users") == 50

Every pytest run on a machine that has leaselab loads this module, so it imports nothing of a lab until one is asked
for.
"""

import itertools
import os
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from leaselab.testbed.lab import Lab

RUNTIMES: Final = ("embedded", "process")
SCOPES: Final = ("function", "module", "session")
MARKER: Final = (
    "lab(file, *, scope='function', runtime=None, timeout=60, **variables): bring this topology up for the `lab` "
    "fixture; scope is function, module or session, other keywords are values for the file's ${NAME}"
)
MOST_LINES: Final = 200
"""Of each report section: the last words matter, and those of a simulated year fill a disk."""

_numbers: Final = itertools.count(1)


@dataclass(frozen=True)
class Wish:
    """What a marker asks for. Tests of one scope with equal wishes share a lab."""

    file: Path
    scope: str
    runtime: str
    timeout: float
    variables: tuple[tuple[str, str], ...]


LAB: Final = pytest.StashKey["Lab"]()
"""Of a test: its lab."""

FAILED: Final = pytest.StashKey[bool]()
"""Of a test, and of a module or session with a lab: whether the lab was used by a test that failed."""

SHARED: Final = pytest.StashKey[dict[Wish, "Lab | str"]]()
"""Of a module or session: its labs, or why one did not come up."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ``--leaselab-…`` options."""
    group = parser.getgroup("leaselab", "emulated license servers and gateways")
    group.addoption(
        "--leaselab-runtime",
        choices=RUNTIMES,
        default=os.environ.get("LEASELAB_RUNTIME", RUNTIMES[0]),
        help="how nodes run where the marker does not say (default: $LEASELAB_RUNTIME, or embedded)",
    )
    group.addoption(
        "--leaselab-keep",
        action="store_true",
        default=bool(os.environ.get("LEASELAB_KEEP")),
        help="leave the labs of failed tests up, to look into them with the `leaselab` command",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> "Iterator[Lab]":
    """Bring up the lab that the test's ``lab`` marker describes, or share the one of its module or session."""
    wish = _wish(request)
    if wish.scope != "function":
        owner = request.session if wish.scope == "session" else request.node.getparent(pytest.Module)
        request.node.stash[LAB] = _shared(owner, wish)
        yield request.node.stash[LAB]
        if FAILED in request.node.stash:
            owner.stash[FAILED] = True
        return
    request.node.stash[LAB] = _bring_up(request.config, wish)
    yield request.node.stash[LAB]
    _put_away(request.node, request.node.stash[LAB])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach what the lab saw to the report of a test that failed."""
    report = yield
    used = item.stash.get(LAB, None)
    if used is not None and report.failed and report.when != "teardown":
        item.stash[FAILED] = True
        report.sections.extend(sections(used))
        if item.config.getoption("--leaselab-keep"):
            words = f"{used.name} stays up: `leaselab status {used.name}`, then `leaselab down {used.name}`"
            report.sections.append(("leaselab", words))
    return report


def sections(lab: "Lab") -> list[tuple[str, str]]:
    """Return report sections: what the testbed did, what the appliances logged, what stands on their consoles."""
    from leaselab.testbed.cli.events import event_line

    sources: dict[str, Callable[[], Iterable[str]]] = {
        "leaselab events": lambda: map(event_line, lab.events()),
        "leaselab appliance logs": lambda: (f"{line.node}  {line.text}" for line in lab.logs()),
    }
    for status in lab.status().nodes:
        if status.kind != "cloud":
            sources[f"leaselab console of {status.name}"] = partial(_screen, lab, status.name)
    told = ((title, _told(source)) for title, source in sources.items())
    return [(title, text) for title, text in told if text.strip()]


def _screen(lab: "Lab", node: str) -> list[str]:
    text: str = lab[node].request({"do": "screen"})["text"]
    return text.rstrip().splitlines()


def _told(source: Callable[[], Iterable[str]]) -> str:
    """Return the last lines of a source; a lab that broke down must not hide the failure it is asked about."""
    from leaselab.testbed.errors import LeaselabError

    try:
        return "\n".join(deque(source(), maxlen=MOST_LINES))
    except LeaselabError as error:
        return f"not to be had: {error}"


def _wish(request: pytest.FixtureRequest) -> Wish:
    """Read the marker nearest to the test."""
    marker = request.node.get_closest_marker("lab")
    if marker is None or len(marker.args) != 1:
        pytest.fail("the `lab` fixture wants a topology: mark the test @pytest.mark.lab(FILE)", pytrace=False)
    wanted: dict[str, Any] = dict(marker.kwargs)
    scope = wanted.pop("scope", "function")
    runtime = wanted.pop("runtime", None) or request.config.getoption("--leaselab-runtime")
    for name, value, known in (("scope", scope, SCOPES), ("runtime", runtime, RUNTIMES)):
        if value not in known:
            pytest.fail(f"@pytest.mark.lab: {name} {value!r} is none of {', '.join(known)}", pytrace=False)
    return Wish(
        file=_found(request, Path(marker.args[0])),
        scope=scope,
        runtime=runtime,
        timeout=wanted.pop("timeout", 60),
        variables=tuple((name, str(value)) for name, value in sorted(wanted.items())),
    )


def _found(request: pytest.FixtureRequest, file: Path) -> Path:
    """Look for a topology beside the test, then from the root folder of the tests."""
    folders = (request.node.path.parent, request.config.rootpath)
    for folder in folders:
        if (folder / file).is_file():
            return folder / file
    looked = " and in ".join(dict.fromkeys(map(str, folders)))
    pytest.fail(f"@pytest.mark.lab: there is no {file} in {looked}", pytrace=False)


def _shared(owner: pytest.Collector, wish: Wish) -> "Lab":
    """Return the lab of a module or session. One that did not come up is not tried again for each test."""
    shared = owner.stash.setdefault(SHARED, {})
    if wish not in shared:
        try:
            shared[wish] = lab = _bring_up(owner.config, wish)
        except pytest.fail.Exception as failure:
            shared[wish] = str(failure)
            raise
        owner.addfinalizer(partial(_put_away, owner, lab))
    found = shared[wish]
    if isinstance(found, str):
        pytest.fail(found, pytrace=False)
    return found


def _bring_up(config: pytest.Config, wish: Wish) -> "Lab":
    from leaselab.testbed.errors import LeaselabError
    from leaselab.testbed.lab import Lab

    try:
        return Lab.up(
            wish.file,
            name=_unique_name(wish.file),
            runtime=wish.runtime,
            variables=dict(wish.variables),
            timeout=wish.timeout,
            background=bool(config.getoption("--leaselab-keep")),
        )
    except LeaselabError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        pytest.fail(f"the lab of {wish.file} did not come up: {error}{hint}", pytrace=False)


def _put_away(owner: pytest.Item | pytest.Collector, lab: "Lab") -> None:
    """Take a lab down, unless a test that used it failed and it is to be kept."""
    if not (owner.config.getoption("--leaselab-keep") and owner.stash.get(FAILED, False)):
        lab.down()


def _unique_name(file: Path) -> str:
    """Return a name that no other test, worker or run on this machine uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    stem = re.sub(r"[^A-Za-z0-9_-]", "-", file.stem).lstrip("-_")[:30] or "lab"
    return f"{stem}-{worker}-{os.getpid()}-{next(_numbers)}"
