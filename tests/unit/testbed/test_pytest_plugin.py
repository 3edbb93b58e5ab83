"""The pytest plugin, in test runs of its own."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree as ET

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
    pytester.makeini("[pytest]\naddopts = --strict-markers -ra -p no:cacheprovider -p no:asyncio")
    if not entry_points(group="pytest11", name="leaselab"):
        pytester.plugins = ["leaselab.testbed.pytest_plugin"]
    return pytester


def test_loading_the_plugin_loads_nothing_of_a_lab() -> None:
    code = "import sys, leaselab.testbed.pytest_plugin; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert set(answer.stdout.split()) & HEAVY == set()


def test_the_marker_and_the_options_are_registered(inner: pytest.Pytester) -> None:
    inner.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.lab(file, *, scope='function'*"])
    options = ("runtime", "set", "timeout", "artifacts", "keep")
    inner.runpytest("--help").stdout.fnmatch_lines_random([f"*--leaselab-{option}*" for option in options])


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--leaselab-runtime", "vm"], "*--leaselab-runtime: 'vm' is none of embedded, process*"),
        (["--leaselab-set", "USERS"], "*--leaselab-set: 'USERS' is not NAME=VALUE*"),
    ],
)
def test_an_option_that_makes_no_sense_ends_the_run_before_any_test(
    inner: pytest.Pytester, options: list[str], message: str
) -> None:
    inner.makepyfile("def test_it(): pass")

    result = inner.runpytest(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_a_variable_that_makes_no_sense_is_answered_in_words(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEASELAB_TIMEOUT", "soon")
    inner.makepyfile("def test_it(): pass")

    result = inner.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--leaselab-timeout: invalid float value: 'soon'*"])


@pytest.mark.parametrize(("value", "kept"), [("1", True), ("yes", True), ("0", False), ("false", False), ("", False)])
def test_the_variable_to_keep_labs_can_say_no(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, value: str, kept: bool
) -> None:
    monkeypatch.setenv("LEASELAB_KEEP", value)

    assert inner.parseconfig().getoption("--leaselab-keep") is kept


@pytest.mark.parametrize("asked", ["marker", "option", "variable"])
def test_a_test_runs_on_each_runtime_that_is_asked_for(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    marker = ", runtime=('embedded', 'process')" if asked == "marker" else ""
    options = ["--leaselab-runtime=embedded", "--leaselab-runtime=process"] if asked == "option" else []
    if asked == "variable":
        monkeypatch.setenv("LEASELAB_RUNTIME", "embedded,process")
    inner.makepyfile(
        f"""
        import pytest

        @pytest.mark.lab("small.yml"{marker})
        def test_it(lab, leaselab_runtime):
            assert lab.status().runtime == leaselab_runtime
        """
    )

    result = inner.runpytest_subprocess("-v", *options)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_it?embedded? PASSED*", "*test_it?process? PASSED*"])


def test_a_value_may_come_from_an_option_and_the_marker_wins(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.lab("small.yml")
        def test_by_option(lab):
            assert lab["gw1"].users.count == 2

        @pytest.mark.lab("small.yml", USERS=3)
        def test_by_marker(lab):
            assert lab["gw1"].users.count == 3
        """
    )

    inner.runpytest_subprocess("--leaselab-set=USERS=2").assert_outcomes(passed=2)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "with workers"])
def test_a_failed_tests_lab_is_kept_as_files_where_a_folder_is_named(
    inner: pytest.Pytester, workers: list[str]
) -> None:
    inner.makepyfile(
        test_story="""
        import pytest

        @pytest.mark.lab("small.yml")
        def test_it(lab):
            assert lab["gw1"].users.count == 99

        @pytest.mark.lab("small.yml")
        def test_that_passes(lab):
            pass
        """
    )
    folder = inner.path / "kept"

    result = inner.runpytest_subprocess(f"--leaselab-artifacts={folder}", *workers)

    result.assert_outcomes(failed=1, passed=1)
    assert [path.name for path in folder.iterdir()] == ["test_story.py-test_it"]
    kept = {path.name: path.read_text() for path in (folder / "test_story.py-test_it").iterdir()}
    files = {"events.jsonl", "appliances.log", "status.json", "topology.yml", "timeline.html", "console-gw1.txt"}
    assert set(kept) == files
    assert "<title>small" in kept["timeline.html"]
    assert "LIC10201" in kept["appliances.log"]
    assert '"kind":"users"' in kept["events.jsonl"]
    assert kept["topology.yml"] == SMALL_LAB
    assert "view or update your appliance settings" in kept["console-gw1.txt"]


def test_a_junit_report_says_which_lab_a_test_had(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.lab("small.yml")
        def test_it(lab):
            pass
        """
    )

    inner.runpytest_subprocess("--junitxml=report.xml").assert_outcomes(passed=1)

    found = ET.parse(inner.path / "report.xml").iterfind(".//testcase/properties/property")
    properties = {each.get("name"): each.get("value") for each in found}
    assert properties["leaselab_runtime"] == "embedded"
    assert properties["leaselab_topology"] == str(inner.path / "small.yml")
    assert (properties["leaselab_lab"] or "").startswith("small-")


def test_a_lab_that_did_not_come_up_fails_one_test_and_the_others_that_depend_on_it_are_skipped(
    inner: pytest.Pytester,
) -> None:
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

    result.assert_outcomes(errors=1, skipped=1)
    result.stdout.fnmatch_lines(["*the lab of *broken.yml did not come up: *psa9*"])
    result.stdout.fnmatch_lines(["SKIPPED*first tried by *::test_one*"])


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


@pytest.mark.timeout(600)  # as many interpreters as workers, on a machine that may be busy
def test_workers_of_xdist_do_not_meet(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        @pytest.mark.lab("small.yml")
        @pytest.mark.parametrize("number", range(16))
        def test_it(lab, number):
            assert lab["gw1"].users.count == 1
        """
    )

    inner.runpytest_subprocess("-n", "16", "-rs").assert_outcomes(passed=16)
    assert all_labs() == []


def test_the_page_has_every_option_with_its_variable_and_every_keyword_of_the_marker() -> None:
    page = (Path(__file__).parents[3] / "docs" / "pytest.md").read_text()

    for option in ("runtime", "set", "timeout", "artifacts", "keep"):
        assert f"`--leaselab-{option}" in page
        assert f"`LEASELAB_{option.upper()}`" in page
    for keyword in ("scope", "runtime", "timeout"):
        assert f"| `{keyword}` |" in page
