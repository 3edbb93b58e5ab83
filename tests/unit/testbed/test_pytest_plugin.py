"""The pytest plugin, in test runs of its own."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from leaselab.testbed.labs import all_labs

pytest_plugins = ["pytester"]

HEAVY = {"aiohttp", "asyncssh", "cryptography", "leaselab.appliance", "msgspec", "paramiko", "pydantic", "yaml"}

SMALL_LAB = """\
name: small
release: 8.3R1
nodes:
  gw1:
    kind: psa3000
    boot: {accept-license: true, virtual-license-server: false, admin: {name: admin, password: admin123}}
    licenses: [ACCESS-100U-1YR]
    users: ${USERS:-1}
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    """A folder with a small lab in it; labs of its runs live in a folder of their own."""
    monkeypatch.setenv("LEASELAB_HOME", str(tmp_path / "home"))
    (pytester.path / "small.yml").write_text(SMALL_LAB)
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider -p no:asyncio")
    if not entry_points(group="pytest11", name="leaselab"):
        pytester.plugins = ["leaselab.testbed.pytest_plugin"]
    return pytester


def test_loading_the_plugin_loads_nothing_of_a_lab() -> None:
    code = "import sys, leaselab.testbed.pytest_plugin; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert set(answer.stdout.split()) & HEAVY == set()


def test_the_marker_and_the_options_are_registered(inner: pytest.Pytester) -> None:
    inner.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.lab(file, *, scope='function'*"])
    inner.runpytest("--help").stdout.fnmatch_lines(["*--leaselab-runtime=*", "*--leaselab-keep*"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("", "*mark the test @pytest.mark.lab(FILE)*"),
        ("@pytest.mark.lab()", "*mark the test @pytest.mark.lab(FILE)*"),
        ("@pytest.mark.lab('absent.yml')", "*there is no absent.yml in *"),
        ("@pytest.mark.lab('small.yml', scope='class')", "*scope 'class' is none of function, module, session*"),
        ("@pytest.mark.lab('small.yml', runtime='vm')", "*runtime 'vm' is none of embedded, process*"),
    ],
)
def test_a_marker_that_makes_no_lab_is_answered_in_words(inner: pytest.Pytester, marker: str, message: str) -> None:
    inner.makepyfile(f"import pytest\n\n{marker}\ndef test_it(lab):\n    pass\n")

    result = inner.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_test_gets_the_lab_of_its_marker_and_it_is_gone_afterwards(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.lab("small.yml")
        def test_one_user_is_on(lab):
            assert lab["gw1"].users.count == 1
            assert lab.name.startswith("small-")
        """
    )

    inner.runpytest_subprocess().assert_outcomes(passed=1)
    assert all_labs() == []


def test_keywords_of_the_marker_are_variables_of_the_file(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.lab("small.yml", USERS=3)
        def test_three_users_are_on(lab):
            assert lab["gw1"].users.count == 3
        """
    )

    inner.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(("scope", "same"), [("function", False), ("module", True), ("session", True)])
def test_tests_of_one_scope_share_a_lab(inner: pytest.Pytester, scope: str, same: bool) -> None:
    inner.makepyfile(
        f"""
        import pytest

        pytestmark = pytest.mark.lab("small.yml", scope="{scope}")
        names = []

        def test_one(lab):
            names.append(lab.name)

        def test_two(lab):
            names.append(lab.name)
            assert (names[0] == names[1]) is {same}
        """
    )

    inner.runpytest_subprocess().assert_outcomes(passed=2)
    assert all_labs() == []


def test_a_session_shares_one_lab_over_its_modules_and_a_module_does_not(inner: pytest.Pytester) -> None:
    body = """
        import os, pytest

        @pytest.mark.lab("small.yml", scope="{scope}")
        def test_it(lab):
            print("LAB", lab.name)
        """
    for scope in ("session", "module"):
        for name in ("one", "two"):
            inner.makepyfile(**{f"test_{scope}_{name}": body.format(scope=scope)})

    lines = inner.runpytest_subprocess("-s").outlines
    names = [line.split("LAB ")[1].split()[0] for line in lines if "LAB " in line]

    assert len(names) == 4
    assert len(set(names)) == 3


def test_a_failure_brings_events_logs_and_consoles(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.lab("small.yml")
        def test_it(lab):
            assert lab["gw1"].users.count == 99
        """
    )

    result = inner.runpytest_subprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*- leaselab events -*", "*- leaselab appliance logs -*", "*LIC10201*", "*- leaselab console of gw1 -*"]
    )
    assert all_labs() == []


def test_a_lab_that_did_not_come_up_is_not_tried_for_each_test_of_the_module(inner: pytest.Pytester) -> None:
    (inner.path / "broken.yml").write_text("name: broken\nnodes: {gw1: {kind: psa9}}\n")
    inner.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.lab("broken.yml", scope="module")

        def test_one(lab): pass

        def test_two(lab): pass
        """
    )

    result = inner.runpytest_subprocess()

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*the lab of *broken.yml did not come up: *psa9*"])


def test_the_lab_of_a_failed_test_can_be_kept(inner: pytest.Pytester) -> None:
    from leaselab.testbed.lab import Lab

    inner.makepyfile(
        """
        import pytest

        @pytest.mark.lab("small.yml")
        def test_it(lab):
            assert False

        @pytest.mark.lab("small.yml")
        def test_another(lab):
            pass
        """
    )

    result = inner.runpytest_subprocess("--leaselab-keep")

    result.assert_outcomes(failed=1, passed=1)
    (kept,) = all_labs()
    try:
        assert kept.state == "up"
        result.stdout.fnmatch_lines([f"*{kept.name} stays up: `leaselab status {kept.name}`*"])
    finally:
        Lab.attach(kept.name).down()


def test_workers_of_xdist_do_not_meet(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.lab("small.yml")
        @pytest.mark.parametrize("number", range(4))
        def test_it(lab, number):
            assert lab["gw1"].users.count == 1
        """
    )

    inner.runpytest_subprocess("-n", "2").assert_outcomes(passed=4)
    assert all_labs() == []
