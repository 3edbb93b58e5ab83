"""A day at the command line: what a person types, in processes of its own."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "topologies" / "quickstart.yml"
PATIENCE_SECONDS = 30

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of every call: labs in a folder of their own, nothing given by variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEASELAB_")}
    return {**kept, "LEASELAB_HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="module")
def leaselab(environment: dict[str, str]) -> Call:
    """Call the command line."""

    def call(*words: str, typed: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**environment, **variables},
        )

    return call


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "leaselab.testbed.cli", *words]


@pytest.fixture(scope="module")
def lab(leaselab: Call) -> Iterator[subprocess.CompletedProcess[str]]:
    """The quickstart, up; what `up` answered."""
    answer = leaselab("up", str(QUICKSTART))
    yield answer
    leaselab("down", "--all")


def read_json(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.stderr == ""
    return json.loads(answer.stdout)


def test_up_shows_its_progress_and_ends_with_nodes_leases_and_what_to_try(
    lab: subprocess.CompletedProcess[str], leaselab: Call
) -> None:
    assert lab.returncode == 0
    assert "gw1: booting\n" in lab.stderr
    assert "gw1: provisioned\n" in lab.stderr
    assert "quickstart: up, embedded, 2018-01-01T00:00:00Z" in lab.stdout
    rows = {line.split()[0]: line for line in lab.stdout.splitlines() if line.strip()}
    assert ":22" in rows["nac1"] or "reserved" in rows["nac1"]

    tries = lab.stdout.partition("Try next:\n")[2].splitlines()
    assert len(tries) == 5
    for line in tries[:-1]:
        program, *words = line.split()
        assert program.endswith("leaselab")
        assert leaselab(*words).returncode == 0, line


def test_a_second_up_changes_nothing(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    again = read_json(leaselab("up", str(QUICKSTART), "--format", "json"))
    planned = read_json(leaselab("up", str(QUICKSTART), "--dry-run", "--format", "json"))

    assert {step["action"] for step in again["steps"]} == {"keep"}
    assert planned["steps"] == again["steps"]
    assert again["state"] == "up"


def test_status_as_json_has_every_node(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    status = read_json(leaselab("status", "--format", "json"))

    nodes = {node["name"]: node for node in status["nodes"]}
    assert list(nodes) == ["cloud", "vls1", "gw1", "gw2", "nac1"]
    assert nodes["vls1"]["role"] == "virtual-license-server"
    assert nodes["gw1"]["features"]["concurrent-users"]["leased"] >= 50
    assert nodes["gw1"]["admin_url"].startswith("https://127.")


def test_a_lab_is_named_by_option_or_variable(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    assert read_json(leaselab("time", "--lab", "quickstart", LEASELAB_FORMAT="json"))["mode"] == "virtual"
    assert leaselab("time", "pause", LEASELAB_LAB="quickstart").returncode == 0

    other = leaselab("status", "quickstort")
    assert other.returncode == 2
    assert other.stderr == "error: there is no lab named quickstort\nhint: did you mean quickstart?\n"


def test_users_that_are_refused_make_the_exit_code_one(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    refused = leaselab("users", "nac1", "280", "--format", "json")
    fine = leaselab("users", "nac1", "5")

    assert refused.returncode == 1
    outcome = json.loads(refused.stdout)
    assert outcome["signed_in"] == 275
    assert [refusal["user"] for refusal in outcome["refused"]] == [f"user{number}" for number in range(276, 281)]
    assert (fine.returncode, fine.stdout) == (0, "nac1: 5 signed in\n")


def test_time_goes_where_it_is_sent_and_not_back(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    before = read_json(leaselab("time", "--format", "json"))["now"]
    advanced = read_json(leaselab("time", "advance", "1h30m", "--format", "json"))
    back = leaselab("time", "to", before)
    wrong = leaselab("time", "advance", "soon")

    assert advanced["start"] == before
    assert advanced["now"] == advanced["to"] > before
    assert back.returncode == 1
    assert back.stderr.startswith("error: ")
    assert wrong.returncode == 2
    assert "'soon' is not a duration" in wrong.stderr


@pytest.mark.parametrize(
    ("words", "begun", "completed"),
    [
        (["console"], "g", ["gw1", "gw2"]),
        (["users"], "nac", ["nac1"]),
        (["fault", "inject", "cut"], "v", ["vls1"]),
        (["console", "--lab", "absent"], "g", []),
        (["leases", "--lab"], "quick", ["quickstart"]),
        (["down"], "x", []),
    ],
)
def test_a_shell_completes_nodes_and_labs(
    lab: subprocess.CompletedProcess[str], leaselab: Call, words: list[str], begun: str, completed: list[str]
) -> None:
    line = " ".join(["leaselab", *words, begun])
    answer = leaselab(_LEASELAB_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) + 1))

    assert answer.stdout.split() == [f"plain,{name}" for name in completed]


def test_a_slip_of_the_finger_is_refused_at_once_and_changes_nothing(
    lab: subprocess.CompletedProcess[str], leaselab: Call
) -> None:
    before = read_json(leaselab("time", "--format", "json"))
    slips = [
        (2, leaselab("time", "advance", "99999999d"), "longer than a lab can live"),
        (1, leaselab("time", "advance", "2562000d"), "a lab's clock goes up to 9000-01-01T00:00:00Z"),
        (2, leaselab("time", "rate", "nan"), "a rate of nan is no number"),
        (2, leaselab("users", "gw1", "99999999999"), "gw1: cannot have 99,999,999,999 users"),
        (
            2,
            leaselab("license", "mint", "gw1", "ACCESS-10U-1YR", "--start", "2018-02-01", "--end", "2018-01-01"),
            "before it",
        ),
        (2, leaselab("license", "add", "gw1", "-"), "the input has no license key"),
        (1, leaselab("license", "remove", "gw1", "nope"), "error: gw1: no license of serial 'nope' is installed"),
    ]

    for code, answer, complaint in slips:
        assert answer.returncode == code, answer
        assert complaint in answer.stderr
    assert read_json(leaselab("time", "--format", "json")) == before


def test_another_file_of_the_same_name_is_refused(
    lab: subprocess.CompletedProcess[str], leaselab: Call, tmp_path: Path
) -> None:
    other, moved = tmp_path / "other.yml", tmp_path / "moved.yml"
    other.write_text("name: quickstart\nnodes: {gw: {kind: psa300}}\n")

    for words in (["up", str(other)], ["up", str(other), "--dry-run"]):
        refused = leaselab(*words)
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"error: there is a lab quickstart of another file, {QUICKSTART}\n")

    moved.symlink_to(QUICKSTART)
    assert leaselab("up", str(moved), "--dry-run").returncode == 0


def test_ctrl_c_in_the_middle_of_an_advance_says_where_it_stopped(leaselab: Call, environment: dict[str, str]) -> None:
    leaselab("up", str(QUICKSTART), "--name", "midway")
    with subprocess.Popen(
        command("time", "advance", "20000d", "--lab", "midway"), stderr=subprocess.PIPE, text=True, env=environment
    ) as advancing:
        until = time.monotonic() + PATIENCE_SECONDS
        while (now := read_json(leaselab("time", "-l", "midway", "--format", "json"))["now"]) < "2018-01-02":
            assert time.monotonic() < until, now
        advancing.send_signal(signal.SIGINT)
        _, complaints = advancing.communicate(timeout=PATIENCE_SECONDS)

    stands = [read_json(leaselab("time", "-l", "midway", "--format", "json"))["now"] for _ in range(2)]
    leaselab("down", "midway")
    stopped_at, interrupted = complaints.splitlines()[-2:]
    assert (advancing.returncode, interrupted) == (130, "error: interrupted")
    assert "2018-01-02" <= stopped_at.removeprefix("stopped at ") <= stands[0] == stands[1]


def test_a_key_that_is_minted_can_be_added_and_no_other(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    key = leaselab("license", "mint", "gw1", "ACCESS-10U-1YR", "--end", "2030-12-31").stdout
    added = read_json(leaselab("license", "add", "gw1", "-", "--format", "json", typed=key))
    again = leaselab("license", "add", "gw1", key.strip())
    elsewhere = leaselab("license", "add", "gw2", key.strip())
    unknown = leaselab("license", "mint", "gw1", "ACCESS-10")

    assert [outcome["result"] for outcome in added["keys"]] == ["installed"]
    assert (again.returncode, again.stdout.partition(":")[0]) == (0, "duplicate")
    assert (elsewhere.returncode, elsewhere.stdout.partition(":")[0]) == (1, "other-device")
    assert unknown.returncode == 2
    installed = read_json(leaselab("licenses", "gw1", "--format", "json"))["licenses"]
    assert [(row["sku"], row["ends_at"]) for row in installed] == [("ACCESS-10U-1YR", "2031-01-01T00:00:00Z")]


def test_a_node_that_is_off_says_so_and_starts_again(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    assert read_json(leaselab("kill", "gw2", "--format", "json")) == {"kill": [{"node": "gw2", "phase": "off"}]}
    off = leaselab("leases", "gw2")
    console = leaselab("console", "gw2")
    assert leaselab("start", "gw2").stdout == "gw2: ready\n"

    assert (off.returncode, console.returncode) == (2, 1)
    assert "gw2 has nothing to report: it is off" in off.stderr
    assert console.stderr.endswith("hint: `leaselab start gw2` switches it on\n")


def test_logs_and_events_are_lines_of_json(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    leaselab("time", "advance", "1m")
    logs = [json.loads(line) for line in leaselab("logs", "--format", "json").stdout.splitlines()]
    events = [json.loads(line) for line in leaselab("events", "--format", "json").stdout.splitlines()]

    assert "LIC10201" in {line["code"] for line in logs}
    assert [line["at"] for line in logs] == sorted(line["at"] for line in logs)
    assert [event["n"] for event in events] == list(range(1, len(events) + 1))
    assert {"up", "advanced"} <= {event["kind"] for event in events}
    assert leaselab("logs", "gw1").stdout.splitlines()[0].startswith(("Info ", "Major "))


def test_a_log_that_is_followed_goes_on_until_ctrl_c(
    lab: subprocess.CompletedProcess[str], leaselab: Call, environment: dict[str, str]
) -> None:
    with subprocess.Popen(
        command("events", "--follow"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as following:
        assert following.stdout is not None
        following.stdout.readline()
        leaselab("time", "advance", "17m")
        seen = next(line for line in following.stdout if "advanced" in line and "grants" in line)
        following.send_signal(signal.SIGINT)
        _, complaints = following.communicate(timeout=PATIENCE_SECONDS)

    assert seen
    assert (following.returncode, complaints) == (0, "")


def test_what_is_piped_into_a_console_is_typed_there(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    answer = leaselab("console", "gw1", typed="\n")

    assert answer.returncode == 0
    assert "4. System Operations" in answer.stdout
    assert answer.stdout.endswith("Choice: ")


class Terminal:
    """A terminal with a program in it, as a person has one."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        self._screen, inside = pty.openpty()
        self.process = subprocess.Popen(words, stdin=inside, stdout=inside, stderr=inside, env=environment)
        os.close(inside)

    def read_until(self, text: str) -> str:
        """Return what came up to a text."""
        shown = b""
        until = time.monotonic() + PATIENCE_SECONDS
        while text.encode() not in shown:
            assert time.monotonic() < until, shown
            with contextlib.suppress(OSError):  # the program has closed its end
                shown += os.read(self._screen, 1024)
        return shown.decode()

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._screen, keys.encode())

    def close(self) -> None:
        """Close the window."""
        self.process.kill()
        self.process.wait()
        os.close(self._screen)


@pytest.fixture
def terminal(environment: dict[str, str]) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(*words: str) -> Terminal:
        opened.append(Terminal(command(*words), {**environment, "TERM": "xterm", "COLUMNS": "200"}))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def test_a_person_at_a_console_sees_the_menu_and_leaves_with_tilde_dot(
    lab: subprocess.CompletedProcess[str], terminal: Callable[..., Terminal], leaselab: Call
) -> None:
    window = terminal("console", "gw1")
    window.read_until("~. at the start of a line leaves")
    window.type("\r")
    window.read_until("Choice:")
    window.type("\r")
    window.read_until("Choice:")
    window.type("~.")

    window.read_until("left the console")
    assert window.process.wait(PATIENCE_SECONDS) == 0
    assert leaselab("console", "gw1").returncode == 0  # it goes on without that person


def test_on_a_terminal_tables_are_drawn(
    lab: subprocess.CompletedProcess[str], terminal: Callable[..., Terminal]
) -> None:
    window = terminal("status")

    shown = window.read_until("nac1")

    assert "─" in shown
    assert "\33[32mready" in shown


def test_ctrl_c_in_the_middle_of_up_takes_back_what_it_made(leaselab: Call, environment: dict[str, str]) -> None:
    with subprocess.Popen(
        command("up", str(QUICKSTART), "--name", "halfway"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as rising:
        assert rising.stderr is not None
        rising.stderr.readline()
        rising.send_signal(signal.SIGINT)
        rising.communicate(timeout=PATIENCE_SECONDS)

    assert rising.returncode == 130
    assert "halfway" not in leaselab("labs").stdout


def test_the_picture_in_the_readme_is_of_the_quickstart_as_it_is(leaselab: Call) -> None:
    drawn = leaselab("graph", str(QUICKSTART)).stdout

    assert (ROOT / "docs" / "quickstart.svg").read_text() == drawn


def test_a_running_lab_is_drawn_with_what_is_leased(lab: subprocess.CompletedProcess[str], leaselab: Call) -> None:
    picture = read_json(leaselab("graph", "--lab", "quickstart", "--format", "json"))

    leases = {arrow["target"]: arrow["leases"][0]["leased"] for arrow in picture["arrows"] if arrow["leases"]}
    assert set(leases) == {"gw1", "gw2", "nac1"}
    assert leases["gw2"] == 100
    assert leaselab("graph").returncode == 2


def test_doctor_says_whether_a_file_fits(leaselab: Call) -> None:
    findings = read_json(leaselab("doctor", str(QUICKSTART), "--format", "json"))["findings"]

    assert {"loopback addresses", "file handles", "memory", "disk"} <= {finding["subject"] for finding in findings}


def test_a_lab_that_does_not_fit_is_refused_as_doctor_says_and_nothing_is_made(
    leaselab: Call, environment: dict[str, str]
) -> None:
    def with_few_handles(*words: str) -> subprocess.CompletedProcess[str]:
        shell = ["sh", "-c", 'ulimit -n 80; exec "$@"', "sh", *command(*words)]
        return subprocess.run(shell, env=environment, capture_output=True, text=True, timeout=60, check=False)

    told = with_few_handles("doctor", str(QUICKSTART), "--format", "json")
    refused = with_few_handles("up", str(QUICKSTART), "--name", "toofew")

    (finding,) = [finding for finding in json.loads(told.stdout)["findings"] if finding["state"] == "missing"]
    assert (told.returncode, refused.returncode, finding["subject"]) == (1, 1, "file handles")
    assert f"error: lab toofew does not fit on this machine: file handles: {finding['what']}" in refused.stderr
    assert f"hint: {finding['hint']}" in refused.stderr
    assert "toofew" not in leaselab("labs").stdout
    assert not (Path(environment["LEASELAB_HOME"]) / "labs" / "toofew").exists()


def test_a_file_with_problems_is_answered_with_all_of_them(leaselab: Call, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("name: broken\nnodes:\n  gw1: {kind: psa9000}\n  gw2: {knd: psa3000}\n")

    text = leaselab("validate", str(broken))
    shape = leaselab("validate", str(broken), "--format", "json")
    up = leaselab("up", str(broken))

    assert text.returncode == shape.returncode == up.returncode == 2
    assert f"error: {broken}:3:15: nodes.gw1.kind: " in text.stderr
    problems = json.loads(shape.stdout)["problems"]
    assert {problem["line"] for problem in problems} == {3, 4}
    assert text.stderr.count("error: ") == len(problems)
    assert up.stderr == text.stderr


def test_down_leaves_nothing(leaselab: Call, environment: dict[str, str]) -> None:
    leaselab("up", str(QUICKSTART), "--name", "gone")

    answer = leaselab("down", "gone")

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "gone is down\n", "")
    assert not (Path(environment["LEASELAB_HOME"]) / "labs" / "gone").exists()
    assert leaselab("down", "gone").returncode == 2
