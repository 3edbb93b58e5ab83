"""The command line as a whole: its verbs, what they load, and how a wrong call is answered."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import leaselab.testbed.cli
from leaselab.appliance import __version__
from leaselab.testbed.cli import INTERRUPTED, main
from leaselab.testbed.cli.app import VERBS, load

ALL_VERBS = {name: verb for section in VERBS.values() for name, verb in section.items()}
HEAVY = {"aiohttp", "asyncssh", "cryptography", "paramiko", "pydantic_core", "rich", "starlette", "uvicorn", "yaml"}


def call(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "leaselab.testbed.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", ALL_VERBS)
def test_the_table_says_of_a_verb_what_the_verb_says_of_itself(name: str) -> None:
    assert (load(name).help or "").splitlines()[0] == ALL_VERBS[name].help


def test_every_module_of_the_package_is_a_verb_or_serves_verbs() -> None:
    modules = {path.stem for path in Path(inspect.getfile(leaselab.testbed.cli)).parent.glob("[a-z]*.py")}
    helpers = {"app", "choice", "options", "output", "progress", "tables", "terminal"}

    assert modules == helpers | {verb.module for verb in ALL_VERBS.values()}


@pytest.mark.parametrize("words", [["version"], ["--version"], ["--help"], ["labs"]])
def test_a_quick_verb_loads_no_heavy_library(words: list[str]) -> None:
    code = f"import sys; from leaselab.testbed.cli import main; main({words!r}); print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert set(answer.stdout.splitlines()[-1].split()) & HEAVY == set()


def test_help_of_every_verb_loads_no_heavy_library() -> None:
    loads = f"[load(verb) for verb in {list(ALL_VERBS)!r}]"
    code = f"import sys; from leaselab.testbed.cli.app import load; {loads}; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert set(answer.stdout.split()) & HEAVY == set()


def test_help_lists_every_verb_under_its_heading(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    text = capsys.readouterr().out
    for heading, verbs in VERBS.items():
        assert f"\n{heading}:\n" in text
        for name, verb in verbs.items():
            assert f"  {name} " in text
            assert verb.help in text


def test_no_word_at_all_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: leaselab")


def test_version_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == main(["--version"]) == main(["version", "--format", "json"]) == 0

    first, second, third = capsys.readouterr().out.splitlines()
    assert first == second == f"leaselab {__version__}"
    assert third.startswith(f'{{"version":"{__version__}","python":"3.')


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["stauts"], "there is no verb 'stauts'", "did you mean `leaselab status`?"),
        (["xyzzy"], "there is no verb 'xyzzy'", "`leaselab --help` lists the verbs"),
        (["labs", "--bogus"], "no such option", "`leaselab labs --help` shows how it is called"),
        (["time", "advance"], "missing argument 'duration'", "`leaselab time advance --help` shows how it is called"),
        (["version", "--format", "xml"], "invalid value for '--format'", "`leaselab version --help`"),
        (
            ["users", "gw1", "-1"],
            "-1 reads as an option; nothing that `leaselab users` takes is below 0",
            "`leaselab users --help`",
        ),
        (["license"], "`leaselab license` needs to be told what: add, download,", "`leaselab license --help`"),
        (
            ["inventory"],
            "missing argument '{ssh|ansible|prometheus}'. choose from: ssh, ansible,",
            "`leaselab inventory --help`",
        ),
    ],
)
def test_a_wrong_call_is_answered_with_one_error_and_a_hint(
    words: list[str], error: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2

    captured = capsys.readouterr()
    first, second = captured.err.splitlines()
    assert captured.out == ""
    assert first.lower().startswith(f"error: {error}")
    assert second.startswith(f"hint: {hint}")


def test_an_option_can_be_an_environment_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEASELAB_FORMAT", "json")

    assert main(["version"]) == 0
    assert capsys.readouterr().out.startswith("{")


def test_a_closed_pipe_is_no_traceback() -> None:
    command = f"{sys.executable} -m leaselab.testbed.cli --help | true"
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)

    assert answer.stderr == ""


def test_a_fault_of_ours_is_one_line_and_says_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_arguments: object) -> int:
        raise ZeroDivisionError("seven")

    monkeypatch.setattr("leaselab.testbed.cli.app.run", broken)
    monkeypatch.delenv("LEASELAB_DEBUG", raising=False)

    assert main(["version"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "error: unexpected ZeroDivisionError: seven"
    assert "LEASELAB_DEBUG=1" in second

    monkeypatch.setenv("LEASELAB_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["version"])


def test_ctrl_c_ends_with_the_exit_code_shells_expect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("leaselab.testbed.cli.app.run", interrupted)

    assert main(["version"]) == INTERRUPTED
    assert capsys.readouterr().err == "error: interrupted\n"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    os.environ.pop("LEASELAB_DEBUG", None)

    assert main(["graph", str(tmp_path / "absent.yml")]) != 0
    assert "absent.yml" in capsys.readouterr().err


def test_the_program_answers_from_a_shell() -> None:
    answer = call("version")

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"leaselab {__version__}\n", "")
