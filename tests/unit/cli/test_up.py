"""What `up` prints when it is done."""

from pathlib import Path

import msgspec
import pytest

from leaselab.appliance.instants import NEVER, parse_instant
from leaselab.appliance.licensing.views import Report
from leaselab.testbed.cli.up import as_called, next_calls, outcome_shape, print_lab, steps_summary
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.views import ClockStatus, LabStatus, NodeStatus, Step, UpOutcome, UserRefusal

STEPS = (Step("cloud", "keep", "as it was"), Step("gw1", "create", "new"), Step("gw2", "create", "new"))
STATUS = LabStatus(
    name="quickstart",
    runtime="embedded",
    topology="quickstart.yml",
    state="up",
    clock=ClockStatus(now=parse_instant("2018-01-01"), mode="virtual", rate=0.0, next_due=NEVER),
    nodes=(
        NodeStatus(
            name="gw1",
            kind="psa3000",
            phase="ready",
            prompt="",
            provisioned=True,
            waits_for="",
            failure="",
            addresses={"internal": "127.7.0.2"},
            ports={"ssh": 22, "https": 443, "metrics": 9100},
            admin_url="https://127.7.0.2/admin",
            metrics_url="http://127.7.0.2:9100/metrics",
        ),
    ),
    pid=7,
    folder="/labs/quickstart",
)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    fleet = Fleet(cloud="")
    fleet.appliance("gw1")
    fleet.install("gw1", "ACCESS-50U-1YR")
    return {"gw1": fleet.report("gw1")}


def test_steps_are_summed_up_in_words() -> None:
    assert steps_summary(STEPS) == "1 unchanged, 2 created"
    assert steps_summary(()) == "nothing to do"


def test_calls_to_try_next_need_no_name_where_the_lab_is_the_only_one(reports: dict[str, Report]) -> None:
    assert next_calls(STATUS, reports, UpOutcome(steps=STEPS), alone=True) == [
        "leaselab users gw1 51",
        "leaselab console gw1",
        "leaselab leases",
        "leaselab time advance 10d",
        "leaselab down quickstart",
    ]


def test_calls_to_try_next_name_the_lab_among_others(reports: dict[str, Report]) -> None:
    calls = next_calls(STATUS, reports, UpOutcome(steps=STEPS), alone=False)

    assert [call for call in calls if "quickstart" not in call] == []


def test_a_console_that_waits_comes_first(reports: dict[str, Report]) -> None:
    outcome = UpOutcome(steps=STEPS, waiting={"gw1": "IP address:"})

    assert next_calls(STATUS, reports, outcome, alone=True)[0] == "leaselab console gw1"


def test_a_real_clock_is_not_advanced(reports: dict[str, Report]) -> None:
    real = msgspec.structs.replace(STATUS, clock=msgspec.structs.replace(STATUS.clock, mode="real", rate=1.0))

    assert "time" not in " ".join(next_calls(real, reports, UpOutcome(steps=STEPS), alone=True))


def test_who_was_refused_and_who_waits_is_told(reports: dict[str, Report], capsys: pytest.CaptureFixture[str]) -> None:
    refused = tuple(UserRefusal(user=f"user{number}", why="all licenses are in use") for number in (53, 54))
    outcome = UpOutcome(steps=STEPS, waiting={"gw2": "IP address:"}, refused={"gw1": refused})

    print_lab(STATUS, reports, outcome, alone=True)

    text = capsys.readouterr().out
    assert text.startswith(
        "quickstart: up, embedded, 2018-01-01T00:00:00Z, the clock stands (1 unchanged, 2 created)\n"
    )
    assert "gw1: refused: user53 and 1 more: all licenses are in use\n" in text
    assert "gw2 waits at its console: IP address:\n" in text
    assert "Try next:\n  leaselab console gw2\n" in text


def test_the_outcome_as_json() -> None:
    outcome = UpOutcome(steps=STEPS[:1], waiting={"gw2": "IP address:"})

    assert msgspec.json.encode(outcome_shape(outcome)) == (
        b'{"steps":[{"node":"cloud","action":"keep","reason":"as it was"}],'
        b'"waiting":{"gw2":"IP address:"},"refused":{}}'
    )


def test_a_call_is_written_so_that_it_works_as_typed_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    program = bin_folder / "leaselab"
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)

    monkeypatch.setenv("PATH", "/nowhere")
    assert as_called("leaselab leases", str(program)) == ".venv/bin/leaselab leases"
    monkeypatch.setenv("PATH", str(bin_folder))
    assert as_called("leaselab leases", str(program)) == "leaselab leases"
    monkeypatch.chdir("/usr")
    monkeypatch.setenv("PATH", "/nowhere")
    assert as_called("leaselab leases", str(program)) == f"{program} leases"
