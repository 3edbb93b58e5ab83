"""The pytest plugin: ``lab`` from ``@pytest.mark.lab(FILE)``, and what the lab has to say when a test fails.

.. code-block:: python

    @pytest.mark.lab("topologies/quickstart.yml", scope="module", USERS=50)
    def test_a_gateway_leases_what_it_needs(lab: Lab) -> None:
        assert lab["gw1"].leased("concurrent-users") == 50

Every pytest run on a machine that has leaselab loads this module, so it imports nothing of a lab until one is asked
for.
"""

import itertools
import os
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from leaselab.testbed.runtimes import RUNTIMES

if TYPE_CHECKING:
    from leaselab.testbed.lab import Lab

SCOPES: Final = ("function", "module", "session")
MARKER: Final = (
    "lab(file, *, scope='function', runtime=None, timeout=None, **variables): bring this topology up for the `lab` "
    "fixture; scope is function, module or session, runtime one name or several to run the test on each, other "
    "keywords are values for the file's ${NAME}"
)
TIMEOUT_SECONDS: Final = 60.0
"""For a lab to come up, where neither marker nor option says."""

_numbers: Final = itertools.count(1)


@dataclass(frozen=True)
class Wish:
    """What a marker asks for. Tests of one scope with equal wishes share a lab."""

    file: Path
    scope: str
    runtime: str
    timeout: float
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Broken:
    """A lab that did not come up: why, and for which test first."""

    why: str
    test: str


LAB: Final = pytest.StashKey["Lab"]()
"""Of a test: its lab."""

FAILED: Final = pytest.StashKey[bool]()
"""Of a test, and of a module or session with a lab: whether the lab was used by a test that failed."""

SHARED: Final = pytest.StashKey[dict[Wish, "Lab | Broken"]]()
"""Of a module or session: its labs, and those that did not come up."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ``--leaselab-…`` options. Each is a variable too; what is typed wins."""
    group = parser.getgroup("leaselab", "emulated license servers and gateways")
    group.addoption(
        "--leaselab-runtime",
        action="append",
        metavar="NAME",
        help=f"how nodes run where the marker does not say: {', '.join(RUNTIMES)}; given several times, tests run on "
        "each ($LEASELAB_RUNTIME, comma-separated)",
    )
    group.addoption(
        "--leaselab-set",
        action="append",
        metavar="NAME=VALUE",
        help="a value for ${NAME} of the labs' files, where the marker has none; may be repeated ($LEASELAB_SET)",
    )
    group.addoption(
        "--leaselab-timeout",
        type=float,
        default=os.environ.get("LEASELAB_TIMEOUT") or TIMEOUT_SECONDS,
        metavar="SECONDS",
        help=f"for a lab to come up, where the marker does not say ($LEASELAB_TIMEOUT, or {TIMEOUT_SECONDS:g})",
    )
    group.addoption(
        "--leaselab-artifacts",
        default=os.environ.get("LEASELAB_ARTIFACTS"),
        metavar="FOLDER",
        help="keep events, logs, consoles and status of a failed test's lab there ($LEASELAB_ARTIFACTS)",
    )
    group.addoption(
        "--leaselab-keep",
        action="store_true",
        default=os.environ.get("LEASELAB_KEEP", "0").lower() not in {"", "0", "false", "no", "off"},
        help="leave the labs of failed tests up, to look into them with the `leaselab` command ($LEASELAB_KEEP)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and refuse options that make no sense before any test runs."""
    config.addinivalue_line("markers", MARKER)
    unknown = [name for name in _runtimes(config) if name not in RUNTIMES]
    if unknown:
        raise pytest.UsageError(f"--leaselab-runtime: {unknown[0]!r} is none of {', '.join(RUNTIMES)}")
    _settings(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with a lab on each runtime, where several are asked for."""
    if "leaselab_runtime" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("lab")
    asked = marker.kwargs.get("runtime") if marker else None
    runtimes = _runtimes(metafunc.config) if asked is None else [asked] if isinstance(asked, str) else list(asked)
    if len(runtimes) > 1:
        metafunc.parametrize("leaselab_runtime", runtimes)


@pytest.fixture
def leaselab_runtime(request: pytest.FixtureRequest) -> str:
    """Return how the nodes of this test's lab run."""
    marker = request.node.get_closest_marker("lab")
    asked = marker.kwargs.get("runtime") if marker else None
    return asked if isinstance(asked, str) else (asked or _runtimes(request.config))[0]


@pytest.fixture
def lab(request: pytest.FixtureRequest, leaselab_runtime: str) -> "Iterator[Lab]":
    """Bring up the lab that the test's ``lab`` marker describes, or share the one of its module or session."""
    wish = _wish(request, leaselab_runtime)
    shares = wish.scope != "function"
    owner = _owner(request, wish.scope)
    used = _shared(request, owner, wish) if shares else _bring_up(request.config, wish)
    request.node.stash[LAB] = used
    request.node.user_properties += [
        ("leaselab_lab", used.name),
        ("leaselab_topology", str(wish.file)),
        ("leaselab_runtime", wish.runtime),
    ]
    yield used
    if shares and FAILED in request.node.stash:
        owner.stash[FAILED] = True
    if not shares:
        _put_away(request.node, used)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach what the lab saw to the report of a test that failed; keep it as files where a folder is named."""
    report = yield
    used = item.stash.get(LAB, None)
    if used is not None and report.failed and report.when != "teardown":
        from leaselab.testbed import evidence

        item.stash[FAILED] = True
        report.sections.extend(evidence.sections(used))
        kept = item.config.getoption("--leaselab-artifacts")
        if kept:
            folder = Path(kept) / re.sub(r"[^\w.-]+", "-", item.nodeid)
            evidence.keep(used, folder)
            report.sections.append(("leaselab artifacts", str(folder)))
        if item.config.getoption("--leaselab-keep"):
            words = f"{used.name} stays up: `leaselab status {used.name}`, then `leaselab down {used.name}`"
            report.sections.append(("leaselab", words))
    return report


def _runtimes(config: pytest.Config) -> list[str]:
    """Return the runtimes that options or environment name, or the default."""
    typed: list[str] = config.getoption("--leaselab-runtime") or [os.environ.get("LEASELAB_RUNTIME", "")]
    return [name for word in typed for name in word.split(",") if name] or [RUNTIMES[0]]


def _settings(config: pytest.Config) -> dict[str, str]:
    """Return the variables that options or environment set."""
    typed: list[str] = config.getoption("--leaselab-set") or os.environ.get("LEASELAB_SET", "").split()
    pairs = [word.partition("=") for word in typed]
    for name, equals, value in pairs:
        if not (name and equals):
            raise pytest.UsageError(f"--leaselab-set: {name + equals + value!r} is not NAME=VALUE")
    return {name: value for name, _equals, value in pairs}


def _wish(request: pytest.FixtureRequest, runtime: str) -> Wish:
    """Read the marker nearest to the test."""
    marker = request.node.get_closest_marker("lab")
    if marker is None or len(marker.args) != 1:
        pytest.fail("the `lab` fixture wants a topology: mark the test @pytest.mark.lab(FILE)", pytrace=False)
    wanted: dict[str, Any] = dict(marker.kwargs)
    wanted.pop("runtime", None)
    scope = wanted.pop("scope", "function")
    for name, value, known in (("scope", scope, SCOPES), ("runtime", runtime, RUNTIMES)):
        if value not in known:
            pytest.fail(f"@pytest.mark.lab: {name} {value!r} is none of {', '.join(known)}", pytrace=False)
    timeout = wanted.pop("timeout", None) or request.config.getoption("--leaselab-timeout")
    variables = _settings(request.config) | {name: str(value) for name, value in wanted.items()}
    return Wish(
        file=_found(request, Path(marker.args[0])),
        scope=scope,
        runtime=runtime,
        timeout=timeout,
        variables=tuple(sorted(variables.items())),
    )


def _found(request: pytest.FixtureRequest, file: Path) -> Path:
    """Look for a topology beside the test, then from the root folder of the tests."""
    folders = (request.node.path.parent, request.config.rootpath)
    for folder in folders:
        if (folder / file).is_file():
            return folder / file
    looked = " and in ".join(dict.fromkeys(map(str, folders)))
    pytest.fail(f"@pytest.mark.lab: there is no {file} in {looked}", pytrace=False)


def _owner(request: pytest.FixtureRequest, scope: str) -> Any:
    """Return whose lab it is: the test's own, its module's, or the session's."""
    if scope == "session":
        return request.session
    return request.node.getparent(pytest.Module) if scope == "module" else request.node


def _shared(request: pytest.FixtureRequest, owner: pytest.Collector, wish: Wish) -> "Lab":
    """Return the lab of a module or session. If it did not come up, the first test says why and the others skip."""
    shared = owner.stash.setdefault(SHARED, {})
    if wish not in shared:
        try:
            shared[wish] = lab = _bring_up(owner.config, wish)
        except pytest.fail.Exception as failure:
            shared[wish] = Broken(why=str(failure).splitlines()[0], test=request.node.nodeid)
            raise
        owner.addfinalizer(partial(_put_away, owner, lab))
    found = shared[wish]
    if isinstance(found, Broken):
        pytest.skip(f"{found.why} (first tried by {found.test})")
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
